import Bus
import FoundationEssentials
import Manifests
import Messages
import Runtime
import Testing

@testable import AMQP
@testable import Scheduler

/// Parts of a tick that need no broker: that of these tests is not there.
@Suite final class ScheduleTickerTests {
    private let path: String
    private let ledger: Ledger
    private let folder: ResourceFolder
    private let ticker: ScheduleTicker
    private let registry = MetricsRegistry()
    private let start = SessionFactoryTests.now

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "ticker-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data(Self.manifests().utf8).write(to: URL(filePath: "\(path)/plan.yaml"))
        let logger = Logger(label: "test", level: .critical, handler: JSONLogHandler())
        ledger = try Ledger(path: "\(path)/ledger.sqlite")
        folder = try ResourceFolder(path: path, logger: logger)
        let publisher = MessagePublisher(address: try BrokerAddress("amqp://127.0.0.1:9/"), name: "test", attempts: 1)
        let starter = SessionStarter(
            publisher: publisher, envelope: Envelope(source: "/sheaf/scheduler/test", appID: "test"), ledger: ledger,
            logger: logger)
        ticker = ScheduleTicker(
            quietLimit: .seconds(900), folder: folder, starter: starter, ledger: ledger, registry: registry,
            measurements: Measurements(), schedules: Lock([:]), version: "0", logger: logger, isUpToDate: { false })
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    private static func manifests(delay: String = "10m", schedule: String = "0 2 * * *", timeOut: String = "90m") -> String {
        SessionFactoryTests.manifests(usage: SessionFactoryTests.usable).replacing("timeOut: 90m", with: "timeOut: \(timeOut)")
            + "\n  schedule: \"\(schedule)\"\n  retryConfig: {maxRetry: 1, delay: \(delay)}\n"
    }

    private func command(_ key: SessionFactory.Key) async throws -> SessionCommand {
        let factory = SessionFactory(resources: await folder.resources(), now: start)
        guard case .command(let command) = try factory.backup(namespace: "demo", name: "nightly", key: key) else {
            throw PoisonError("no command was made")
        }
        return command
    }

    /// A run that failed after a minute.
    private func failedRun() async throws -> SessionCommand {
        let command = try await command(.slot(start))
        try await ledger.apply([
            LedgerEvent(request: command, message: [1], publishedAt: start),
            LedgerEvent(StatusEvent(of: command, phase: .failed, source: .final, finishedAt: start + 60), at: start + 60),
        ])
        return command
    }

    /// The Scheduler was killed after it had published the retry and before it noted that, or another Scheduler made it.
    @Test func aRetryThatIsThereIsNotedAsTheRetry() async throws {
        let failed = try await failedRun()
        let retry = try await command(.retry(of: failed.id.text))
        try await ledger.apply([LedgerEvent(request: retry, message: [1], publishedAt: start + 700)])
        try await ledger.apply([LedgerEvent(session: retry.id.text, time: start + 700, content: .rescue)])
        try await ticker.retry(await folder.resources(), ScheduleBook(), start + 701)
        #expect(try await ledger.session(failed.id.text)?.retriedAs == retry.id.text)
        #expect(try await ledger.sessionsToRetry().isEmpty)
    }

    @Test func aDelayThatWasMadeLongerIsNotedOnce() async throws {
        let failed = try await failedRun()
        try await ticker.retry(await folder.resources(), ScheduleBook(), start + 61)
        #expect(try await ledger.session(failed.id.text)?.nextRetry == start + 660)
        try Data(Self.manifests(delay: "1h").utf8).write(to: URL(filePath: "\(path)/plan.yaml"))
        try await ticker.retry(await folder.resources(), ScheduleBook(), start + 62)
        #expect(try await ledger.session(failed.id.text)?.nextRetry == start + 3_660, "else it is noted each second")
    }

    @Test func aSessionThatNoWorkerBeginsExpiresAfterAWhile() async throws {
        let command = try await command(.given("hand"))
        try await ledger.apply([LedgerEvent(request: command, message: [1], publishedAt: start)])
        try await ticker.giveUp(start + 5_400 + 900)
        #expect(try await ledger.session(command.id.text)?.phase == .pending)
        try await ticker.giveUp(start + 5_401 + 900)
        let session = try #require(try await ledger.session(command.id.text))
        #expect(session.phase == .failed && session.source == .scheduler && session.conditions.map(\.type) == ["Expired"])
        #expect(session.error?.contains("are workers running") == true)
    }

    /// As after a start with a mistake in its manifest: it is refused, and not gone.
    @Test func aPlanIsGoneOnlyWhenAFolderWithoutErrorsDoesNotNameIt() async throws {
        let key = ResourceKey(kind: .backupConfiguration, namespace: "demo", name: "nightly")
        let logger = Logger(label: "test", level: .critical, handler: JSONLogHandler())
        try Data(Self.manifests(timeOut: "abc").utf8).write(to: URL(filePath: "\(path)/plan.yaml"))
        var plans = await (try ResourceFolder(path: path, logger: logger)).plans()
        #expect(plans.keys == [key] && plans.errors == 1 && !plans.isWhole && !plans.isGone(key))
        try Data("kind: [".utf8).write(to: URL(filePath: "\(path)/plan.yaml"))
        plans = await (try ResourceFolder(path: path, logger: logger)).plans()
        #expect(plans.keys.isEmpty && plans.errors == 1 && !plans.isGone(key))
        // A volume that is not mounted yet.
        try FileManager.default.removeItem(atPath: "\(path)/plan.yaml")
        plans = await (try ResourceFolder(path: path, logger: logger)).plans()
        #expect(plans.errors == 0 && !plans.isGone(key))
        let others = try #require(Self.manifests().components(separatedBy: "---").first)
        try Data(others.utf8).write(to: URL(filePath: "\(path)/plan.yaml"))
        plans = await (try ResourceFolder(path: path, logger: logger)).plans()
        #expect(plans.isWhole && plans.isGone(key))
    }

    private func page(at now: Timestamp, of folder: ResourceFolder? = nil) async throws -> [String] {
        let (resources, plans) = await (folder ?? self.folder).loaded()
        let configurations = resources.backupConfigurations.map(\.value)
        var book = ScheduleBook()
        ticker.read(configurations, into: &book)
        try await ticker.recall(configurations, &book, now)
        try await ticker.refreshMetrics(configurations, plans, book, now: now)
        return registry.exposition().split(separator: "\n").map(String.init)
    }

    private static let labels =
        "invoker_kind=\"BackupConfiguration\",invoker_name=\"nightly\",namespace=\"demo\",repository=\"disk\""

    /// As the first page of a Scheduler that was started without its broker.
    @Test func thePageOfARestartHasWhatTheAlertOnLateBackupsNeeds() async throws {
        let since = start - 10 * 86_400
        try await ledger.save(
            CronSchedule.State(rule: "0 2 * * * UTC", knownSince: since, handledUntil: start), namespace: "demo", name: "nightly")
        let lines = try await page(at: start)
        for expected in [
            "stash_backupconfiguration_created{\(Self.labels)} 1763136000", "stash_backup_overdue{\(Self.labels)} 1",
            "stash_backup_expected_interval_seconds{\(Self.labels)} 86400", "stash_manifest_errors 0",
        ] { #expect(lines.contains(expected), "\(expected) is missing of \(lines.filter { $0.contains("nightly") })") }
        #expect(lines.contains { $0.hasPrefix("stash_backup_next_run_time_seconds{\(Self.labels)} ") })
    }

    /// One that is refused, and one in a file that is not even YAML.
    @Test(arguments: ["refused", "unreadable"]) func aMistakeInAManifestEndsNoAlertOfItsPlan(kind: String) async throws {
        _ = try await failedRun()
        try await ledger.save(
            CronSchedule.State(rule: "0 2 * * * UTC", knownSince: start - 10 * 86_400, handledUntil: start), namespace: "demo",
            name: "nightly")
        try Data((kind == "refused" ? Self.manifests(timeOut: "abc") : "kind: [").utf8)
            .write(to: URL(filePath: "\(path)/plan.yaml"))
        let logger = Logger(label: "test", level: .critical, handler: JSONLogHandler())
        let lines = try await page(at: start + 600, of: try ResourceFolder(path: path, logger: logger))
        for expected in [
            "stash_backup_overdue{\(Self.labels)} 1", "stash_backup_session_success{\(Self.labels)} 0",
            "stash_backup_expected_interval_seconds{\(Self.labels)} 86400", "stash_manifest_errors 1",
        ] { #expect(lines.contains(expected), "\(expected) is missing of \(lines.filter { $0.contains("nightly") })") }
    }

    @Test func aPlanThatWasGoneForAWhileIsNewWhenItComesBack() async throws {
        let state = CronSchedule.State(rule: "0 2 * * * UTC", knownSince: start - 86_400, handledUntil: start)
        try await ledger.save(state, namespace: "demo", name: "nightly")
        let (all, none) = (await folder.plans(), LoadedPlans(keys: [], errors: 0, isWhole: true))
        var broken = none
        broken.isWhole = false
        func remembers() async throws -> Bool { try await ledger.scheduleState(namespace: "demo", name: "nightly") != nil }
        try await ticker.forget(none, start)
        try await ticker.forget(none, start + 240)
        // Back in time, it is the same plan; the next absence counts anew.
        try await ticker.forget(all, start + 290)
        try await ticker.forget(none, start + 300)
        try await ticker.forget(broken, start + 400)
        try await ticker.forget(none, start + 699)
        #expect(try await remembers())
        try await ticker.forget(none, start + 700)
        try await ticker.forget(none, start + 1_000)
        #expect(try await !remembers())
    }
}
