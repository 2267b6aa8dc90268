/// A small generator whose sequence is the same on every machine (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func number(in range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    mutating func chance(_ perMille: Int) -> Bool { number(in: 0...999) < perMille }

    /// 32 hexadecimal digits.
    mutating func digits() -> String {
        let text = String(next(), radix: 16) + String(next(), radix: 16)
        return String((text + String(repeating: "0", count: 32)).prefix(32))
    }
}
