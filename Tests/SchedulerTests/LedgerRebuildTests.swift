import FoundationEssentials
import Messages
import Runtime
import Testing

@testable import Scheduler

/// A ledger that learns anew what repositories remember.
@Suite struct LedgerRebuildTests {
    private let start: Timestamp
    private let disk = ResourceKey(kind: .repository, namespace: "demo", name: "disk")

    init() throws { start = try moment("2026-11-23T02:00:00Z") }

    private func command(_ id: String, plan: String = "nightly", after seconds: Double = 0) throws -> SessionCommand {
        SessionCommand(
            kind: .backup, id: try #require(SessionID(id)), name: "\(plan)-\(id)", namespace: "demo",
            requestedAt: start + seconds,
            target: AppBinding(
                metadata: ObjectMeta(name: "es", namespace: "demo"), spec: .init(clientConfig: .init(url: "https://es:9200"))),
            repository: Repository(
                metadata: ObjectMeta(name: "disk", namespace: "demo"),
                spec: .init(backend: Backend(.local(.init(mountPath: "/backups"))))),
            configuration: BackupConfiguration(
                metadata: ObjectMeta(name: plan, namespace: "demo"),
                spec: .init(target: .init(ref: TargetRef(name: "es")), repository: ObjectReference(name: "disk"))))
    }

    private func final(_ command: SessionCommand, _ phase: Phase = .succeeded, took seconds: Double = 60) -> StatusEvent {
        StatusEvent(
            of: command, phase: phase, source: .final, startedAt: command.requestedAt + 1,
            finishedAt: command.requestedAt + seconds,
            snapshot: phase == .succeeded ? SnapshotID("20261123T020000Z-\(command.id)") : nil,
            indices: [IndexResult(name: "flights", expectedDocuments: 10, documents: 9, bytes: 900, storedBytes: 90)],
            error: phase == .failed ? "no" : nil)
    }

    private func reading(of ledger: Ledger) async throws -> Rebuild.Reading {
        try #require(try await ledger.rebuild().readings[disk])
    }

    private func began(_ ledger: Ledger) async throws -> Rebuild.Reading {
        try await ledger.beginReadings(of: [disk], askedAt: try #require(try await ledger.rebuildAskedAt()))
        return try await reading(of: ledger)
    }

    private func take(_ page: FinalsPage, into ledger: Ledger) async throws {
        try await ledger.take(page, for: try await reading(of: ledger), source: "/sheaf/scheduler/one", now: start + 1_000)
    }

    @Test func aLedgerThatWasMadeAnewIsToBeRebuiltAndAnOldOneIsNot() async throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/ledger.sqlite"
        let before = try SQLiteDatabase(path: file, migrations: Array(LedgerSchema.migrations.prefix(4)))
        try before.run(
            """
            INSERT INTO sessions (id, created_at, first_event_at, message, phase, source, status_at, conditions)
            VALUES ('a', 1, 1, x'0102', 'Pending', 0, 0, '[]')
            """)
        let upgraded = try Ledger(path: file)
        #expect(try await upgraded.rebuildAskedAt() == nil)
        #expect(try await upgraded.rebuild() == Rebuild())
        #expect(try await upgraded.message(of: "a") == [1, 2], "the message has moved with its session")
        let new = try Ledger(path: ":memory:")
        #expect(try #require(try await new.rebuildAskedAt()) > start - 86_400 * 3650)
    }

    /// Pages, live events and both, in every order and twice: one ledger.
    @Test func pagesAndLiveEventsMixInAnyOrder() async throws {
        let (old, open) = (try command("a"), try command("b", after: 100))
        let page = FinalsPage(statuses: [final(old)], begun: [.init(command: open, startedAt: open.requestedAt + 2)])
        let running = StatusEvent(of: open, phase: .running, source: .announced, startedAt: open.requestedAt + 2)
        let live: [LedgerEvent] = [
            LedgerEvent(request: open, message: [7], publishedAt: open.requestedAt),
            LedgerEvent(running, at: open.requestedAt + 2), LedgerEvent(final(open), at: open.requestedAt + 61),
        ]
        var seen: [[LedgerSession]] = []
        for pageAt in 0...3 {
            for isTwice in [false, true] {
                let ledger = try Ledger(path: ":memory:")
                _ = try await began(ledger)
                for number in 0...3 {
                    if number == pageAt { for _ in 0...(isTwice ? 1 : 0) { try await take(page, into: ledger) } }
                    if number < 3 { try await ledger.apply([live[number]]) }
                }
                seen.append(try await ledger.sessions(limit: 10))
            }
        }
        #expect(seen.allSatisfy { $0 == seen[0] }, "\(seen)")
        #expect(seen[0].map(\.id) == ["b", "a"] && seen[0].allSatisfy { $0.phase == .succeeded && $0.source == .final })
        #expect(seen[0].map(\.documents) == [9, 9] && seen[0].map(\.duration) == [.seconds(59), .seconds(59)])
    }

    @Test func aSessionThatGoesOnCanBeRescuedAndHoldsItsPlan() async throws {
        let ledger = try Ledger(path: ":memory:")
        _ = try await began(ledger)
        let open = try command("b")
        try await take(FinalsPage(begun: [.init(command: open, startedAt: start + 2)]), into: ledger)
        #expect(try await ledger.command(of: "b") == open)
        let quiet = try #require(try await ledger.quietSessions(since: start + 900).first)
        #expect(quiet.message != nil && quiet.session.startedAt == start + 2 && quiet.session.phase == .running)
        let next = try command("c", after: 60)
        let admitted = try await ledger.admit(next, message: [1], now: start + 60) { StatusEvent($0, of: next, now: start + 60) }
        guard case .new(.skip) = admitted else { throw Missing() }
    }

    @Test func aReadingGoesOnWhereItWasAndAFailureKeepsItsPlace() async throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/ledger.sqlite"
        do {
            let ledger = try Ledger(path: file)
            _ = try await began(ledger)
            try await take(FinalsPage(statuses: [final(try command("a"))], next: "20261123T020000Z-a"), into: ledger)
            try await ledger.noteFailure(of: try await reading(of: ledger), "away", isAbsent: false, now: start)
        }
        let ledger = try Ledger(path: file)
        var now = try await began(ledger)
        #expect(now.next == "20261123T020000Z-a" && now.sessions == 1 && now.pages == 1 && now.isOpen)
        #expect(now.failures == 1 && now.error == "away" && now.tryAt == start + 5)
        try await take(FinalsPage(damages: ["b is damaged"]), into: ledger)
        now = try await reading(of: ledger)
        #expect(!now.isOpen && now.doneAt == start + 1_000 && now.failures == 0 && now.error == "b is damaged")

        // Asked again, all begins anew, and what was under way for the first does not count.
        try await ledger.askForRebuild(now: start)
        #expect(try await ledger.rebuild().readings.isEmpty)
        try await ledger.take(FinalsPage(), for: now, source: "", now: start)
        #expect(try await began(ledger).isOpen)
    }

    @Test func pausesGrowToFiveMinutes() {
        #expect((1...9).map { Rebuild.pause(after: $0).seconds } == [5, 10, 20, 40, 80, 160, 300, 300, 300])
    }

    @Test func schedulesWaitForTheNewestSessionsAndNotForLong() throws {
        var reading = Rebuild.Reading(namespace: "demo", name: "disk", askedAt: start, tryAt: start)
        #expect(Rebuild(askedAt: start).holds(disk, at: start + 1))
        #expect(Rebuild(askedAt: start, readings: [reading]).holds(disk, at: start + 29))
        #expect(!Rebuild(askedAt: start, readings: [reading]).holds(disk, at: start + 30))
        #expect(!Rebuild(askedAt: start, readings: [reading]).holds(disk, at: start - 60), "the clock was set back")
        #expect(!Rebuild().holds(disk, at: start))
        reading.pages = 1
        #expect(Rebuild(askedAt: start, readings: [reading]).holds(disk, at: start + 1), "those that go on come last")
        reading.doneAt = start
        #expect(!Rebuild(askedAt: start, readings: [reading]).holds(disk, at: start + 1))
        (reading.doneAt, reading.isAbsent) = (nil, true)
        #expect(!Rebuild(askedAt: start, readings: [reading]).holds(disk, at: start + 1))
    }

    /// A slot whose session was read does not fire; one that was missed since does, once.
    @Test func aPlansScheduleGoesOnFromItsLastSession() async throws {
        let ledger = try Ledger(path: ":memory:")
        _ = try await began(ledger)
        let plan = PlanName(namespace: "demo", name: "nightly")
        let schedule = CronSchedule(expression: try CronExpression("0 * * * *"), zone: .utc, delay: .seconds(30))
        #expect(try await ledger.recalledState(of: plan, schedule: schedule) == nil)
        let first = try command("a", after: 31)
        try await take(FinalsPage(statuses: [final(first), final(try command("b", after: 3_631), .failed)]), into: ledger)
        let state = try #require(try await ledger.recalledState(of: plan, schedule: schedule))
        #expect(state.knownSince == start + 31 && state.handledUntil == start + 3_601)
        #expect(schedule.advance(state, to: start + 7_229, isPaused: false).actions.isEmpty)
        #expect(
            schedule.advance(state, to: start + 4 * 3_600, isPaused: false).actions == [.fire(slot: start + 3 * 3_600, missed: 1)]
        )
        #expect(schedule.advance(state, to: start + 4 * 3_600, isPaused: true).actions.isEmpty)
    }

    @Test func aHeldPlanLosesNoSlot() async throws {
        let ledger = try Ledger(path: ":memory:")
        var recall = Recall()
        let asked = start + 3_590
        _ = recall.take(Rebuild(askedAt: asked))
        let plan = PlanName(namespace: "demo", name: "nightly")
        let schedule = CronSchedule(expression: try CronExpression("0 * * * *"), zone: .utc)
        let held = [0.0, 20, 31].map { recall.holds(plan, of: disk, at: asked + $0) }
        #expect(held == [true, true, false])
        let state = try #require(
            try await recall.state(of: plan, schedule, repository: disk, in: ledger, at: asked + 31))
        #expect(schedule.advance(state, to: asked + 31, isPaused: false).actions == [.fire(slot: start + 3_600, missed: 0)])
    }

    @Test(arguments: [
        Array("certainly not a database, but long enough to be looked at".utf8),
        Array("SQLite format 3\u{0}".utf8) + [UInt8](repeating: 0xFF, count: 8_176),
    ])
    func aDamagedFileIsKeptAndANewOneIsToBeRebuilt(bytes: [UInt8]) async throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/ledger.sqlite"
        for _ in 0..<2 {
            try Data(bytes).write(to: URL(filePath: file))
            try Data([1]).write(to: URL(filePath: file + "-wal"))
            let opened = try Ledger.opening(path: file, now: start)
            let damage = try #require(opened.damage)
            #expect(damage.cause.contains(file))
            #expect(try Array(Data(contentsOf: URL(filePath: damage.keptAt))) == bytes)
            #expect(try await opened.ledger.rebuildAskedAt() != nil)
        }
        let kept = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
            $0.contains(".damaged-") && !$0.hasSuffix("-wal")
        }
        #expect(kept.count == 2, "\(kept)")
        #expect(try Ledger.opening(path: file, now: start).damage == nil)
    }
}

/// What a test expected is not there.
struct Missing: Error {}
