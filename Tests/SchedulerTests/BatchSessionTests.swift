import Messages
import Runtime
import Testing

@testable import Scheduler

/// Where a batch stands follows from its members alone.
@Suite struct BatchSessionTests {
    private static let order: [Phase] = [.pending, .running, .succeeded, .failed, .skipped, .unknown]

    /// Every combination of up to three members, held against the rule in words of its own.
    @Test(arguments: order, order) func aPhaseFollowsFromAllMembers(first: Phase, second: Phase) {
        for third in Self.order {
            let members = [first, second, third]
            let phase = BatchSession.phase(of: members, count: 3, isOver: false)
            let hasEnded = members.allSatisfy { [.succeeded, .failed, .skipped].contains($0) }
            #expect(phase.isFinal == hasEnded, "\(members)")
            if hasEnded {
                #expect((phase == .succeeded) == (members == [.succeeded, .succeeded, .succeeded]), "\(members)")
                #expect((phase == .skipped) == (members == [.skipped, .skipped, .skipped]), "\(members)")
            } else {
                let hasBegun = members.contains { ![.pending, .skipped].contains($0) }
                #expect(phase == (hasBegun ? .running : .pending), "\(members)")
            }
            for other in [[second, third, first], [third, first, second], [third, second, first]] {
                #expect(BatchSession.phase(of: other, count: 3, isOver: true) == phase, "the order of members is no matter")
            }
            #expect(
                !BatchSession.phase(of: members, count: 4, isOver: false).isFinal, "one that is not known may not have ended")
            let over = BatchSession.phase(of: members, count: 4, isOver: true)
            #expect(over == (hasEnded ? .failed : .running), "one that is not known never will be, and the others may go on")
        }
    }

    private var start: Timestamp { get throws { try moment("2026-11-23T02:00:00Z") } }

    private func member(_ place: Int, of count: Int = 2, _ phase: Phase, ended: Double? = nil, error: String? = nil) throws
        -> LedgerSession
    {
        let start = try start
        var session = LedgerSession(
            id: "m\(place)",
            identity: LedgerSession.Identity(
                kind: .backup, name: "all-1", namespace: "demo", invoker: Invoker(kind: "BackupBatch", name: "all"),
                repository: "minio", target: "es-\(place)",
                parent: ParentSession(
                    id: try #require(SessionID("whole")), batch: "all", place: place, count: count, order: .parallel)),
            phase: phase, source: .final, createdAt: start, startedAt: start + Double(place), documents: 10, totalDocuments: 20,
            bytes: 100, storedBytes: 50, error: error, conditions: [], isWaitingForTarget: false)
        session.finishedAt = ended.map { start + $0 }
        return session
    }

    @Test func theWholeIsTheSumOfItsMembers() throws {
        let batch = try #require(
            BatchSession(
                members: [
                    try member(1, .failed, ended: 60, error: "no cluster"), try member(0, .succeeded, ended: 90),
                ], now: try start))
        #expect(batch.members.map(\.id) == ["m0", "m1"] && batch.phase == .failed && batch.id.text == "whole")
        let whole = try #require(batch.session)
        #expect(whole.identity?.target == "es-0, es-1" && whole.identity?.parent == nil && whole.id == "whole")
        #expect(whole.error == "member 2/2 (es-1): no cluster")
        #expect(whole.documents == 20 && whole.totalDocuments == 40 && whole.bytes == 200 && whole.storedBytes == 100)
        #expect(whole.duration == .seconds(90), "from the first begin to the last end")
    }

    @Test func aMemberThatWasSkippedAloneIsNamed() throws {
        let batch = try #require(
            BatchSession(
                members: [
                    try member(0, .succeeded, ended: 1), try member(1, .skipped, ended: 2, error: "its plan was removed"),
                ], now: try start))
        #expect(batch.phase == .failed && batch.session?.error == "member 2/2 (es-1): its plan was removed")
    }

    @Test func withoutAllMembersNothingHasEnded() throws {
        let batch = try #require(BatchSession(members: [try member(0, of: 2, .succeeded, ended: 1)], now: try start + 60))
        #expect(batch.phase == .running && batch.session?.finishedAt == nil)
        #expect(BatchSession(members: [], now: try start) == nil)
    }

    /// As after a rebuild, when a member has left no journal.
    @Test(arguments: [nil, 7_200.0]) func afterItsDeadlineAMemberThatIsNotKnownHasFailed(deadline: Double?) throws {
        var known = try member(0, of: 2, .succeeded, ended: 1)
        known.deadline = try deadline.map { try start + $0 }
        // A rebuilt ledger has no deadline: a day counts.
        let end = try start + (deadline ?? 86_400)
        #expect(BatchSession(members: [known], now: end)?.phase == .running)
        let batch = try #require(BatchSession(members: [known], now: end + 1))
        #expect(batch.phase == .failed && batch.session?.finishedAt == known.finishedAt)
        #expect(batch.session?.error == "of 2 members 1 are not known, and the batch's time is over")
        known.phase = .running
        #expect(BatchSession(members: [known], now: end + 1)?.phase == .running, "one that goes on may end")
    }
}
