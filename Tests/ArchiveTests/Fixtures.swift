import Crypto
import FoundationEssentials
import Glibc
import Runtime
import Testing

@testable import Archive

/// A folder of one test, removed with it.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "archive-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func makeFolder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
        return "\(path)/\(name)"
    }

    func write(_ bytes: [UInt8], to name: String) throws -> String {
        try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
        return "\(path)/\(name)"
    }

    func names(in name: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(name)").sorted()
    }
}

/// SplitMix64: the same documents for the same seed, on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

struct Sample: Equatable {
    let action: [UInt8]
    let source: [UInt8]

    init(_ id: String, _ source: [UInt8]) {
        action = Array("{\"index\":{\"_id\":\"\(id)\"}}".utf8)
        self.source = source
    }

    /// Documents of 2 to `largest` bytes, mostly small; of text that needs exact lengths when `exact`.
    static func make(_ count: Int, seed: UInt64, largest: Int = 4_000, kind: SegmentKind = .bulk) -> [Sample] {
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array((kind == .exact ? "abcdefg {}\",:\n\r" : "abcdefghijk {}\",:").utf8)
        return (0..<count).map { index in
            let size = generator.next() % 20 == 0 ? largest : Int.random(in: 2...200, using: &generator)
            return Sample("\(index)", (0..<size).map { _ in alphabet[Int(generator.next() % UInt64(alphabet.count))] })
        }
    }

    /// As a segment of kind `exact` holds it.
    var stored: [UInt8] { action.dropLast() + Array(",\"length\":\(source.count)}\n".utf8) + source + [10] }

    /// The bulk body that the samples make.
    static func lines(_ samples: [Sample]) -> [UInt8] {
        samples.flatMap { $0.action + [10] + $0.source + [10] }
    }
}

/// Of a repository that is not encrypted.
let plainStore = RepositoryStore(MemoryStore())

/// A cost of guessing that a test can pay often.
let cheap = ScryptCost(logN: 10, r: 1, p: 1)

/// An encrypted repository, made or opened by its password.
func sealedRepository(
    in store: any ObjectStore, _ password: String = "a password", cache: KeyringCache = KeyringCache()
) throws -> OpenRepository {
    try OpenRepository.create(
        store, protection: .password(Sensitive(password), cache), now: Date(timeIntervalSince1970: 1_750_000_000), cost: cheap)
}

/// The bytes of a key object with a text replaced in them, and a digest that holds: whoever can write can make one.
func forgedKey(_ bytes: [UInt8], _ old: String, _ new: String) throws -> [UInt8] {
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.contains(old))
    let body = "{" + text.dropFirst("{\"check\":\"\",".count + 64).dropLast().replacing(old, with: new)
    return Array("{\"check\":\"\(try SHA256.digest(of: Array(body.utf8)))\",\(body.dropFirst())\n".utf8)
}

extension SegmentWriter {
    func append(_ sample: Sample) throws(ArchiveError) {
        try sample.action.withBytes { (action) throws(ArchiveError) in
            try sample.source.withBytes { (source) throws(ArchiveError) in try append(action, source) }
        }
    }

    /// Writes the samples as one segment.
    func write(_ samples: [Sample]) throws -> StagedSegment {
        for sample in samples { try append(sample) }
        return try #require(try finish())
    }
}

/// Runs a body on several real threads at once and returns when all have ended.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    final class Job: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    let threads = (0..<count).compactMap { index -> pthread_t? in
        var thread = pthread_t()
        let job = Unmanaged.passRetained(Job { body(index) }).toOpaque()
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, job)
        return code == 0 ? thread : nil
    }
    for thread in threads { pthread_join(thread, nil) }
}
