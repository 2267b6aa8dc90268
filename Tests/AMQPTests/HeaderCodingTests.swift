import CRabbitMQ
import FoundationEssentials
import Testing

@testable import AMQP

struct HeaderCodingTests {
    @Test func everyValueSurvivesEncodingAndDecoding() throws {
        let table: HeaderTable = [
            "text": "grüße", "empty": "", "yes": true, "no": false, "small": 1, "negative": -7,
            "big": .integer(.max), "least": .integer(.min), "half": .double(0.5), "price": .decimal(unscaled: 1234, scale: 2),
            "time": .timestamp(Date(timeIntervalSince1970: 1_764_000_000)), "bytes": .bytes([0, 255, 10]), "none": .null,
            "list": .array(["a", 1, .array([]), .table(["k": true])]),
            "table": .table(["a": .table(["b": 2]), "e": .table([:])]),
        ]
        var encoder = FieldEncoder(frameSize: 131_072)
        #expect(FieldDecoder.table(try encoder.table(table)) == table)
    }

    @Test func everyIntegerKindOfTheWireIsDecoded() {
        func value(_ kind: Character, _ set: (inout amqp_field_value_t) -> Void) -> HeaderValue {
            var field = amqp_field_value_t()
            field.kind = kind.asciiValue ?? 0
            set(&field)
            return FieldDecoder.field(field)
        }
        #expect(value("b") { $0.value.i8 = -3 } == -3)
        #expect(value("B") { $0.value.u8 = 200 } == 200)
        #expect(value("s") { $0.value.i16 = -300 } == -300)
        #expect(value("u") { $0.value.u16 = 60_000 } == 60_000)
        #expect(value("I") { $0.value.i32 = -70_000 } == -70_000)
        #expect(value("i") { $0.value.u32 = 4_000_000_000 } == 4_000_000_000)
        #expect(value("l") { $0.value.i64 = .min } == .integer(.min))
        #expect(value("L") { $0.value.u64 = 5 } == 5)
        #expect(value("L") { $0.value.u64 = .max } == "18446744073709551615")
        #expect(value("f") { $0.value.f32 = 1.5 } == .double(1.5))
    }

    /// As the wire may bring them; each level once, so that nothing recurses here.
    @Test func tablesWithinTablesAreReadToABound() throws {
        let count = 15_000
        let entries = UnsafeMutablePointer<amqp_table_entry_t>.allocate(capacity: count)
        defer { entries.deallocate() }
        for level in 0..<count {
            var field = amqp_field_value_t()
            field.kind = UInt8(ascii: "F")
            if level + 1 < count { field.value.table = amqp_table_t(num_entries: 1, entries: entries + level + 1) }
            (entries + level).initialize(to: amqp_table_entry_t(key: amqp_bytes_t(), value: field))
        }
        var value: HeaderValue? = .table(FieldDecoder.table(amqp_table_t(num_entries: 1, entries: entries)))
        var levels = 0
        while case .table(let table)? = value {
            levels += 1
            value = table[""]
        }
        #expect(levels == FieldDecoder.maximumDepth && value == .null)
    }

    @Test func textThatIsNotUTF8StaysBytes() throws {
        var encoder = FieldEncoder(frameSize: 131_072)
        var field = amqp_field_value_t()
        field.kind = UInt8(ascii: "S")
        field.value.bytes = try encoder.bytes([0xC3, 0x28])
        #expect(FieldDecoder.field(field) == .bytes([0xC3, 0x28]))
    }

    @Test func tooLongNamesAreRefusedInsteadOfTruncated() {
        var encoder = FieldEncoder(frameSize: 131_072)
        #expect(throws: Never.self) { try encoder.shortString(String(repeating: "a", count: 255), what: "key") }
        let error = #expect(throws: AMQPError.self) {
            try encoder.shortString(String(repeating: "ä", count: 128), what: "the routing key")
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.hasPrefix("the routing key is 256 bytes long") == true)
    }

    @Test func headersLargerThanAFrameAreRefused() {
        var encoder = FieldEncoder(frameSize: 8192)
        let error = #expect(throws: AMQPError.self) {
            let text = HeaderValue.string(String(repeating: "x", count: 3000))
            return try encoder.table(["a": .array([text, .bytes([UInt8](repeating: 0, count: 2000))])])
        }
        #expect(error?.code == .invalidArgument)
    }
}
