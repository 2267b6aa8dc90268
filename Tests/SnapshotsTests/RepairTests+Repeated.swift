import Archive
import Messages
import Runtime
import Testing

@testable import Snapshots

/// A repair that died half-way, and what retention makes of what it left.
extension RepairTests {
    @Test func aRepairThatWasKilledIsEndedByTheNext() throws {
        try fixture.damage(frame: 0, of: first)
        let whole = try repair().report.snapshots[0]
        let replacement = try #require(whole.replacement)
        // As if it had died before it forgot: the replacement is there and the damaged one is listed.
        try fixture.store.delete(try ObjectKey("forgotten/\(one)"))
        let again = try repair().report
        #expect(again.snapshots.map(\.replacement) == [replacement] && again.snapshots[0].isDone)
        #expect(try fixture.listed() == [two, replacement].sorted())
        // As if it had died before the outcome: what it stored is garbage, and all is made again.
        try fixture.store.delete(try ObjectKey("forgotten/\(one)"))
        try fixture.store.delete(try ObjectKey("outcomes/\(replacement)"))
        #expect(try repair().report.snapshots.map(\.replacement) == [replacement])
        #expect(try Verification(store: fixture.store, mode: .full).run().isWhole)
        #expect(try repair().report.snapshots.isEmpty)
    }

    /// As a repair leaves it that was killed between the replacement's outcome and the end of the damaged snapshot.
    private func leaveHalfRepaired() throws -> SnapshotID {
        try fixture.damage(frame: 0, of: first)
        let replacement = try #require(try repair().report.snapshots[0].replacement)
        try fixture.store.delete(try ObjectKey("forgotten/\(one)"))
        return replacement
    }

    @Test func aForgottenReplacementTakesNobodysPlace() throws {
        let book = MarkBook(store: fixture.store)
        let gone = try leaveHalfRepaired()
        _ = try Forgetting(store: fixture.store).forget(gone, reason: "test")
        let next = try #require(try repair(applies: false).report.snapshots.first?.replacement)
        let repaired = try repair().report.snapshots[0]
        #expect(next != gone && repaired.replacement == next && repaired.isDone)
        #expect(try fixture.listed() == [two, next].sorted())
        #expect(try book.marks(of: gone) == nil)
        #expect(try Verification(store: fixture.store, mode: .full).run().isWhole)
        // Nor does one that is being deleted: its outcome is gone, and what is left of it goes.
        try fixture.store.delete(try ObjectKey("forgotten/\(one)"))
        try fixture.store.delete(try ObjectKey("outcomes/\(gone)"))
        #expect(try repair().report.snapshots.map(\.replacement) == [next])
    }

    @Test func aForgottenReplacementThatIsKeptIsThere() throws {
        let kept = try leaveHalfRepaired()
        _ = try Forgetting(store: fixture.store).forget(kept, reason: "test")
        _ = try MarkBook(store: fixture.store).change(kept) { $0.isKept = true }
        #expect(try repair().report.snapshots.map(\.replacement) == [kept])
        #expect(try fixture.listed() == [two, kept].sorted())
    }

    @Test func aDamagedReplacementTakesNobodysPlace() throws {
        let damaged = try leaveHalfRepaired()
        try fixture.tamper(try ObjectKey("outcomes/\(damaged)")) { _ in [1] }
        let replacement = try #require(try repair().report.snapshots[0].replacement)
        #expect(replacement != damaged)
        #expect(try RepositoryFixture.documents(of: replacement, in: fixture.store)["texts"]?.count == 17)
    }

    @Test func retentionKeepsAWholeOneBesideAHalfRepairedOne() throws {
        let old = try fixture.snapshot("old", after: -3600, [("logs", [shared])])
        try fixture.store.delete(try ObjectKey("outcomes/\(two)"))
        _ = try leaveHalfRepaired()
        let policy = RetentionPolicy(name: "p", keepLast: 1)
        let report = try Retention(policy, of: SnapshotCatalog(store: fixture.store)).apply()
        #expect(report.forgotten.count == 1 && !report.forgotten.contains(old))
        let repaired = try repair().report.snapshots
        #expect(try fixture.listed().contains(old) && Verification(store: fixture.store, mode: .full).run().isWhole)
        #expect(try repaired.allSatisfy { try fixture.listed().contains(try #require($0.replacement)) })
    }

    @Test func retentionKeepsAWholeOneBesideOneThatWasFoundDamaged() throws {
        let old = try fixture.snapshot("old", after: -3600, [("logs", [shared])])
        try fixture.store.delete(try ObjectKey("outcomes/\(two)"))
        let retention = try Retention(RetentionPolicy(name: "p", keepLast: 1), of: SnapshotCatalog(store: fixture.store))
        try fixture.damage(frame: 0, of: first)
        #expect(try retention.apply(isDryRun: true).forgotten == [old])
        var full = try Verification(store: fixture.store, mode: .full).run()
        try Verification.keep(full, in: fixture.store)
        // A later look at sizes alone does not see it.
        var quick = try Verification(store: fixture.store, mode: .quick).run()
        quick.at = full.at + .seconds(1)
        try Verification.keep(quick, in: fixture.store)
        #expect(try retention.apply(isDryRun: true).forgotten.isEmpty)
        // Somebody has brought the bytes back: the newest look at all says so.
        (full.nonce, full.at, full.findings) = ("0123456789abcdef", full.at + .seconds(2), [])
        try Verification.keep(full, in: fixture.store)
        #expect(try retention.apply(isDryRun: true).forgotten == [old])
    }
}
