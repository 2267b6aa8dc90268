import Archive
import Messages
import Runtime
import Sessions
import Testing

@testable import Snapshots

/// Snapshots, sessions and pins whose time is over, or is not.
extension CollectorTests {
    @Test func aForgottenSnapshotGoesAGraceLaterAndItsDocumentsTwo() throws {
        let (gone, stays) = (try addSnapshot("s1"), try addSnapshot("s2"))
        base.time = base.time + Self.hour
        try forget(gone.id)
        _ = try store.put(
            Array(#"{"nonce":"m","at":"2026-01-01T00:00:00Z","tags":["t"]}"#.utf8), at: ObjectKey("marks/\(gone.id)/00000001"))
        base.time = base.time + Self.day - .seconds(1)
        #expect(try collect().swept == [])
        base.time = base.time + .seconds(2)
        let before = base.deleted.count
        #expect(try collect().swept == [gone.id])
        let session = "sessions/s1"
        #expect(
            Array(base.deleted[before...]) == [
                "outcomes/\(gone.id)", "\(session)/begin", "\(session)/final", "marks/\(gone.id)/00000001",
                "marks/\(gone.id)/00000002", "forgotten/\(gone.id)",
            ])
        #expect(Set(base.keys).isSuperset(of: gone.content))
        base.time = base.time + Self.day
        #expect(try collect().deletedContent.objects == 3)
        #expect(Set(base.keys).isDisjoint(with: gone.content) && Set(base.keys).isSuperset(of: stays.content))
        #expect(Set(base.keys).subtracting(stays.content) == ["outcomes/\(stays.id)", "sessions/s2/begin", "sessions/s2/final"])
    }

    @Test func aRunThatDiedIsGoneOnWith() throws {
        let gone = try addSnapshot("s1")
        try forget(gone.id)
        base.time = base.time + Self.day
        base.stubborn = ["sessions/s1/begin"]
        let first = try collect()
        #expect(first.swept == [gone.id] && first.problems.count == 1 && base.keys.contains("forgotten/\(gone.id)"))
        #expect(base.keys.contains("sessions/s1/final"))
        base.stubborn = []
        _ = try collect()
        base.time = base.time + Self.day
        _ = try collect()
        #expect(base.keys == [])
    }

    @Test func aKeptSnapshotStaysAndOneThatWasGivesItsReadersAGrace() throws {
        let snapshot = try addSnapshot("s1")
        let book = MarkBook(store: store)
        try forget(snapshot.id)
        _ = try book.change(snapshot.id) { $0.isKept = true }
        base.time = base.time + Self.day + Self.day
        #expect(try collect().swept == [])
        _ = try book.change(snapshot.id) { $0.isKept = false }
        #expect(try collect().swept == [])
        base.time = base.time + Self.day
        #expect(try collect().swept == [snapshot.id])
    }

    /// Whoever puts the next mark first has it: the run, and there is nothing to keep any more, or the keeper, and nothing goes.
    @Test func keepingAndDeletingAtOnceAreDecidedByOnePut() throws {
        let (first, second) = (try addSnapshot("s1"), try addSnapshot("s2"))
        let book = MarkBook(store: store)
        for id in [first.id, second.id] { try forget(id) }
        base.time = base.time + Self.day
        var refusals: [String] = []
        base.beforeDelete = { [store] key in
            guard key.text == "outcomes/\(first.id)" else { return }
            refusals.append(refusal(.notFound) { _ = try MarkBook(store: store).change(first.id) { $0.isKept = true } })
        }
        _ = try book.change(second.id) { $0.isKept = true }
        #expect(try collect().swept == [first.id])
        #expect(refusals.count == 1 && refusals[0].contains("being deleted"))
        #expect(base.keys.contains("outcomes/\(second.id)"))
    }

    @Test func anOverdueSessionIsEndedAndHoldsWhatItStoredUntilThen() throws {
        let session = Samples.makeID("s1")
        let journal = ArchiveJournal(store: store, session: session)
        let begin = Samples.begin(startedAt: base.time)
        _ = try journal.put(.begin(begin), at: .begin)
        let orphan = try addSegment().key
        base.time = begin.deadline + .seconds(300)
        let held = try collect()
        #expect(held.aborted == [] && held.held.objects == 1 && held.marked.objects == 0)
        #expect(held.holder?.contains("s1") == true)
        base.time = base.time + .seconds(1)
        #expect(try collect().aborted == [session])
        guard case .outcome(let outcome)? = try journal.read([.outcome])[.outcome], case .abort(let abort) = outcome.verdict
        else {
            Issue.record("the session was not ended")
            return
        }
        #expect(abort.condition == "DeadlineExceeded" && base.keys.contains(orphan))
        #expect(try collect().marked.objects == 1)
    }

    @Test func aSnapshotWhoseOutcomeIsGoneIsToldAndNothingOfItGoesUntilItIsForgotten() throws {
        let lost = try addSnapshot("s1")
        base.time = base.time + Self.hour
        base.objects.delete(try ObjectKey("outcomes/\(lost.id)"), at: 0)
        for days in [1, 40, 80] {
            base.time = base.time + .seconds(days * 86_400)
            let report = try collect(grace: .zero)
            #expect(report.isBlind && report.problems.count == 1 && report.problems[0].contains("outcomes/\(lost.id)"))
            #expect(Set(base.keys).isSuperset(of: lost.content + ["sessions/s1/final", "sessions/s1/plan"]))
        }
        let answers = try ForgetRequest(SnapshotCatalog(store: store)).run([lost.id.text], reason: "a test")
        #expect(answers == [.init(snapshot: lost.id, isNew: true)])
        base.time = base.time + Self.day
        let report = try collect(grace: .zero)
        #expect(report.problems == [] && base.keys == [])
    }

    @Test func anAbortedSessionIsRememberedForThirtyDays() throws {
        let journal = ArchiveJournal(store: store, session: Samples.makeID("s1"))
        _ = try journal.put(.begin(Samples.begin(startedAt: base.time)), at: .begin)
        _ = try journal.put(.plan(Samples.plan(slices: [])), at: .plan)
        _ = try journal.put(.outcome(Samples.abort), at: .outcome)
        try addFinal(Samples.makeID("s1"))
        base.time = base.time + Self.day
        _ = try collect()
        let outcome = "outcomes/\(SnapshotID(startedAt: Samples.time, session: Samples.makeID("s1")))"
        #expect(base.keys == [outcome, "sessions/s1/begin", "sessions/s1/final"])
        base.time = Samples.time + .seconds(30 * 86_400 - 1)
        #expect(try collect().deleted.objects == 0)
        base.time = Samples.time + .seconds(30 * 86_400)
        _ = try collect()
        #expect(base.deleted.suffix(3) == ["sessions/s1/begin", outcome, "sessions/s1/final"] && base.keys == [])
    }

    @Test func aSnapshotThatNobodyFinishedIsNotDeletedUnderItsSession() throws {
        let snapshot = try addSnapshot("s1", isFinal: false)
        try forget(snapshot.id)
        base.time = base.time + Self.day + Self.day
        #expect(try collect().swept == [])
        base.time = Samples.time + .seconds(30 * 86_400)
        #expect(try collect().swept == [snapshot.id])
    }

    @Test func pinsHoldWhatTheyNameAndWhatIsStoredAfterThem() throws {
        let snapshot = try addSnapshot("s1")
        let pins = Pins(store)
        try pins.put(.reading(snapshot.id), name: "r", for: Self.day + Self.day + Self.day, reason: "a test")
        let rejects = try addSegment()
        try pins.put(.keeping([rejects.staged.id]), name: "k", for: Pins.rejects, reason: "a test")
        try forget(snapshot.id)
        base.time = base.time + Self.day + Self.hour
        let first = try collect()
        #expect(first.swept == [] && first.named.objects == 4 && first.marked.objects == 0)
        try pins.put(.writing(), name: "w", for: Self.day, reason: "a test")
        let copied = try addSegment().key
        base.time = base.time + Self.day
        let second = try collect()
        #expect(second.held.objects == 1 && second.holder?.contains("pins/w-") == true)
        // Past, an hour and five minutes after it was asked for: the snapshot goes, and what was stored later is looked at.
        base.time = Samples.time + .seconds(4 * 86_400)
        let third = try collect()
        #expect(third.swept == [snapshot.id] && third.marked.objects == 4 && base.keys.contains(copied))
        base.time = Samples.time + .seconds(40 * 86_400)
        for _ in 0..<3 {
            _ = try collect()
            base.time = base.time + Self.day
        }
        #expect(base.keys == [])
    }
}
