import API
import Messages
import Runtime
import Testing

@testable import Scheduler

@Suite struct PlanHealthTests {
    private let now = Timestamp(millisecondsSinceEpoch: 1_795_740_000_000)

    private func session(_ phase: Phase, error: String? = nil) throws -> LedgerSession {
        LedgerSession(
            id: "a", identity: nil, phase: phase, source: .final, createdAt: now, startedAt: now, finishedAt: now,
            lastProgressAt: nil,
            lastRescueAt: nil, deadline: nil, snapshot: nil, documents: 0, totalDocuments: 0, bytes: 0, storedBytes: 0,
            error: error,
            conditions: [], retryLeft: nil, nextRetry: nil, retriedAs: nil, publishedAt: nil, isWaitingForTarget: false)
    }

    @Test func theFirstWordThatFitsCounts() throws {
        let missing = ResourceKey(kind: .repository, namespace: "a", name: "b")
        let failed = try session(.failed, error: "disk full")
        func word(missing: ResourceKey? = nil, paused: Bool = false, overdue: Bool = false, last: LedgerSession?)
            -> Plan.Health
        {
            Plan.health(missing: missing, isPaused: paused, isOverdue: overdue, lastFinished: last).0
        }
        #expect(word(missing: missing, paused: true, overdue: true, last: failed) == .invalid)
        #expect(word(paused: true, overdue: true, last: failed) == .paused)
        #expect(word(overdue: true, last: failed) == .overdue)
        #expect(word(last: failed) == .failing)
        #expect(word(last: nil) == .never)
        #expect(word(last: try session(.succeeded)) == .healthy)
        #expect(Plan.health(missing: nil, isPaused: false, isOverdue: true, lastFinished: failed).1 == "disk full")
        #expect(
            Plan.health(missing: missing, isPaused: false, isOverdue: false, lastFinished: nil).1?.contains("Repository a/b")
                == true)
    }

    @Test func theStripHasThirtyDaysAndWhatHappenedOnThem() {
        let strip = Plan.strip(["2026-11-27": .failed, "2026-10-29": .mixed, "2026-10-28": .succeeded], until: now)
        #expect(strip.count == 30)
        #expect(strip.first?.date == "2026-10-29" && strip.first?.result == .mixed)
        #expect(strip.last?.date == "2026-11-27" && strip.last?.result == .failed)
        #expect(strip.dropFirst().dropLast().allSatisfy { $0.result == .none })
    }

    @Test func daysAreCountedByTheEndsOfSessions() async throws {
        let ledger = try Ledger(path: ":memory:")
        func end(_ id: String, _ plan: String, _ phase: Phase, daysAgo: Double, kind: SessionKind = .backup) async throws {
            let at = now - .seconds(86_400 * daysAgo)
            let invoker = Invoker(kind: kind == .backup ? "BackupConfiguration" : "RestoreSession", name: plan)
            let identity = LedgerSession.Identity(
                kind: kind, name: id, namespace: "demo", invoker: invoker, repository: "r", target: "t")
            let status = LedgerEvent.Status(identity: identity, phase: phase, source: .final, requestedAt: at, finishedAt: at)
            try await ledger.apply([LedgerEvent(session: id, time: at, content: .status(status))])
        }
        try await end("a", "one", .succeeded, daysAgo: 1)
        try await end("b", "one", .failed, daysAgo: 1)
        try await end("c", "one", .succeeded, daysAgo: 2)
        try await end("d", "one", .skipped, daysAgo: 3)
        try await end("e", "two", .failed, daysAgo: 4)
        try await end("f", "two", .failed, daysAgo: 40)
        try await end("g", "one", .failed, daysAgo: 5, kind: .restore)
        let (one, two) = (PlanName(namespace: "demo", name: "one"), PlanName(namespace: "demo", name: "two"))
        let all = try await ledger.days(of: nil, until: now)
        #expect(all[one] == ["2026-11-26": .mixed, "2026-11-25": .succeeded])
        #expect(all[two] == ["2026-11-23": .failed])
        #expect(try await ledger.days(of: two, until: now) == [two: ["2026-11-23": .failed]])
    }
}
