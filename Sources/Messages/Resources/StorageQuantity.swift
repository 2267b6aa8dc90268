/// A number of bytes as Kubernetes writes it: `1Gi`, `500M`, `2e9`, `1.5Ti`, `128974848`, even `128974848000m`.
///
/// k, M, G, T, P and E are powers of 1000, Ki to Ei of 1024; n, u and m are parts of one; an exponent takes no unit. Rounded up.
package struct StorageQuantity: Hashable, Sendable {
    package static let expectation = "an amount of storage such as 1Gi, 500M or 2e9"

    package let bytes: Int

    /// Nil for what is no quantity, is below zero, or is more than an `Int` holds.
    package init?(_ text: String) {
        let digits = text.drop { $0 == "+" }
        guard text.count - digits.count <= 1 else { return nil }
        let number = digits.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? parts[1] : ""
        guard (1...2).contains(parts.count), let mantissa = Int(parts[0] + fraction) else { return nil }
        let suffix = digits.dropFirst(number.count)
        let bytes: Int?
        if let binary = Self.binary[String(suffix)] {
            bytes = Self.divided(mantissa, times: binary, byTenToThe: fraction.count)
        } else if let exponent = Self.exponent(of: suffix) {
            let shift = exponent - fraction.count
            bytes = shift >= 0 ? Self.product(mantissa, shift) : Self.divided(mantissa, times: 1, byTenToThe: -shift)
        } else {
            bytes = nil
        }
        guard let bytes else { return nil }
        self.bytes = bytes
    }

    private static let binary: [String: Int] = [
        "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "Pi": 1 << 50, "Ei": 1 << 60,
    ]
    private static let decimal: [String: Int] = [
        "n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18,
    ]

    private static func exponent(of suffix: Substring) -> Int? {
        if let exponent = decimal[String(suffix)] { return exponent }
        guard let letter = suffix.first, "eE".contains(letter), let exponent = Int(suffix.dropFirst()), abs(exponent) < 100 else {
            return nil
        }
        return exponent
    }

    private static func power(_ exponent: Int) -> Int? {
        exponent <= 18 ? (0..<exponent).reduce(1) { power, _ in power * 10 } : nil
    }

    private static func product(_ mantissa: Int, _ exponent: Int) -> Int? {
        guard let power = power(exponent) else { return mantissa == 0 ? 0 : nil }
        let (product, overflows) = mantissa.multipliedReportingOverflow(by: power)
        return overflows ? nil : product
    }

    private static func divided(_ mantissa: Int, times factor: Int, byTenToThe exponent: Int) -> Int? {
        // What is left of a number of 18 digits is less than one.
        guard let divisor = power(exponent) else { return mantissa == 0 ? 0 : 1 }
        let product = mantissa.multipliedFullWidth(by: factor)
        guard product.high < divisor else { return nil }
        let (quotient, rest) = UInt(divisor).dividingFullWidth((UInt(product.high), product.low))
        return Int(exactly: quotient).map { $0 == .max || rest == 0 ? $0 : $0 + 1 }
    }
}
