/// A number of bytes that reads and prints as people write it.
package struct ByteCount: Sendable, Hashable {
    package var bytes: Int

    package init(_ bytes: Int) {
        self.bytes = bytes
    }

    package static func kibibytes(_ count: Int) -> ByteCount { ByteCount(count << 10) }
    package static func mebibytes(_ count: Int) -> ByteCount { ByteCount(count << 20) }
    package static func gibibytes(_ count: Int) -> ByteCount { ByteCount(count << 30) }

    package static let expectation = "a size such as 64KiB, 1.5GiB or 10MB"

    /// Reads "64KiB", "1.5 GiB", "512", "10MB"; letters in either case.
    ///
    /// KiB and Ki are 1024 bytes, kB and k are 1000, as in IEC 80000-13 and Kubernetes; a bare number counts bytes.
    package init(parsing text: String) throws(RuntimeError) {
        let digits = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
        let bytes: Int?
        if let factor = Self.factors[unit] {
            bytes = Decimal(digits)?.times(factor)
        } else {
            bytes = nil
        }
        guard let bytes else {
            throw RuntimeError(code: .badFormat, message: "\"\(text)\" is not \(Self.expectation)")
        }
        self.bytes = bytes
    }

    private static let factors: [String: Int] = {
        var factors = ["": 1, "b": 1]
        var binary = 1
        var decimal = 1
        for letter in ["k", "m", "g", "t", "p"] {
            binary *= 1024
            decimal *= 1000
            factors[letter] = decimal
            factors[letter + "b"] = decimal
            factors[letter + "i"] = binary
            factors[letter + "ib"] = binary
        }
        return factors
    }()
}

extension ByteCount: CustomStringConvertible {
    /// "512 B", "1.9 GiB", "212 MiB": two digits or more, in units of 1024.
    package var description: String {
        guard bytes >= 1024 else { return bytes > -1024 ? "\(bytes) B" : "-\(ByteCount(bytes == .min ? .max : -bytes))" }
        var value = Double(bytes)
        for unit in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
            value /= 1024
            let tenths = Int((value * 10).rounded())
            if tenths < 100 { return "\(tenths / 10).\(tenths % 10) \(unit)" }
            let whole = Int(value.rounded())
            if whole < 1024 { return "\(whole) \(unit)" }
        }
        return "\(bytes) B"
    }
}

extension ByteCount: Comparable, AdditiveArithmetic, ExpressibleByIntegerLiteral {
    package init(integerLiteral value: Int) {
        self.init(value)
    }

    package static var zero: ByteCount { ByteCount(0) }
    package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }
    package static func + (left: ByteCount, right: ByteCount) -> ByteCount { ByteCount(left.bytes + right.bytes) }
    package static func - (left: ByteCount, right: ByteCount) -> ByteCount { ByteCount(left.bytes - right.bytes) }
}
