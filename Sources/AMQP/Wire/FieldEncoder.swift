import CRabbitMQ
import FoundationEssentials

/// Copies Swift values into memory that librabbitmq may read for the length of one call.
///
/// librabbitmq truncates the length of a short string to one byte instead of refusing it, and finds out that headers
/// exceed a frame only after it has sent half of the message: so both are checked here.
struct FieldEncoder: ~Copyable {
    private let pool: UnsafeMutablePointer<amqp_pool_t>
    private let largestTable: Int
    private var size = 0

    /// - Parameter frameSize: the negotiated limit in bytes; tables may fill it but for the room of all short strings.
    init(frameSize: Int) {
        largestTable = max(1024, frameSize - 4096)
        pool = .allocate(capacity: 1)
        pool.initialize(to: amqp_pool_t())
        init_amqp_pool(pool, 4096)
    }

    deinit {
        empty_amqp_pool(pool)
        pool.deallocate()
    }

    /// A name, key or property of at most 255 bytes of UTF-8.
    mutating func shortString(_ text: String, what: String) throws(AMQPError) -> amqp_bytes_t {
        guard text.utf8.count <= 255 else {
            throw AMQPError(.invalidArgument, "\(what) is \(text.utf8.count) bytes long; AMQP allows 255: \(text.prefix(60))…")
        }
        return try bytes(Array(text.utf8))
    }

    /// A C string; the text must not hold a NUL.
    mutating func cString(_ text: String) throws(AMQPError) -> UnsafePointer<CChar> {
        let copy = try bytes(Array(text.utf8) + [0])
        guard let base = copy.bytes else { throw Self.outOfMemory }
        return UnsafePointer(base.assumingMemoryBound(to: CChar.self))
    }

    mutating func bytes(_ source: [UInt8]) throws(AMQPError) -> amqp_bytes_t {
        guard !source.isEmpty else { return amqp_bytes_t() }
        guard let memory = amqp_pool_alloc(pool, source.count) else { throw Self.outOfMemory }
        source.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(memory), byteCount: $0.count) }
        return amqp_bytes_t(len: source.count, bytes: memory)
    }

    mutating func table(_ source: HeaderTable) throws(AMQPError) -> amqp_table_t {
        guard !source.isEmpty else { return amqp_table_t() }
        let entries = try allocate(amqp_table_entry_t.self, count: source.count)
        // Sorted, so that equal tables are equal on the wire.
        for (index, (name, value)) in source.sorted(by: { $0.key < $1.key }).enumerated() {
            try grow(by: name.utf8.count + 2)
            let key = try shortString(name, what: "header name")
            entries[index] = amqp_table_entry_t(key: key, value: try field(value))
        }
        return amqp_table_t(num_entries: Int32(source.count), entries: entries)
    }

    private mutating func field(_ source: HeaderValue) throws(AMQPError) -> amqp_field_value_t {
        var field = amqp_field_value_t()
        switch source {
        case .string(let text):
            field.kind = UInt8(ascii: "S")
            field.value.bytes = try longString(Array(text.utf8))
        case .bool(let flag):
            field.kind = UInt8(ascii: "t")
            field.value.boolean = flag ? 1 : 0
        case .integer(let number):
            field.kind = UInt8(ascii: "l")
            field.value.i64 = number
        case .double(let number):
            field.kind = UInt8(ascii: "d")
            field.value.f64 = number
        case .decimal(let unscaled, let scale):
            field.kind = UInt8(ascii: "D")
            field.value.decimal = amqp_decimal_t(decimals: scale, value: unscaled)
        case .timestamp(let date):
            field.kind = UInt8(ascii: "T")
            field.value.u64 = Self.seconds(of: date)
        case .bytes(let bytes):
            field.kind = UInt8(ascii: "x")
            field.value.bytes = try longString(bytes)
        case .array(let values):
            field.kind = UInt8(ascii: "A")
            field.value.array = try array(values)
        case .table(let values):
            field.kind = UInt8(ascii: "F")
            field.value.table = try table(values)
        case .null:
            field.kind = UInt8(ascii: "V")
        }
        try grow(by: 9)
        return field
    }

    private mutating func array(_ source: [HeaderValue]) throws(AMQPError) -> amqp_array_t {
        guard !source.isEmpty else { return amqp_array_t() }
        let entries = try allocate(amqp_field_value_t.self, count: source.count)
        for (index, value) in source.enumerated() {
            entries[index] = try field(value)
        }
        return amqp_array_t(num_entries: Int32(source.count), entries: entries)
    }

    private mutating func longString(_ source: [UInt8]) throws(AMQPError) -> amqp_bytes_t {
        try grow(by: source.count)
        return try bytes(source)
    }

    private mutating func grow(by count: Int) throws(AMQPError) {
        size += count
        guard size <= largestTable else {
            throw AMQPError(.invalidArgument, "headers or arguments exceed \(largestTable) bytes; move what is large to the body")
        }
    }

    private func allocate<T>(_ type: T.Type, count: Int) throws(AMQPError) -> UnsafeMutablePointer<T> {
        guard let memory = amqp_pool_alloc(pool, count * MemoryLayout<T>.stride) else { throw Self.outOfMemory }
        return memory.bindMemory(to: type, capacity: count)
    }

    static func seconds(of date: Date) -> UInt64 {
        UInt64(min(max(0, date.timeIntervalSince1970), 253_402_300_799))
    }

    private static var outOfMemory: AMQPError {
        AMQPError(.outOfResources, "there is no memory to encode an AMQP message")
    }
}
