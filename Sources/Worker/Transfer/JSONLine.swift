import Elasticsearch

/// Finds the members of the object on a line without decoding them, so that their bytes can go on as they are.
struct JSONLine {
    /// Names as they are spelled, without quotes and with escapes as they are; values with all their bytes.
    private(set) var members: [(name: Range<Int>, value: Range<Int>)] = []
    private let bytes: UnsafeRawBufferPointer

    /// Nil unless the line is one object; what is within its values is not looked at closely, the server does that.
    init?(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        var scan = Scan(bytes: bytes)
        guard scan.take("{") else { return nil }
        if scan.take("}") {
            guard scan.isAtEnd else { return nil }
            return
        }
        repeat {
            guard let name = scan.string(), scan.take(":"), let value = scan.value() else { return nil }
            members.append((name.lowerBound + 1..<name.upperBound - 1, value))
        } while scan.take(",")
        guard scan.take("}"), scan.isAtEnd else { return nil }
    }

    /// The value of the last member of that name.
    subscript(_ name: String) -> UnsafeRawBufferPointer? {
        members.last { bytes[$0.name].elementsEqual(name.utf8) }.map { UnsafeRawBufferPointer(rebasing: bytes[$0.value]) }
    }

    var names: [String] { members.map { String(decoding: bytes[$0.name], as: UTF8.self) } }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    private struct Scan {
        let bytes: UnsafeRawBufferPointer
        var place = 0

        init(bytes: UnsafeRawBufferPointer) {
            self.bytes = bytes
            // A byte order mark, which editors leave at a file's begin.
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { place = 3 }
        }

        var isAtEnd: Bool {
            mutating get {
                skipSpace()
                return place == bytes.count
            }
        }

        private mutating func skipSpace() {
            while place < bytes.count, JSONLine.isSpace(bytes[place]) { place += 1 }
        }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            skipSpace()
            guard place < bytes.count, bytes[place] == UInt8(ascii: character) else { return false }
            place += 1
            return true
        }

        /// With its quotes.
        mutating func string() -> Range<Int>? {
            skipSpace()
            let start = place
            guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { return nil }
            place += 1
            while place < bytes.count {
                switch bytes[place] {
                case UInt8(ascii: "\\"): place += 2
                case UInt8(ascii: "\""):
                    place += 1
                    return start..<place
                default: place += 1
                }
            }
            return nil
        }

        /// Everything up to the comma or brace that ends it.
        mutating func value() -> Range<Int>? {
            skipSpace()
            guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return nil }
            let start = place
            var scanner = ValueScanner()
            guard scanner.advance(base, &place, end: bytes.count) else { return nil }
            var end = place
            while end > start, JSONLine.isSpace(bytes[end - 1]) { end -= 1 }
            return start == end ? nil : start..<end
        }
    }
}
