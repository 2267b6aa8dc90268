package import AMQP
import API
import Bus
import FoundationEssentials
import Messages
package import Runtime
import WebServer

/// What one Scheduler process is told when it starts.
package struct SchedulerSettings: Sendable {
    /// Names its reply queue, `sheaf.reply.<name>`; unique among the Schedulers of a broker.
    package var name: String
    /// Folder of manifests; `sheaf apply` writes into it.
    package var resources: String
    /// Folder of the ledger, created when missing.
    package var state: String
    /// Where the API, the page, `/metrics` and `/healthz` are served.
    package var host: String
    package var port: Int
    package var version: String
    /// Where the metrics of finished sessions are pushed to; nil: nowhere.
    package var pushgateway: String?
    /// The file of tokens (docs/api.md); nil: that of the state folder.
    package var tokens: String?
    /// A session that a worker has begun and that said nothing for so long is published again, unless units wait.
    package var quietLimit = Duration.seconds(15 * 60)

    package init(name: String, resources: String, state: String, host: String, port: Int, version: String) {
        self.name = name
        self.resources = resources
        self.state = state
        self.host = host
        self.port = port
        self.version = version
    }
}

/// Turns schedules and triggers into session messages, and keeps the ledger by the events that come back.
///
/// It never touches storage and needs none of the secrets: it can be lost, and every session still ends right.
package final class SchedulerService: Service {
    private let settings: SchedulerSettings
    private let broker: BrokerAddress
    private let logger: Logger
    private let folder: ResourceFolder
    private let ledger: Ledger
    private let starter: SessionStarter
    private let registry = MetricsRegistry()
    private let measurements = Measurements()
    private let server: HTTPServer
    private let isConnected: Lock<Bool>
    private let pusher: MetricsPusher?
    private let inquiry: WorkerInquiry
    private let feed = EventFeed()
    private let schedules = Lock<[PlanName: ScheduleBook.Summary]>([:])
    private let queueStates = Lock<[BrokerConnection.QueueState]>([])

    /// - Throws: `ManifestError`, `SchedulerError`, `WebServerError`: what must be right before it starts.
    package init(settings: SchedulerSettings, broker: BrokerAddress, logger: Logger) throws {
        self.settings = settings
        self.broker = broker
        self.logger = logger
        // Its ledger names indices.
        try FileManager.default.createDirectory(
            atPath: settings.state, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o750])
        let pauses = try PauseFile(path: "\(settings.state)/pauses.json")
        folder = try ResourceFolder(path: settings.resources, pauses: pauses, logger: logger)
        let opened = try Ledger.opening(path: "\(settings.state)/ledger.sqlite", now: .now())
        ledger = opened.ledger
        if let damage = opened.damage {
            logger.error(
                "the ledger was damaged; a new one is rebuilt by asking workers, and the damaged one is kept",
                metadata: ["error": .string(damage.cause), "keptAt": .string(damage.keptAt)])
        }
        starter = SessionStarter(
            publisher: MessagePublisher(address: broker, name: "sheaf-scheduler \(settings.name) publish"),
            envelope: Envelope(source: "/sheaf/scheduler/\(settings.name)", appID: "sheaf-scheduler"), ledger: ledger,
            logger: logger)
        pusher = try settings.pushgateway.map { [folder, ledger] url in
            MetricsPusher(gateway: try Pushgateway(url: url), ledger: ledger, plans: { await folder.plans() }, logger: logger)
        }
        inquiry = WorkerInquiry(broker: broker, name: settings.name)
        let connected = Lock(false)
        isConnected = connected
        let tokens = try TokenStore(path: settings.tokens, state: settings.state, logger: logger)
        let logins = PageLogins(actor: { tokens.actor(of: $0) })
        let gate = Gate(actor: { tokens.actor(of: $0) }, visitor: { logins.actor(of: $0) })
        let operations = SchedulerOperations(
            folder: folder, ledger: ledger, starter: starter, inquiry: inquiry, pauses: pauses, schedules: schedules,
            queueStates: queueStates, isConnected: { connected.withLock { $0 } }, version: settings.version, logger: logger)
        let api = APIRoutes(
            operations: operations, resources: ResourceOperations(ledger: ledger, folder: folder, logger: logger),
            events: EventStream(ledger: ledger, feed: feed), gate: gate)
        let page = pageRoutes(operations: operations, logins: logins, version: settings.version, logger: logger)
        server = try HTTPServer(
            host: settings.host, port: settings.port,
            routes: [
                .get("/healthz") { _ in
                    connected.withLock { $0 } ? .text("ok\n") : .text("no connection to the broker\n", status: 503)
                },
                .get("/metrics") { [registry] request in
                    do throws(Problem) {
                        _ = try gate.admit(request, .viewer)
                    } catch {
                        return .problem(error)
                    }
                    return .text(registry.exposition(), contentType: "text/plain; version=0.0.4; charset=utf-8")
                },
            ] + api.all() + page,
            refuse: { .problem(Problem($1, of: $0)) })
    }

    package func run() async throws {
        logger.info("serving the API and metrics", metadata: ["address": .string("http://\(server.host):\(server.port)")])
        let ticker = ScheduleTicker(
            quietLimit: settings.quietLimit, folder: folder, starter: starter, ledger: ledger, registry: registry,
            measurements: measurements, schedules: schedules,
            version: settings.version, logger: logger, isUpToDate: { [isConnected] in isConnected.withLock { $0 } })
        let rebuilder = LedgerRebuilder(
            folder: folder, ledger: ledger, source: starter.envelope.source, logger: logger,
            ask: { [inquiry] in try await inquiry.ask($0) })
        try await cancelWhenGracefulShutdown {
            do {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await ticker.run() }
                    group.addTask { try await self.consume() }
                    group.addTask { try await self.inquiry.run() }
                    group.addTask { try await self.feed.run() }
                    group.addTask { try await rebuilder.run() }
                    if let pusher = self.pusher { group.addTask { try await pusher.run() } }
                    // The first error ends all; `waitForAll` would wait for those that never end.
                    for try await _ in group {}
                }
            } catch is CancellationError {
                // The shutdown; deliveries in hand come again and change nothing.
            }
        }
        await starter.publisher.close()
        server.stop()
    }

    private func consume() async throws {
        try await withReconnection(to: broker, name: "sheaf-scheduler \(settings.name) consume") { [isConnected, logger] state in
            switch state {
            case .connected: logger.info("connected to the broker")
            case .disconnected(let error, let pause):
                isConnected.withLock { $0 = false }
                logger.warning(
                    "no connection to the broker", metadata: ["error": .string(error.message), "retryIn": .string("\(pause)")])
            }
        } _: { connection in
            let outcome = try await Topology(schedulers: [settings.name]).check(on: connection)
            if let gap = outcome.gap { logger.debug("the broker was looked over in part", metadata: ["reason": .string(gap)]) }
            let triggers = try await connection.consume(
                queue: Topology.triggerQueue, prefetch: 4, maximumBodySize: PoisonError.maximumCommand + PoisonError.margin)
            let replies = Topology.replyQueue(of: settings.name)
            let untold = try await connection.declareQueue(replies, passive: true).messages
            let events = try await connection.consume(
                queue: replies, prefetch: 64, maximumBodySize: PoisonError.maximumEvent + PoisonError.margin)
            let trigger = TriggerHandler(folder: folder, starter: starter, ledger: ledger)
            let listener = EventListener(ledger: ledger, measurements: measurements, feed: feed)
            // What happened while nobody listened comes before any decision.
            try await serve(events, first: untold) { try await listener.handle($0) }
            isConnected.withLock { $0 = true }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.serve(triggers) { try await trigger.handle($0) } }
                group.addTask { try await self.serve(events) { try await listener.handle($0) } }
                group.addTask { [registry, queueStates] in
                    try await QueueWatch(registry: registry, states: queueStates).run(on: connection)
                }
                try await group.next()
                // One consumer's end is the connection's: both start again.
                group.cancelAll()
            }
        }
    }

    /// - Parameter first: returns after so many deliveries; nil: never.
    private func serve(
        _ consumer: Consumer, first limit: Int? = nil, _ handle: @Sendable (Delivery) async throws -> Void
    ) async throws {
        var served = 0
        guard limit != 0 else { return }
        for try await delivery in consumer {
            while true {
                do {
                    do {
                        try await handle(delivery)
                        try await Failpoints.around(.schedulerAck) { try await delivery.ack() }
                    } catch let error as PoisonError {
                        logger.warning(
                            "a message goes to the dead letters",
                            metadata: ["reason": .string(error.message), "queue": .string(delivery.queue)])
                        try await starter.publisher.bury(delivery, starter.envelope, reason: error.message)
                    }
                    break
                } catch  where !(error is CancellationError) && delivery.isSettleable {
                    // A full disk, a broker in an alarm: the same message changes nothing the second time, and none may be lost.
                    logger.error("a message could not be handled and is tried again", metadata: ["error": .string("\(error)")])
                    try await Task.sleep(for: .seconds(2))
                }
            }
            served += 1
            if served == limit { return }
        }
    }
}
