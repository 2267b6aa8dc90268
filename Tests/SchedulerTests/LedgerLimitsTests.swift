import Messages
import Runtime
import Testing

@testable import Scheduler

/// Sessions that no worker ends, and those that nobody asks for any more.
@Suite struct LedgerLimitsTests {
    private let start: Timestamp

    init() throws { start = try moment("2026-11-23T02:00:00Z") }

    /// Its message went to another Scheduler: nothing tells its timeOut.
    @Test func aRunningSessionWithoutItsMessageIsGivenUpADayAfterTheLastWord() async throws {
        let ledger = try Ledger(path: ":memory:")
        let script = SessionScript(id: "a", start: start)
        try await ledger.apply([script.running(), script.part(after: 3_600, documents: 1)])
        #expect(try await ledger.sessionsPastDeadline(at: start + 3_600 + 86_400).isEmpty)
        #expect(try await ledger.sessionsPastDeadline(at: start + 3_601 + 86_400).map(\.session.id) == ["a"])
        // Of one that was never described nobody asks.
        try await ledger.apply([SessionScript(id: "stray", start: start).part(after: 0, documents: 1)])
        #expect(try await ledger.sessionsPastDeadline(at: start + 999_999).map(\.session.id) == ["a"])
    }

    @Test func aSessionThatNobodyBeginsInTimeIsFoundAndAWorkersWordStillCounts() async throws {
        let ledger = try Ledger(path: ":memory:")
        func request(_ id: String, published: Bool = true, notAfter: Double? = nil, deadline: Double? = 3_600) -> LedgerEvent {
            let script = SessionScript(id: id, start: start)
            return script.event(
                after: 0,
                .request(
                    .init(
                        identity: script.identity, deadline: deadline.map { start + $0 }, message: [1],
                        publishedAt: published ? start : nil, notAfter: notAfter.map { start + $0 })))
        }
        try await ledger.apply([
            request("slot", notAfter: 60), request("hand"), request("waits", published: false), request("vague", deadline: nil),
            request("begun", notAfter: 60), SessionScript(id: "begun", start: start).running(),
        ])
        #expect(try await ledger.sessionsNeverBegun(at: start + 60).isEmpty)
        for (seconds, expected) in [(61, ["slot"]), (3_601, ["hand", "slot"]), (86_401, ["hand", "slot", "vague"])] {
            #expect(try await ledger.sessionsNeverBegun(at: start + Double(seconds)).map(\.session.id).sorted() == expected)
        }
        try await ledger.apply([SessionScript(id: "hand", start: start).end(after: 99_999, .failed, by: .scheduler)])
        #expect(try await ledger.sessionsNeverBegun(at: start + 99_999).map(\.session.id).sorted() == ["slot", "vague"])
        try await ledger.apply([SessionScript(id: "hand", start: start).end(after: 200_000, .succeeded)])
        #expect(try await ledger.session("hand")?.phase == .succeeded)
    }

    @Test func nothingStaysOfWhatIsGoneBeyondTheLimit() async throws {
        let ledger = try Ledger(path: ":memory:")
        for (number, invoker) in ["kept", "gone", "once"].enumerated() {
            let script = SessionScript(
                id: invoker, invoker: invoker, kind: invoker == "once" ? .restore : .backup, start: start + Double(number))
            try await ledger.apply([script.request(), script.end(after: 60, .succeeded, documents: 1)])
        }
        let isGone: @Sendable (ResourceKey) -> Bool = { $0.name != "kept" }
        #expect(try await ledger.prune(before: start, keepingNewest: 100, isGone: isGone) == 0)
        #expect(try await ledger.prune(before: start + 90, keepingNewest: 100) == 0)
        #expect(try await ledger.prune(before: start + 90, keepingNewest: 100, isGone: isGone) == 2)
        #expect(try await ledger.sessions(limit: 99).map(\.id) == ["kept"])
        #expect(try await ledger.summaries().map(\.invoker.name) == ["kept"])
    }
}
