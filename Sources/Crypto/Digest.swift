/// A SHA-256 digest: 32 bytes, written and coded as 64 lower-case hexadecimal digits.
package struct Digest: Hashable, Sendable, Codable, CustomStringConvertible {
    package static let count = 32

    package let bytes: [UInt8]

    /// - Returns: `nil` unless there are exactly 32 bytes.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Digest.count else { return nil }
        self.bytes = Array(bytes)
    }

    /// - Returns: `nil` unless the text is exactly 64 lower-case hexadecimal digits, so that a digest has one spelling.
    package init?(hex: some StringProtocol) {
        guard let bytes = [UInt8](hex: hex), bytes.count == Digest.count else { return nil }
        self.bytes = bytes
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let digest = Digest(hex: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not 64 lower-case hexadecimal digits")
        }
        self = digest
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }

    package var hex: String { bytes.hex }

    package var description: String { hex }
}

extension Sequence<UInt8> {
    /// Two lower-case hexadecimal digits a byte.
    package var hex: String {
        var digits: [UInt8] = []
        digits.reserveCapacity(2 * underestimatedCount)
        for byte in self {
            for nibble in [byte >> 4, byte & 15] {
                digits.append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
            }
        }
        return String(decoding: digits, as: UTF8.self)
    }
}

extension Array where Element == UInt8 {
    /// - Returns: `nil` unless the text is lower-case hexadecimal digits, two a byte, so that bytes have one spelling.
    package init?(hex: some StringProtocol) {
        let digits = Array(hex.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = nibble(digits[index]), let low = nibble(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        self = bytes
    }
}

private func nibble(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
}
