import Messages
import Runtime
import Testing

@testable import Scheduler

/// Events of one session as a Scheduler and workers send them.
struct SessionScript {
    var id: String
    var invoker = "nightly"
    var kind = SessionKind.backup
    var start: Timestamp

    var identity: LedgerSession.Identity {
        LedgerSession.Identity(
            kind: kind, name: "\(invoker)-\(Int(start.secondsSinceEpoch))", namespace: "demo",
            invoker: Invoker(kind: kind == .backup ? "BackupConfiguration" : "RestoreSession", name: invoker),
            repository: "minio", target: "es")
    }

    func event(after seconds: Double, _ content: LedgerEvent.Content) -> LedgerEvent {
        LedgerEvent(session: id, time: start + seconds, content: content)
    }

    func request(deadline: Double? = 3_600) -> LedgerEvent {
        event(
            after: 0,
            .request(LedgerEvent.Request(identity: identity, deadline: deadline.map { start + $0 }, message: Array(id.utf8))))
    }

    func running(after seconds: Double = 5, indices: [(String, Int)] = [("flights", 100)]) -> LedgerEvent {
        event(
            after: seconds,
            .status(
                LedgerEvent.Status(
                    identity: identity, phase: .running, source: .announced, requestedAt: start, startedAt: start + seconds,
                    indices: indices.map {
                        LedgerIndex(name: $0.0, documents: 0, totalDocuments: $0.1, bytes: 0, storedBytes: 0)
                    })))
    }

    func part(
        after seconds: Double, slice: Int = 0, epoch: Int = 0, number: Int = 0, index: String = "flights", stored: Bool = true,
        documents: Int
    ) -> LedgerEvent {
        event(
            after: seconds,
            .progress(
                LedgerEvent.Progress(
                    slice: slice, epoch: epoch, number: number, index: index, isStored: stored, documents: documents,
                    bytes: documents * 300, storedBytes: documents * 50)))
    }

    func end(
        after seconds: Double, _ phase: Phase, by source: PhaseSource = .final,
        error: String? = nil, documents: Int? = nil
    ) -> LedgerEvent {
        event(
            after: seconds,
            .status(
                LedgerEvent.Status(
                    identity: identity, phase: phase, source: source, requestedAt: start,
                    startedAt: source == .final ? start + 5 : nil, finishedAt: start + seconds,
                    snapshot: phase == .succeeded ? "20261123T020000Z-\(id)" : nil, error: error,
                    conditions: [
                        Condition(
                            type: "Told", status: "True", reason: "By\(source)", message: "", lastTransitionTime: start)
                    ],
                    indices: documents.map {
                        [LedgerIndex(name: "flights", documents: $0, totalDocuments: $0, bytes: $0 * 300, storedBytes: $0 * 50)]
                    } ?? [])))
    }
}

@Suite struct LedgerTests {
    private let start: Timestamp

    init() throws { start = try moment("2026-11-23T02:00:00Z") }

    @Test func aSessionIsToldFromItsRequestToItsEnd() async throws {
        let ledger = try Ledger(path: ":memory:")
        let script = SessionScript(id: "a", start: start)
        try await ledger.apply([script.request()])
        var session = try #require(try await ledger.session("a"))
        #expect(session.phase == .pending && session.createdAt == start && session.deadline == start + 3_600)
        #expect(session.identity == script.identity)

        try await ledger.apply([script.running(), script.part(after: 10, documents: 60)])
        try await ledger.apply([script.part(after: 20, number: 1, stored: false, documents: 15)])
        session = try #require(try await ledger.session("a"))
        #expect(session.phase == .running && session.startedAt == start + 5 && session.lastProgressAt == start + 20)
        #expect((session.documents, session.totalDocuments, session.bytes) == (75, 100, 22_500))
        #expect(session.duration == nil)

        try await ledger.apply([script.end(after: 65, .succeeded, documents: 101)])
        session = try #require(try await ledger.session("a"))
        #expect(session.phase == .succeeded && session.source == .final && session.duration == .seconds(60))
        #expect((session.documents, session.totalDocuments, session.storedBytes) == (101, 101, 5_050))
        #expect(session.snapshot == "20261123T020000Z-a")
        #expect(session.conditions.map(\.reason) == ["Byfinal"])
        #expect(try await ledger.session("b") == nil)
    }

    @Test func aNewViewVoidsThePartsOfItsSliceOnly() async throws {
        let ledger = try Ledger(path: ":memory:")
        let script = SessionScript(id: "a", start: start)
        try await ledger.apply([
            script.part(after: 1, slice: 0, documents: 40), script.part(after: 2, slice: 0, number: 1, documents: 40),
            script.part(after: 1, slice: 1, index: "orders", documents: 7),
            script.part(after: 9, slice: 0, epoch: 1, documents: 3),
        ])
        #expect(try await ledger.session("a")?.documents == 10)
        #expect(try await ledger.indices(of: "a").map(\.documents) == [3, 7])
        #expect(try await ledger.indices(of: "a").map(\.name) == ["flights", "orders"])
    }

    @Test func aStoredPartIsNotReplacedByAUnitAtWork() async throws {
        let ledger = try Ledger(path: ":memory:")
        let script = SessionScript(id: "a", start: start)
        try await ledger.apply([script.part(after: 5, documents: 50), script.part(after: 9, stored: false, documents: 80)])
        #expect(try await ledger.session("a")?.documents == 50)
    }

    @Test func theHighestAuthorityDecidesWhateverTheOrder() async throws {
        let script = SessionScript(id: "a", start: start)
        let told = [
            script.request(), script.running(), script.end(after: 90, .failed, by: .scheduler, error: "deadline"),
            script.end(after: 80, .failed, by: .unrecorded, error: "journal unreachable"),
            script.end(after: 70, .succeeded, documents: 100),
        ]
        for count in 1...told.count {
            let events = Array(told[..<count])
            for order in [events, events.reversed()] {
                let ledger = try Ledger(path: ":memory:")
                try await ledger.apply(order)
                let session = try #require(try await ledger.session("a"))
                let phases: [Phase] = [.pending, .running, .failed, .failed, .succeeded]
                let errors = [nil, nil, "deadline", "journal unreachable", nil]
                #expect(session.phase == phases[count - 1])
                #expect(session.error == errors[count - 1])
            }
        }
    }

    @Test(arguments: 1...12)
    func shuffledAndRepeatedEventsLeaveTheSameLedger(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        var events: [LedgerEvent] = []
        for number in 0..<6 {
            let script = SessionScript(id: "s\(number)", invoker: "plan\(number % 2)", start: start + Double(number * 86_400))
            if number != 5 { events.append(script.request()) }
            events += [script.running(), script.running(after: 7)]
            for unit in 0..<Int.random(in: 0...12, using: &generator) {
                let slice = Int.random(in: 0...2, using: &generator)
                events.append(
                    script.part(
                        after: Double(10 + unit), slice: slice, epoch: Int.random(in: 0...2, using: &generator),
                        number: unit / 2, index: "index\(slice)", stored: Bool.random(using: &generator),
                        documents: Int.random(in: 0...99, using: &generator)))
            }
            let phase: Phase = number.isMultiple(of: 3) ? .failed : .succeeded
            if number != 4 { events.append(script.end(after: 100, phase, documents: 99)) }
            if Bool.random(using: &generator) { events.append(script.end(after: 200, .failed, by: .scheduler, error: "late")) }
            if Bool.random(using: &generator) { events.append(script.end(after: 90, .failed, by: .unrecorded, error: "x")) }
            if Bool.random(using: &generator) { events.append(script.event(after: 50, .rescue)) }
        }
        let folder = try TemporaryFolder()
        let expected = try Ledger(path: ":memory:")
        try await expected.apply(events)
        let shuffled = (events + events.filter { _ in Bool.random(using: &generator) }).shuffled(using: &generator)
        let middle = shuffled.count / 2
        do {
            let first = try Ledger(path: folder.path + "/ledger.db")
            for event in shuffled[..<middle] { try await first.apply([event]) }
        }
        let second = try Ledger(path: folder.path + "/ledger.db")
        try await second.apply(Array(shuffled[middle...]))

        let sessions = try await expected.sessions(limit: 100)
        #expect(sessions.count == 6)
        #expect(try await second.sessions(limit: 100) == sessions)
        for session in sessions {
            #expect(try await second.indices(of: session.id) == (try await expected.indices(of: session.id)))
        }
        #expect(try await second.summaries() == (try await expected.summaries()))
    }

    @Test func sessionsAreListedNewestFirstByFilterAndPage() async throws {
        let ledger = try Ledger(path: ":memory:")
        for number in 0..<7 {
            let script = SessionScript(
                id: "s\(number)", invoker: number < 4 ? "nightly" : "drill", kind: number < 4 ? .backup : .restore,
                start: start + Double(number / 2))
            try await ledger.apply([script.request()] + (number == 2 ? [script.end(after: 9, .succeeded)] : []))
        }
        let ids = { (filter: Ledger.Filter, limit: Int) in try await ledger.sessions(limit: limit, filter: filter).map(\.id) }
        var filter = Ledger.Filter()
        #expect(try await ids(filter, 3) == ["s6", "s5", "s4"])
        let last = try #require(try await ledger.session("s4"))
        filter.after = (last.createdAt, last.id)
        #expect(try await ids(filter, 9) == ["s3", "s2", "s1", "s0"])
        filter.phases = [.succeeded, .failed]
        #expect(try await ids(filter, 9) == ["s2"])
        filter = Ledger.Filter()
        filter.kind = .restore
        #expect(try await ids(filter, 9) == ["s6", "s5", "s4"])
        filter.invokerName = "nightly"
        #expect(try await ids(filter, 9).isEmpty)
    }

    @Test func summariesTellTheLastEndTheLastSuccessAndTheFailuresSince() async throws {
        let ledger = try Ledger(path: ":memory:")
        let phases: [Phase] = [.failed, .succeeded, .failed, .failed, .skipped, .running]
        for (number, phase) in phases.enumerated() {
            let script = SessionScript(id: "s\(number)", start: start + Double(number * 86_400))
            try await ledger.apply([script.request(), script.running()])
            if phase.isFinal { try await ledger.apply([script.end(after: 60, phase, documents: number)]) }
        }
        let other = SessionScript(id: "r", invoker: "drill", kind: .restore, start: start)
        try await ledger.apply([other.request()])
        let summaries = try await ledger.summaries()
        #expect(summaries.map(\.invoker.name) == ["nightly", "drill"])
        #expect(summaries[0].lastFinished?.id == "s3")
        #expect(summaries[0].lastSuccess?.id == "s1")
        #expect(summaries[0].consecutiveFailures == 2)
        #expect(summaries[1].lastFinished == nil && summaries[1].consecutiveFailures == 0)
    }

    @Test func silenceAndPassedDeadlinesAreFoundUntilTheSessionEnds() async throws {
        let ledger = try Ledger(path: ":memory:")
        let script = SessionScript(id: "a", start: start)
        try await ledger.apply([script.request(), script.part(after: 100, documents: 1)])
        #expect(try await ledger.quietSessions(since: start + 100).isEmpty)
        let quiet = try await ledger.quietSessions(since: start + 101)
        #expect(quiet.map(\.session.id) == ["a"] && quiet.first?.message == Array("a".utf8))
        try await ledger.apply([script.event(after: 1_000, .rescue)])
        #expect(try await ledger.quietSessions(since: start + 999).isEmpty)

        // It counts from the begin, 100 s after the request.
        #expect(try await ledger.sessionsPastDeadline(at: start + 3_700).isEmpty)
        #expect(try await ledger.sessionsPastDeadline(at: start + 3_701).map(\.session.id) == ["a"])
        try await ledger.apply([script.end(after: 3_602, .failed, by: .scheduler)])
        #expect(try await ledger.sessionsPastDeadline(at: start + 9_999).isEmpty)
        #expect(try await ledger.quietSessions(since: start + 9_999).isEmpty)
    }

    /// It is not late but waits, and may still run.
    @Test func aSessionThatNobodyHasBegunPassesNoDeadline() async throws {
        let ledger = try Ledger(path: ":memory:")
        try await ledger.apply([SessionScript(id: "a", start: start).request()])
        #expect(try await ledger.sessionsPastDeadline(at: start + 99_999).isEmpty)
    }

    @Test func pruningKeepsTheNewestTheLastSuccessAndTheUnfinished() async throws {
        let ledger = try Ledger(path: ":memory:")
        let phases: [Phase] = [.succeeded, .succeeded, .running, .failed, .failed, .failed]
        for (number, phase) in phases.enumerated() {
            let script = SessionScript(id: "s\(number)", start: start + Double(number * 86_400))
            try await ledger.apply([script.request(), script.part(after: 1, documents: 5)])
            if phase.isFinal { try await ledger.apply([script.end(after: 60, phase)]) }
        }
        try await ledger.apply([SessionScript(id: "stray", start: start).part(after: 0, documents: 1)])
        #expect(try await ledger.prune(before: start, keepingNewest: 0) == 0)
        #expect(try await ledger.prune(before: start + 30 * 86_400, keepingNewest: 2) == 3)
        #expect(try await ledger.sessions(limit: 99).map(\.id) == ["s5", "s4", "s2", "s1"])
        #expect(try await ledger.indices(of: "s0").isEmpty)
        #expect(try await ledger.indices(of: "s1").count == 1)
    }

    @Test func scheduleStateOutlivesARestartAndCanBeForgotten() async throws {
        let folder = try TemporaryFolder()
        let state = CronSchedule.State(
            rule: "0 2 * * * UTC", knownSince: start - 9, handledUntil: start + 0.25, lastSlot: start, isPaused: true)
        try await Ledger(path: folder.path + "/ledger.db").save(state, of: PlanName(namespace: "demo", name: "nightly"))
        let ledger = try Ledger(path: folder.path + "/ledger.db")
        #expect(try await ledger.scheduleState(of: PlanName(namespace: "demo", name: "nightly")) == state)
        #expect(try await ledger.scheduleState(of: PlanName(namespace: "other", name: "nightly")) == nil)
        try await ledger.forgetSchedule(of: PlanName(namespace: "demo", name: "nightly"))
        #expect(try await ledger.scheduleState(of: PlanName(namespace: "demo", name: "nightly")) == nil)
    }

    @Test func timesThatMakeNoSenseDoNotOverflow() async throws {
        let ledger = try Ledger(path: ":memory:")
        for time in [Double.nan, .infinity, -.infinity, 1e300] {
            try await ledger.apply([LedgerEvent(session: "a", time: Timestamp(secondsSinceEpoch: time), content: .rescue)])
        }
        #expect(try await ledger.session("a") != nil)
    }
}
