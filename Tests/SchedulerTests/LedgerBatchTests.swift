import FoundationEssentials
import Manifests
import Messages
import Runtime
import Testing

@testable import Scheduler

/// A batch's session in the ledger: recorded in one, and told by its members in any order.
@Suite struct LedgerBatchTests {
    private let start = BatchFactoryTests.now

    private func commands(_ key: SessionFactory.Key = .given("k"), order: String = "Sequential", after seconds: Double = 0) throws
        -> [SessionCommand]
    {
        let factory = try BatchFactoryTests.factory(BatchFactoryTests.manifests(order: order), now: start + seconds)
        return try BatchFactoryTests.commands(try factory.batch(namespace: "demo", name: "all", key: key))
    }

    private func admit(_ commands: [SessionCommand], to ledger: Ledger) async throws -> [Ledger.Admitted] {
        let now = commands[0].requestedAt
        return try await ledger.admit(commands.map { ($0, try MessageCoding.encode($0)) }, now: now) {
            StatusEvent($0, of: $1, now: now)
        }.admitted
    }

    private func end(_ command: SessionCommand, _ phase: Phase, after seconds: Double, error: String? = nil) -> LedgerEvent {
        LedgerEvent(
            StatusEvent(
                of: command, phase: phase, source: .final, startedAt: start + 1, finishedAt: start + seconds,
                indices: [IndexResult(name: "a", expectedDocuments: 5, documents: 5, bytes: 50, storedBytes: 20)], error: error),
            at: start + seconds)
    }

    private struct Unexpected: Error {}

    private func batch(of member: SessionCommand, in ledger: Ledger) async throws -> BatchSession {
        let parent = try #require(member.parent?.id.text)
        return try #require(try await ledger.batch(parent))
    }

    @Test func aSequenceIsRecordedWholeAndGoesOn() async throws {
        let ledger = try Ledger(path: ":memory:")
        let members = try commands()
        let admitted = try await admit(members, to: ledger)
        guard case .new(.publish) = admitted[0], case .new(.wait(let before)) = admitted[1] else { throw Unexpected() }
        #expect(before.id == members[0].id.text)
        #expect(try await batch(of: members[0], in: ledger).phase == .pending)
        let reason = try await ledger.session(members[1].id.text)?.conditions.first?.reason
        #expect(reason == "MemberBefore")
        // The first has its turn; a Scheduler that is killed now publishes it when it is back.
        #expect(try await ledger.takeTurns(now: start + 1).turns.map(\.session.id) == [members[0].id.text])
        try await ledger.apply([
            LedgerEvent(request: members[0], message: nil, publishedAt: start + 1),
            end(members[0], .failed, after: 60, error: "x"),
        ])
        #expect(try await ledger.takeTurns(now: start + 61).turns.map(\.session.id) == [members[1].id.text], "however it ended")
        guard case .known = try await admit(members, to: ledger)[1] else { throw Unexpected() }
    }

    private func unable(_ key: SessionFactory.Key, after seconds: Double = 0) throws -> (
        ready: [SessionCommand], unable: [Ledger.UnableMember]
    ) {
        let factory = try BatchFactoryTests.factory(BatchFactoryTests.manifests(second: "gone"), now: start + seconds)
        let made = try factory.batch(namespace: "demo", name: "all", key: key)
        guard case .batch(_, let members) = made else { throw Unexpected() }
        return (
            try BatchFactoryTests.commands(made),
            members.compactMap {
                if case .failed(let status, let left) = $0 { Ledger.UnableMember(status: status, retryLeft: left) } else { nil }
            }
        )
    }

    @Test func aMemberThatCannotBeginIsRecordedWithTheOthers() async throws {
        let ledger = try Ledger(path: ":memory:")
        let (ready, unable) = try unable(.given("k"))
        for turn in 0..<2 {
            let (admitted, ended) = try await ledger.admit(ready.map { ($0, [1]) }, unable: unable, now: start) { _, _ in nil }
            #expect(admitted.count == 1 && ended.map(\.phase) == [.failed], "told again when asked again: \(turn)")
            #expect(ended.first?.conditions.map(\.type) == ["BackupTargetFound"])
        }
        #expect(try await batch(of: ready[0], in: ledger).members.map(\.phase) == [.pending, .failed])
        try await ledger.apply([end(ready[0], .succeeded, after: 60)])
        let batch = try await batch(of: ready[0], in: ledger)
        #expect(batch.phase == .failed && batch.session?.retryLeft == 2)
        #expect(try await ledger.sessionsToRetry().map(\.id) == [unable[0].status.session.text], "it is tried again as a whole")
    }

    /// As a rebuild leaves it when a member has no journal: the summary, which alerts read, has the end too.
    @Test func aBatchOfWhichAMemberIsNotKnownEndsWithItsTime() async throws {
        let ledger = try Ledger(path: ":memory:")
        let members = try commands()
        try await ledger.apply([end(members[0], .succeeded, after: 60)])
        let parent = try #require(members[0].parent?.id.text)
        #expect(try await ledger.batch(parent, now: start + 3_600)?.phase == .running)
        #expect(try await ledger.batch(parent, now: start + 86_401)?.phase == .failed)
        let invoker = try #require(try await ledger.invokers().first)
        #expect(try await ledger.batchSummary(of: invoker, now: start + 3_600)?.lastFinished == nil)
        let summary = try await ledger.batchSummary(of: invoker, now: start + 86_401)
        #expect(summary?.lastFinished?.id == parent && summary?.consecutiveFailures == 1)
    }

    /// Asked for once more, it is still skipped.
    @Test func aMemberThatCannotBeginIsSkippedWithTheOthers() async throws {
        let ledger = try Ledger(path: ":memory:")
        _ = try await admit(try commands(), to: ledger)
        let (ready, unable) = try unable(.given("next"), after: 5)
        for _ in 0..<2 {
            let now = start + 5
            let (_, ended) = try await ledger.admit(ready.map { ($0, [1]) }, unable: unable, now: now) {
                StatusEvent($0, of: $1, now: now)
            }
            #expect(ended.map(\.phase) == [.skipped])
            #expect(try await batch(of: ready[0], in: ledger).phase == .skipped)
        }
    }

    @Test func aBatchThatRunsIsSkippedWhole() async throws {
        let ledger = try Ledger(path: ":memory:")
        _ = try await admit(try commands(), to: ledger)
        let next = try commands(.given("next"), after: 5)
        for case .new(let verdict) in try await admit(next, to: ledger) {
            guard case .skip = verdict else { throw Unexpected() }
        }
        let batch = try await batch(of: next[0], in: ledger)
        #expect(batch.phase == .skipped && batch.session?.conditions.map(\.type) == ["BackupSkipped"])
        #expect(batch.session?.error?.contains("of the same BackupBatch") == true)
    }

    /// The ledger is a projection: no order of arrival, and no repetition, shows.
    @Test func eventsMayComeInAnyOrder() async throws {
        let members = try commands(order: "Parallel")
        let events = [
            LedgerEvent(request: members[0], message: [1], publishedAt: start), end(members[0], .succeeded, after: 30),
            end(members[1], .failed, after: 40, error: "no cluster"),
            LedgerEvent(StatusEvent(of: members[1], phase: .running, source: .announced, startedAt: start + 1), at: start + 2),
        ]
        let parent = try #require(members[0].parent?.id.text)
        var expected: BatchSession?
        for turn in 0..<24 {
            // Each permutation of four, in the factorial number system.
            var (left, order, number) = (events, [LedgerEvent](), turn)
            for size in stride(from: 4, to: 0, by: -1) {
                order.append(left.remove(at: number % size))
                number /= size
            }
            let ledger = try Ledger(path: ":memory:")
            for event in order { try await ledger.apply([event, event]) }
            let batch = try #require(try await ledger.batch(parent))
            if let expected { #expect(batch == expected, "turn \(turn)") } else { expected = batch }
        }
        #expect(expected?.phase == .failed && expected?.session?.error == "member 2/2 (other): no cluster")
    }

    @Test func summariesCountABatchAsAWhole() async throws {
        let ledger = try Ledger(path: ":memory:")
        for (number, phases) in [(0, [Phase.succeeded, .succeeded]), (1, [.succeeded, .failed]), (2, [.failed, .failed])] {
            let members = try commands(.given("\(number)"), after: Double(number) * 10)
            for (member, phase) in zip(members, phases) {
                try await ledger.apply([
                    LedgerEvent(request: member, message: nil, publishedAt: start),
                    end(member, phase, after: Double(number) * 10 + 5, error: phase == .failed ? "x" : nil),
                ])
            }
        }
        let summary = try #require(try await ledger.summaries().first)
        #expect(summary.invoker == Invoker(kind: "BackupBatch", name: "all") && summary.consecutiveFailures == 2)
        #expect(summary.lastSuccess?.id == (try commands(.given("0"))[0].parent?.id.text))
        #expect(summary.lastFinished?.id == (try commands(.given("2"))[0].parent?.id.text))
        #expect(summary.lastSuccess?.documents == 10)
        let success = try #require(summary.lastSuccess)
        let results = try await ledger.surroundings(of: [success], at: start).results
        #expect(results.values.map(\.ok) == [2])

        #expect(
            try await ledger.prune(before: start + 1_000, keepingNewest: 1) == 2, "of three the newest and the last success stay")
        let kept = try await ledger.sessions(limit: 10).compactMap(\.identity?.parent?.id.text)
        #expect(
            Set(kept)
                == [summary.lastSuccess?.id, summary.lastFinished?.id].compactMap(\.self).reduce(into: []) { $0.insert($1) })
        #expect(kept.count == 4)
    }

    /// One push has the session's metrics once and those of each target.
    @Test func metricsOfABatchArePushedTogether() async throws {
        let ledger = try Ledger(path: ":memory:")
        let members = try commands()
        for member in members { try await ledger.apply([LedgerEvent(request: member, message: nil, publishedAt: start)]) }
        try await ledger.apply([end(members[0], .succeeded, after: 30)])
        #expect(try await ledger.sessionsToPush(since: start).isEmpty, "one of its members runs")
        try await ledger.apply([end(members[1], .succeeded, after: 40)])
        let sessions = try await ledger.sessionsToPush(since: start)
        #expect(sessions.map(\.id) == members.map(\.id.text))
        let batch = try await batch(of: members[0], in: ledger)
        let targets = zip(batch.members, members).map {
            StashMetrics.Target(session: $0, command: $1, indices: ["a"], earlierIndices: [])
        }
        let families = StashMetrics(try #require(batch.session), targets: targets).families
        func samples(_ name: String) -> [MetricFamily.Sample] { families.first { $0.name == name }?.samples ?? [] }
        #expect(samples("stash_backup_session_success").map(\.value) == [1])
        #expect(samples("stash_appscode_com_backupsession_target_count_total").map(\.value) == [2])
        let successes = samples("stash_appscode_com_backupsession_target_success")
        #expect(successes.map { $0.labels.last?.1 } == ["es", "other"])
        #expect(successes.allSatisfy { sample in sample.labels.contains { $0 == ("invoker_kind", "BackupBatch") } })
        #expect(Set(families.map(\.name)).count == families.count)
    }

    /// Schedules of a ledger from before there were plans of two kinds stay.
    @Test func schedulesOfAnOlderLedgerAreThoseOfConfigurations() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "batches-\(UUID().uuidString).sqlite").path
        defer { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) } }
        let before = try #require(LedgerSchema.migrations.firstIndex(of: LedgerSchema.batches))
        do {
            let old = try SQLiteDatabase(path: path, migrations: Array(LedgerSchema.migrations[..<before]))
            try old.run("INSERT INTO schedules VALUES ('demo', 'nightly', 'rule', 1000, 2000, 1500, 0, NULL)")
        }
        let ledger = try Ledger(path: path)
        let state = try await ledger.scheduleState(of: PlanName(namespace: "demo", name: "nightly"))
        #expect(state?.rule == "rule" && state?.lastSlot == Timestamp(milliseconds: 1_500))
        #expect(try await ledger.scheduleState(of: PlanName(kind: .backupBatch, namespace: "demo", name: "nightly")) == nil)
    }
}
