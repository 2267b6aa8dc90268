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

    private func check(_ day: Int, _ mode: String, finding snapshots: SnapshotID...) throws {
        let findings = snapshots.map { #"{"snapshot":"\#($0)","kind":"missing"}"# }.joined(separator: ",")
        let json = #"{"nonce":"n","at":"2026-01-0\#(day)T00:00:00Z","mode":"\#(mode)","findings":[\#(findings)],"new":1}"#
        let name = "2026010\(day)T000000Z-aa"
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
        let id = try repository.add("a1", after: 0)
        try check(1, "quick")
        #expect(try status.integrity == true)
        try check(2, "quick", finding: id)
        #expect(try status.integrity == false)
        try check(3, "quick")
        #expect(try status.integrity == true)
    }

    @Test(arguments: [("full", "quick"), ("full", "sampled"), ("sampled", "quick"), ("sampled", "sampled")])
    func aShallowVerificationDoesNotClearWhatADeeperOneFound(_ deep: String, _ shallow: String) throws {
        let first = try repository.add("a1", after: 0)
        let second = try repository.add("a2", after: 10)
        try check(1, deep, finding: second)
        try check(2, shallow)
        let survey = try RepositorySurvey(of: repository.catalog)
        #expect(survey.status.integrity == false && survey.check?.mode == deep)
        #expect(survey.check?.at == Timestamp(secondsSinceEpoch: 1_767_225_600))
        _ = try repository.forgetting.forget(second, reason: "it was repaired")
        #expect(try status.integrity == true)
        try check(3, shallow, finding: first)
        #expect(try status.integrity == false)
        try check(4, "full")
        #expect(try status.integrity == true)
    }

    @Test func whatCannotBeReadIsNamedAndHidesNothingElse() throws {
        let first = try repository.add("a1", after: 0)
        let second = try repository.add("a2", after: 10)
        let third = try repository.add("a3", after: 20)
        try check(1, "full", finding: first)
        let keys = [
            "checks/20260104T000000Z-aa", "pins/a-0123456789abcdef", "forgotten/\(second)", "marks/\(third)/00000001",
            "outcomes/\(SnapshotID(startedAt: Samples.time, session: Samples.makeID("bad")))",
        ]
        for key in keys { _ = try repository.local.put(Array("{".utf8), at: ObjectKey(key)) }
        let survey = try RepositorySurvey(of: repository.catalog)
        #expect(survey.status.integrity == false && survey.status.snapshotCount == 2)
        #expect(survey.damages.count == 5)
        for key in keys { #expect(survey.damages.contains { $0.contains(key) }, "\(key)") }
    }

    @Test func aSnapshotThatCannotBeReadNowIsNotWhole() throws {
        let bad = SnapshotID(startedAt: Samples.time, session: Samples.session)
        _ = try repository.local.put(Array("{".utf8), at: ObjectKey("outcomes/\(bad)"))
        try check(1, "full")
        #expect(try status.integrity == false)
        _ = try repository.forgetting.forget(bad, reason: "it cannot be read")
        #expect(try status.integrity == true)
    }
}
