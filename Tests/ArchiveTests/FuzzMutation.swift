/// Spoils bytes as disks, copies and attackers do.
struct FuzzMutation {
    private var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    /// One to three changes, of which each may be undone by the next.
    mutating func spoiled(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &generator) { spoil(&bytes) }
        return bytes
    }

    private mutating func spoil(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else {
            bytes = [UInt8.random(in: 0...255, using: &generator)]
            return
        }
        let place = Int.random(in: bytes.indices, using: &generator)
        switch Int.random(in: 0..<8, using: &generator) {
        case 0, 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 2: bytes.removeSubrange(place...)
        case 3: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...40, using: &generator)))
        case 4: bytes.insert(contentsOf: splice(of: bytes), at: place)
        case 5:
            let source = splice(of: bytes)
            let end = min(bytes.count, place + source.count)
            bytes.replaceSubrange(place..<end, with: source.prefix(end - place))
        case 6: setNumber(in: &bytes, at: place)
        default: setDigits(in: &bytes, from: place)
        }
    }

    private mutating func splice(of bytes: [UInt8]) -> [UInt8] {
        let start = Int.random(in: bytes.indices, using: &generator)
        return Array(bytes[start..<min(bytes.count, start + Int.random(in: 1...64, using: &generator))])
    }

    /// A little-endian field of 2, 4 or 8 bytes with an extreme in it.
    private mutating func setNumber(in bytes: inout [UInt8], at place: Int) {
        let width = [2, 4, 8].randomElement(using: &generator) ?? 8
        let value = extreme(about: UInt64(bytes.count))
        for index in 0..<width where place + index < bytes.count {
            bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
        }
    }

    /// The next run of decimal digits becomes another number.
    private mutating func setDigits(in bytes: inout [UInt8], from place: Int) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let start = bytes[place...].firstIndex(where: digits.contains) else {
            bytes[place] = UInt8(ascii: "9")
            return
        }
        let end = bytes[start...].firstIndex { !digits.contains($0) } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: Array("\(extreme(about: UInt64(bytes.count)))".utf8))
    }

    mutating func extreme(about value: UInt64) -> UInt64 {
        let near = [value &- 1, value &+ 1, value &* 2]
        let far: [UInt64] = [
            0, 1, 1 << 26, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 3 << 30, 1 << 32, 1 << 40, (1 << 63) - 1, 1 << 63, .max,
        ]
        return (near + far).randomElement(using: &generator) ?? 0
    }

    /// Index of something, for the caller's own changes.
    mutating func index(below count: Int) -> Int { Int.random(in: 0..<count, using: &generator) }
}
