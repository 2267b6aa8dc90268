import CRabbitMQ
import FoundationEssentials

/// Copies librabbitmq's values into Swift ones; nothing it returns points into the library's memory.
enum FieldDecoder {
    /// Levels of tables and arrays that are read; what lies deeper becomes null. Anybody may nest headers thousands of levels deep, and a
    /// thread's stack is finite. `x-death` has three.
    static let maximumDepth = 32

    /// Text of the wire; bytes that are not UTF-8 become the replacement character.
    static func string(_ source: amqp_bytes_t) -> String {
        String(decoding: buffer(source), as: UTF8.self)
    }

    static func bytes(_ source: amqp_bytes_t) -> [UInt8] {
        [UInt8](buffer(source))
    }

    static func table(_ source: amqp_table_t, depth: Int = 1) -> HeaderTable {
        var table = HeaderTable(minimumCapacity: Int(source.num_entries))
        for entry in UnsafeBufferPointer(start: source.entries, count: Int(source.num_entries)) {
            table[string(entry.key)] = field(entry.value, depth: depth)
        }
        return table
    }

    static func properties(_ source: amqp_basic_properties_t) -> MessageProperties {
        func has(_ flag: Int32) -> Bool { source._flags & amqp_flags_t(flag) != 0 }
        func text(_ flag: Int32, _ value: amqp_bytes_t) -> String? { has(flag) ? string(value) : nil }
        return MessageProperties(
            contentType: text(AMQP_BASIC_CONTENT_TYPE_FLAG, source.content_type),
            contentEncoding: text(AMQP_BASIC_CONTENT_ENCODING_FLAG, source.content_encoding),
            messageID: text(AMQP_BASIC_MESSAGE_ID_FLAG, source.message_id),
            correlationID: text(AMQP_BASIC_CORRELATION_ID_FLAG, source.correlation_id),
            replyTo: text(AMQP_BASIC_REPLY_TO_FLAG, source.reply_to),
            type: text(AMQP_BASIC_TYPE_FLAG, source.type),
            timestamp: has(AMQP_BASIC_TIMESTAMP_FLAG) ? date(source.timestamp) : nil,
            appID: text(AMQP_BASIC_APP_ID_FLAG, source.app_id),
            userID: text(AMQP_BASIC_USER_ID_FLAG, source.user_id),
            expiration: text(AMQP_BASIC_EXPIRATION_FLAG, source.expiration),
            deliveryMode: has(AMQP_BASIC_DELIVERY_MODE_FLAG) && source.delivery_mode == 2 ? .persistent : .transient,
            priority: has(AMQP_BASIC_PRIORITY_FLAG) ? source.priority : nil,
            headers: has(AMQP_BASIC_HEADERS_FLAG) ? table(source.headers) : [:])
    }

    /// - Parameter depth: of the table or array that holds the value; 1 for the headers themselves.
    static func field(_ source: amqp_field_value_t, depth: Int = 1) -> HeaderValue {
        switch source.kind {
        case UInt8(ascii: "F") where depth >= maximumDepth, UInt8(ascii: "A") where depth >= maximumDepth: .null
        case UInt8(ascii: "t"): .bool(source.value.boolean != 0)
        case UInt8(ascii: "b"): .integer(Int64(source.value.i8))
        case UInt8(ascii: "B"): .integer(Int64(source.value.u8))
        case UInt8(ascii: "s"): .integer(Int64(source.value.i16))
        case UInt8(ascii: "u"): .integer(Int64(source.value.u16))
        case UInt8(ascii: "I"): .integer(Int64(source.value.i32))
        case UInt8(ascii: "i"): .integer(Int64(source.value.u32))
        case UInt8(ascii: "l"): .integer(source.value.i64)
        case UInt8(ascii: "L"): Int64(exactly: source.value.u64).map(HeaderValue.integer) ?? .string("\(source.value.u64)")
        case UInt8(ascii: "f"): .double(Double(source.value.f32))
        case UInt8(ascii: "d"): .double(source.value.f64)
        case UInt8(ascii: "D"): .decimal(unscaled: source.value.decimal.value, scale: source.value.decimal.decimals)
        case UInt8(ascii: "S"): text(source.value.bytes)
        case UInt8(ascii: "x"): .bytes(bytes(source.value.bytes))
        case UInt8(ascii: "T"): .timestamp(date(source.value.u64))
        case UInt8(ascii: "F"): .table(table(source.value.table, depth: depth + 1))
        case UInt8(ascii: "A"): .array(array(source.value.array, depth: depth + 1))
        default: .null
        }
    }

    private static func array(_ source: amqp_array_t, depth: Int) -> [HeaderValue] {
        UnsafeBufferPointer(start: source.entries, count: Int(source.num_entries)).map { field($0, depth: depth) }
    }

    private static func text(_ source: amqp_bytes_t) -> HeaderValue {
        String(validating: buffer(source), as: UTF8.self).map(HeaderValue.string) ?? .bytes(bytes(source))
    }

    private static func date(_ seconds: UInt64) -> Date {
        Date(timeIntervalSince1970: TimeInterval(seconds))
    }

    private static func buffer(_ source: amqp_bytes_t) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: source.bytes, count: source.bytes == nil ? 0 : source.len)
    }
}
