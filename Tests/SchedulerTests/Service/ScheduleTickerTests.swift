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
            measurements: Measurements(), version: "0", logger: logger, isUpToDate: { false })
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    private static func manifests(delay: String = "10m", schedule: String = "0 2 * * *", timeOut: String = "90m") -> String {
        SessionFactoryTests.manifests(usage: SessionFactoryTests.usable).replacing("timeOut: 90m", with: "timeOut: \(timeOut)")
            + "  schedule: \"\(schedule)\"\n  retryConfig: {maxRetry: 1, delay: \(delay)}\n"
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
}
