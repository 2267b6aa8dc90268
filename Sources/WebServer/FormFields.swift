/// The fields of a form as a browser posts them: `application/x-www-form-urlencoded` (URL Standard, section 5).
package struct FormFields: Sendable {
    package static let contentType = "application/x-www-form-urlencoded"
    /// More fields than any form of ours has.
    package static let limit = 1000

    private let fields: [(name: String, value: String)]

    /// - Returns: nil when it has more than `limit` fields, or what is decoded is no UTF-8.
    package init?(decoding body: [UInt8]) {
        var fields: [(name: String, value: String)] = []
        for pair in body.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard fields.count < Self.limit, let name = Self.decoded(parts[0]),
                let value = Self.decoded(parts.count > 1 ? parts[1] : [])
            else { return nil }
            fields.append((name, value))
        }
        self.fields = fields
    }

    /// The first value of that name.
    package subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// A percent sign without two digits behind it stands for itself, as browsers read it.
    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var place = bytes.startIndex
        while place < bytes.endIndex {
            let byte = bytes[place]
            if byte == UInt8(ascii: "%"), place + 2 < bytes.endIndex, let high = digit(bytes[place + 1]),
                let low = digit(bytes[place + 2])
            {
                decoded.append(high << 4 | low)
                place += 3
            } else {
                decoded.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                place += 1
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
