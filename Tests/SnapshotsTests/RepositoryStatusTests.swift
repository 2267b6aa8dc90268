import Archive
import Messages
import Runtime
import Testing

@testable import Snapshots

/// Stash's status of a Repository, out of the repository's objects.
@Suite struct RepositoryStatusTests {
    let repository: SnapshotFolder

    init() throws { repository = try SnapshotFolder() }

    private var status: RepositoryStatus { get throws { try RepositoryStatus(of: repository.catalog) } }

    private func check(_ name: String, findings: String) throws {
        let json = #"{"nonce":"n","at":"2026-01-01T00:00:00Z","mode":"quick","findings":\#(findings),"new":1}"#
        _ = try repository.local.put(Array(json.utf8), at: ObjectKey("checks/\(name)"))
    }

    @Test func anEmptyRepositoryHasNothing() throws {
        #expect(try status == RepositoryStatus())
    }

    @Test func snapshotsAreCountedAndAbortedSessionsAreNot() throws {
        try repository.add("a1", after: 0)
        try repository.add("a2", after: 60, of: "other", isPartial: true)
        _ = try repository.addAbort("a3", after: 90)
        #expect(
            try status
                == RepositoryStatus(
                    firstBackupTime: Samples.time, lastBackupTime: Samples.time + .seconds(60), size: 200, snapshotCount: 2))
    }

    @Test func whatWasForgottenIsNotCountedButWasABackup() throws {
        let first = try repository.add("a1", after: 0)
        let second = try repository.add("a2", after: 60)
        let third = try repository.add("a3", after: 120)
        _ = try repository.forgetting.forget(first, reason: "asked for")
        #expect(try status.snapshotsRemovedOnLastCleanup == 0)
        _ = try repository.forgetting.forget(third, reason: "r", policy: "p", run: "r1")
        let status = try status
        #expect(status.snapshotCount == 1 && status.size == 100 && status.snapshotsRemovedOnLastCleanup == 1)
        #expect(status.firstBackupTime == Samples.time && status.lastBackupTime == Samples.time + .seconds(120))
        try repository.keep(third)
        #expect(try self.status.snapshotCount == 2)
        #expect(try repository.catalog.records().map(\.id) == [second, third])
    }

    @Test func theLastRetentionCounts() throws {
        let ids = try (0..<5).map { try repository.add("a\($0)", after: $0) }
        for (number, id) in ids.enumerated() {
            let entry = ForgottenEntry(
                nonce: "n", at: Samples.time + .seconds(number), reason: "r", policy: "p", run: number < 3 ? "first" : "last")
            _ = try repository.local.put(try MessageCoding.encode(entry), at: Forgetting.key(of: id))
        }
        #expect(try status.snapshotsRemovedOnLastCleanup == 2)
    }

    @Test func theNewestVerificationIsTheIntegrity() throws {
        try check("20260101T000000Z-aa", findings: "[]")
        #expect(try status.integrity == true)
        try check("20260102T000000Z-aa", findings: #"[{"snapshot":"s","kind":"missing"}]"#)
        #expect(try status.integrity == false)
        try check("20260103T000000Z-aa", findings: "[]")
        #expect(try status.integrity == true)
        _ = try repository.local.put(Array("{}".utf8), at: ObjectKey("checks/20260104T000000Z-aa"))
        #expect(throws: ArchiveError.self) { try status }
    }
}
