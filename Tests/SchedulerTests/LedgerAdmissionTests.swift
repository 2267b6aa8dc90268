import Messages
import Runtime
import Testing

@testable import Scheduler

/// What the ledger remembers of sessions that wait, and of what follows a failed one.
@Suite struct LedgerAdmissionTests {
    private let start: Timestamp

    init() throws { start = try moment("2026-11-23T02:00:00Z") }

    private func command(_ plan: String, after seconds: Double = 0, target: String = "es", retryLeft: Int? = nil) throws
        -> SessionCommand
    {
        var command = SessionCommand(
            kind: .backup, id: try #require(SessionID("\(plan)-\(Int(seconds))")), name: "\(plan)-1", namespace: "demo",
            requestedAt: start + seconds, notAfter: start + 600, timeOutSeconds: 1_800,
            target: AppBinding(
                metadata: ObjectMeta(name: target, namespace: "search"),
                spec: AppBinding.Spec(clientConfig: AppBinding.ClientConfig(url: "https://es:9200"))),
            repository: Repository(
                metadata: ObjectMeta(name: "minio"),
                spec: Repository.Spec(backend: Backend(.local(Backend.Local(mountPath: "/backups"))))),
            configuration: BackupConfiguration(
                metadata: ObjectMeta(name: plan, namespace: "demo"),
                spec: BackupConfiguration.Spec(
                    target: BackupConfiguration.Target(ref: TargetRef(name: target)), repository: ObjectReference(name: "minio")))
        )
        command.retryLeft = retryLeft
        return command
    }

    private func admit(_ command: SessionCommand, to ledger: Ledger) async throws -> Ledger.Admitted {
        let now = command.requestedAt
        return try await ledger.admit(command, message: Array(command.id.text.utf8), now: now) {
            StatusEvent($0, of: command, now: now)
        }
    }

    private func publish(_ command: SessionCommand, in ledger: Ledger) async throws {
        try await ledger.apply([LedgerEvent(request: command, message: nil, publishedAt: command.requestedAt)])
    }

    private func end(
        _ command: SessionCommand, _ phase: Phase, after seconds: Double, condition: String? = nil, in ledger: Ledger
    ) async throws {
        let conditions = condition.map { [Condition(type: $0, reason: "R", message: "m", lastTransitionTime: start)] } ?? []
        let status = StatusEvent(
            of: command, phase: phase, source: .final, startedAt: start, finishedAt: start + seconds, conditions: conditions)
        try await ledger.apply([LedgerEvent(status, at: start + seconds)])
    }

    @Test func verdictsFollowFromWhatTheLedgerKnows() async throws {
        let ledger = try Ledger(path: ":memory:")
        let (first, other) = (try command("a"), try command("b", after: 1))
        guard case .new(.publish) = try await admit(first, to: ledger) else { throw Unexpected() }
        try await publish(first, in: ledger)
        guard case .new(.wait(let holder)) = try await admit(other, to: ledger) else { throw Unexpected() }
        #expect(holder.id == "a-0")
        let waiting = try #require(try await ledger.session("b-1"))
        #expect(waiting.phase == .pending && waiting.conditions.map(\.reason) == ["TargetIsBackedUp"])
        guard case .new(.skip) = try await admit(try command("a", after: 2), to: ledger) else { throw Unexpected() }
        let skipped = try #require(try await ledger.session("a-2"))
        #expect(skipped.phase == .skipped && skipped.source == .scheduler && skipped.conditions.map(\.type) == ["BackupSkipped"])
        // Asked for again, nothing is decided anew.
        guard case .known(_, _, isWaiting: true) = try await admit(other, to: ledger) else { throw Unexpected() }
        guard case .known(_, _, isWaiting: false) = try await admit(first, to: ledger) else { throw Unexpected() }

        #expect(try await ledger.waitingSessions().map(\.session.id) == ["b-1"])
        #expect(try await ledger.waitingSessions().map(\.message) == [Array("b-1".utf8)])
        try await end(first, .succeeded, after: 30, in: ledger)
        let turns = Admission(unfinished: try await ledger.unfinishedSessions(), now: start + 60).released()
        #expect(turns.map(\.id) == ["b-1"])
        #expect(turns.first?.target.namespace == "search" && turns.first?.mayBeginUntil == start + 1_801)
        try await publish(other, in: ledger)
        #expect(try await ledger.waitingSessions().isEmpty)
        #expect(try await ledger.unfinishedSessions().first?.mayBeginUntil == start + 600)
    }

    /// Another Scheduler says Pending of what it holds back: here it is no obstacle, and is new when it is asked for here.
    @Test func whatWaitsAtAnotherSchedulerIsNotWithTheWorkers() async throws {
        let ledger = try Ledger(path: ":memory:")
        let command = try command("a")
        try await ledger.apply([LedgerEvent(StatusEvent(of: command, phase: .pending, source: .announced), at: start)])
        #expect(try await ledger.unfinishedSessions().isEmpty)
        #expect(try await ledger.waitingSessions().isEmpty)
        guard case .new(.publish) = try await admit(command, to: ledger) else { throw Unexpected() }
    }

    @Test func aSessionThatAnotherSchedulerPublishedWaitsNoLonger() async throws {
        let ledger = try Ledger(path: ":memory:")
        let (first, other) = (try command("a"), try command("b", after: 1))
        _ = try await admit(first, to: ledger)
        _ = try await admit(other, to: ledger)
        #expect(try await ledger.waitingSessions().count == 2)
        try await publish(other, in: ledger)
        #expect(try await ledger.waitingSessions().map(\.session.id) == ["a-0"])
    }

    @Test func aFailedSessionWithRetriesLeftIsToldUntilOneFollowed() async throws {
        let ledger = try Ledger(path: ":memory:")
        let commands = [
            try command("none"), try command("zero", retryLeft: 0), try command("one", retryLeft: 1),
            try command("done", retryLeft: 1),
        ]
        for one in commands {
            try await publish(one, in: ledger)
            try await end(one, one.configuration?.metadata.name == "done" ? .succeeded : .failed, after: 30, in: ledger)
        }
        let failed = try #require(try await ledger.sessionsToRetry().first)
        #expect(try await ledger.sessionsToRetry().map(\.id) == ["one-0"])
        #expect(failed.retryLeft == 1 && failed.nextRetry == nil)
        try await ledger.note(.init(at: start + 90), of: [failed], now: start + 31)
        #expect(try await ledger.session("one-0")?.nextRetry == start + 90)
        #expect(try await !ledger.isSuperseded(failed))
        try await ledger.note(.init(at: start + 90, session: "retry"), of: [failed], now: start + 90)
        #expect(try await ledger.sessionsToRetry().isEmpty)
        let session = try #require(try await ledger.session("one-0"))
        #expect(session.retriedAs == "retry" && session.phase == .failed)
        let status = try #require(StatusEvent(session, indices: []))
        #expect(status.retried == true && status.nextRetry == start + 90)
    }

    @Test func aLaterRunOfThePlanTakesTheRetrysPlaceUnlessItWasSkipped() async throws {
        let ledger = try Ledger(path: ":memory:")
        let first = try command("a", retryLeft: 1)
        try await publish(first, in: ledger)
        try await end(first, .failed, after: 30, in: ledger)
        let failed = try #require(try await ledger.sessionsToRetry().first)
        try await end(try command("a", after: 60), .skipped, after: 60, in: ledger)
        #expect(try await !ledger.isSuperseded(failed))
        try await end(try command("a", after: 120), .succeeded, after: 130, in: ledger)
        #expect(try await ledger.isSuperseded(failed))
    }

    @Test func aRetryIsDueAfterItsDelayAndHasOneLess() async throws {
        let ledger = try Ledger(path: ":memory:")
        for (plan, condition) in [("a", nil), ("b", "Cancelled"), ("c", "Expired")] as [(String, String?)] {
            let one = try command(plan, retryLeft: 2)
            try await publish(one, in: ledger)
            try await end(one, .failed, after: 30, condition: condition, in: ledger)
        }
        let config = RetryConfig(maxRetry: 2, delay: try #require(StashDuration("1m")))
        let failed = Dictionary(uniqueKeysWithValues: try await ledger.sessionsToRetry().map { ($0.id, $0) })
        let one = try #require(failed["a-0"])
        func decision(_ session: LedgerSession, _ config: RetryConfig?, superseded: Bool = false, after seconds: Double)
            -> Retry.Decision
        {
            Retry.decision(on: session, of: config, isSuperseded: superseded, now: start + seconds)
        }
        #expect(decision(one, config, after: 89) == .later(start + 90))
        #expect(decision(one, config, after: 90) == .now(retryLeft: 1))
        #expect(decision(one, config, superseded: true, after: 90) == .never)
        #expect(decision(one, nil, after: 90) == .never)
        for id in ["b-0", "c-0"] { #expect(decision(try #require(failed[id]), config, after: 90) == .never) }
    }

    @Test func aLongerHistoryIsKeptForAPlanThatWantsOne() async throws {
        let ledger = try Ledger(path: ":memory:")
        for plan in ["short", "long"] {
            for number in 0..<8 { try await end(try command(plan, after: Double(number)), .succeeded, after: 60, in: ledger) }
        }
        let limits = [PlanName(namespace: "demo", name: "long"): 6, PlanName(namespace: "demo", name: "short"): 1]
        #expect(try await ledger.prune(before: start + 3_600, keepingNewest: 3, andMoreOf: limits) == 7)
        let left = try await ledger.sessions(limit: 100).compactMap(\.identity?.invoker.name)
        #expect(left.count { $0 == "long" } == 6 && left.count { $0 == "short" } == 3)
    }

    /// Its moment may be before that of one that was admitted already: of a tick, which begins before its sessions.
    @Test func oneThatIsAboutToBePublishedHoldsItsTargetWhateverTheClocksSay() async throws {
        let ledger = try Ledger(path: ":memory:")
        let (later, earlier) = (try command("b", after: 1), try command("a"))
        guard case .new(.publish) = try await admit(later, to: ledger) else { throw Unexpected() }
        guard case .new(.wait(let holder)) = try await admit(earlier, to: ledger) else { throw Unexpected() }
        #expect(holder.id == "b-1")
        // The broker refused it: it keeps its turn, and only it.
        #expect(try await ledger.takeTurns(now: start + 2).turns.map(\.session.id) == ["b-1"])
    }

    /// Between the decision and its record another one may be admitted.
    @Test func aTurnIsTakenWhereItIsDecided() async throws {
        let ledger = try Ledger(path: ":memory:")
        let (first, second) = (try command("a"), try command("b", after: 2))
        _ = try await admit(first, to: ledger)
        _ = try await admit(second, to: ledger)
        try await publish(first, in: ledger)
        #expect(try await ledger.takeTurns(now: start + 10).turns.isEmpty)
        try await end(first, .succeeded, after: 30, in: ledger)
        #expect(try await ledger.takeTurns(now: start + 40).turns.map(\.session.id) == ["b-2"])
        guard case .new(.wait(let holder)) = try await admit(try command("c", after: 1), to: ledger) else { throw Unexpected() }
        #expect(holder.id == "b-2")
        #expect(try await ledger.takeTurns(now: start + 41).turns.map(\.session.id) == ["b-2"])
        #expect(try await ledger.takeTurns(now: start + 9_999).late.map(\.session.id).sorted() == ["b-2", "c-1"])
    }

    /// Its delay was made longer, or nothing follows any more.
    @Test func theLastWordOnANextRetryCounts() async throws {
        let ledger = try Ledger(path: ":memory:")
        let one = try command("a", retryLeft: 1)
        try await publish(one, in: ledger)
        try await end(one, .failed, after: 30, in: ledger)
        let failed = try #require(try await ledger.sessionsToRetry().first)
        try await ledger.note(.init(at: start + 600), of: [failed], now: start + 31)
        try await ledger.note(.init(at: start + 3_600), of: [failed], now: start + 32)
        try await ledger.note(.init(at: start + 60), of: [failed], now: start + 20)
        #expect(try await ledger.session("a-0")?.nextRetry == start + 3_600)
        try await ledger.note(.init(session: ""), of: [failed], now: start + 33)
        #expect(try await ledger.session("a-0")?.nextRetry == nil)
        #expect(try await ledger.sessionsToRetry().isEmpty)
    }

    private struct Unexpected: Error {}
}
