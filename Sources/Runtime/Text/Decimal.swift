/// An unsigned number as people write it, "1.5" or "64", kept exact until it meets its unit.
struct Decimal {
    private let digits: Int
    private let scale: Int

    /// Nil unless the text is digits with at most one point between them; at most 18 digits.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else { return nil }
        let fraction = parts.count == 2 ? String(parts[1]) : ""
        guard whole.count + fraction.count <= 18, let digits = Int(String(whole) + fraction) else { return nil }
        self.digits = digits
        scale = (0..<fraction.count).reduce(1) { power, _ in power * 10 }
    }

    /// The product rounded down; nil when it does not fit.
    func times(_ factor: Int) -> Int? {
        let product = digits.multipliedFullWidth(by: factor)
        guard product.high < scale else { return nil }
        let (quotient, _) = UInt(scale).dividingFullWidth((UInt(product.high), product.low))
        return Int(exactly: quotient)
    }
}
