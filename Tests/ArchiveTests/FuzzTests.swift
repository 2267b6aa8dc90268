import FoundationEssentials
import Glibc
import Testing

@testable import Archive

/// Whatever bytes a store gives: no crash, no endless loop, no memory for what is not there, no wrong bytes, only `ArchiveError`.
///
/// `SHEAF_TEST_SEED` repeats an earlier run, `SHEAF_TEST_FUZZ_ROUNDS` says how many inputs each parser gets.
@Suite(.serialized, .timeLimit(.minutes(10))) struct FuzzTests {
    private static let seed = number("SHEAF_TEST_SEED") ?? UInt64.random(in: 1...999_999)
    private static let rounds = Int(number("SHEAF_TEST_FUZZ_ROUNDS") ?? 150)
    /// What the process's address space may grow by: threads of other tests need some, a believed length would take gigabytes.
    private static let largestGrowth = 512 << 20

    private static func number(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }

    @Test(arguments: FuzzSubject.allCases) func spoiledBytesAreTold(subject: FuzzSubject) throws {
        print("fuzzing \(subject): SHEAF_TEST_SEED=\(Self.seed) SHEAF_TEST_FUZZ_ROUNDS=\(Self.rounds)")
        let fixture = try FuzzFixture(subject)
        let original = try fixture.read()
        let before = try addressSpacePeak()
        var refused = 0
        for round in 0..<Self.rounds {
            let seed = Self.seed &+ UInt64(round)
            try fixture.spoil(seed: seed)
            do {
                let read = try fixture.read()
                #expect(read == original || !subject.isProtected, "seed \(seed): other bytes of \(subject) were read")
            } catch is ArchiveError {
                refused += 1
            } catch {
                Issue.record("seed \(seed): \(subject) threw \(type(of: error)): \(error)")
            }
            fixture.restore()
        }
        #expect(try fixture.read() == original)
        #expect(refused > Self.rounds / 4, "only \(refused) of \(Self.rounds) inputs were refused")
        let growth = try addressSpacePeak() - before
        #expect(growth < Self.largestGrowth, "memory grew by \(growth) bytes from seed \(Self.seed) on")
        GoldenFigure.add(inputs: Self.rounds)
    }

    /// Bytes of address space that this process has had at most.
    private func addressSpacePeak() throws -> Int {
        let status = String(decoding: try Data(contentsOf: URL(filePath: "/proc/self/status")), as: UTF8.self)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmPeak:") })
        return try #require(Int(line.filter(\.isNumber))) << 10
    }
}

/// Each parser of stored bytes.
enum FuzzSubject: String, CaseIterable, Sendable {
    case format
    case keyObject
    case sealedObject
    case segment
    case sealedSegment
    /// The table with extremes in it and a digest that holds.
    case segmentTable
    /// Frames that are no longer what was compressed, with digests that hold.
    case segmentFrames
    case exactFrame
    case indexManifest
    case objectManifest
    case inventory
    case outcome
    case journal
    case marks
    case forgotten
    case pin

    /// Whether every byte counts: what is read at all is what was written.
    var isProtected: Bool {
        switch self {
        case .keyObject, .sealedObject, .segment, .sealedSegment, .indexManifest, .objectManifest, .inventory: true
        case .format, .segmentTable, .segmentFrames, .exactFrame, .outcome, .journal, .marks, .forgotten, .pin: false
        }
    }
}
