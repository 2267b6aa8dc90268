import FoundationEssentials
import Manifests
import Testing

/// SplitMix64: the same seed gives the same mutations.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

struct LoaderFuzzTests {
    private static let fragments = [
        ":", ": ", "- ", "\n", "\n  ", "{", "}", "[", "]", "&a ", "*a", "!!int ", "!x ", "|", ">", "'", "\"", "\\", "#", "---\n",
        "...",
        "%YAML 9\n", "<<: ", "? ", "\t", "\0", "\u{FEFF}", "é", "\u{10FFFF}", "null", "0x", "1e999", "-", "spec:", "kind: Secret",
        "~",
    ]

    /// Set SHEAF_FUZZ_SEED to repeat a run, SHEAF_FUZZ_ROUNDS for a longer one.
    @Test func mutatedManifestsNeverCrashAndEveryComplaintHasAPlace() throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["SHEAF_FUZZ_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0 ... .max)
        let rounds = environment["SHEAF_FUZZ_ROUNDS"].flatMap(Int.init) ?? 1500
        print("SHEAF_FUZZ_SEED=\(seed)")
        var random = SeededGenerator(state: seed)
        let root = URL(filePath: #filePath).deletingLastPathComponent()
        var corpus: [[UInt8]] = []
        for folder in [
            root.path + "/Inputs/stash",
            root.deletingLastPathComponent().deletingLastPathComponent().path + "/examples/resources",
        ] {
            for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
                corpus.append(Array(try Data(contentsOf: URL(filePath: folder + "/" + name))))
            }
        }
        try #require(corpus.count > 10)
        var (accepted, refused) = (0, 0)
        for round in 0..<rounds {
            var bytes = corpus.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...6, using: &random) { mutate(&bytes, corpus, &random) }
            let loaded = ResourceLoader().load(bytes: bytes, name: "fuzz")
            let lines = bytes.count { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") } + 2
            for complaint in loaded.complaints {
                // Unicode has further line ends that libyaml counts, so the bound is only checked for plain texts.
                let isPlain = !bytes.contains { $0 >= 0x80 }
                #expect(complaint.place.line >= 1 && complaint.place.column >= 1, "seed \(seed) round \(round): \(complaint)")
                #expect(!isPlain || complaint.place.line <= lines, "seed \(seed) round \(round): \(complaint)")
            }
            if loaded.errors.isEmpty { accepted += 1 } else { refused += 1 }
        }
        // Mutations that break everything, or nothing, would test little.
        #expect(accepted > rounds / 100 && refused > rounds / 10, "seed \(seed): \(accepted) accepted, \(refused) refused")
    }

    private func mutate(_ bytes: inout [UInt8], _ corpus: [[UInt8]], _ random: inout SeededGenerator) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes.insert(contentsOf: Array((Self.fragments.randomElement(using: &random) ?? "").utf8), at: place)
        case 1: bytes.insert(UInt8.random(in: 0 ... .max, using: &random), at: place)
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...12, using: &random)))
        case 3: bytes.removeSubrange(place...)
        case 4:
            let other = corpus.randomElement(using: &random) ?? []
            let start = Int.random(in: 0...other.count, using: &random)
            bytes.insert(contentsOf: other[start..<min(other.count, start + 60)], at: place)
        default:
            guard !bytes.isEmpty else { return }
            bytes[min(place, bytes.count - 1)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
    }
}
