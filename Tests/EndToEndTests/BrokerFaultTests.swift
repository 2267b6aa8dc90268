import AMQP
import Bus
import Foundation
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// What somebody does to the broker while programs run on it; each test has a broker of its own.
    @Suite struct BrokerFaultTests {
        @Test(.timeLimit(.minutes(2))) func aDeletedQueueIsNamedAndReadAgainOnceItIsDeclared() async throws {
            try await withPrograms { _, site, connection, scheduler, worker in
                let queues = [WorkQueue.query.name, Topology.triggerQueue]
                for queue in queues { try await connection.deleteQueue(queue) }
                for (program, queue) in zip([worker, scheduler], queues) {
                    _ = try await program.log.first("\(program.name) to lose \(queue)", within: .seconds(30)) {
                        $0.contains("the broker ended the consumer of queue \(queue)")
                    }
                    _ = try await program.log.first("\(program.name) to say what is missing", within: .seconds(30)) { line in
                        line.contains("sheaf topology apply") && queues.contains { line.contains("no queue '\($0)'") }
                    }
                }
                let declared = try await site.sheaf(["topology", "apply"])
                #expect(declared.exit == .code(0), "\(declared)")
                for queue in queues { try await consumer(of: queue, connection) }
                // The Scheduler names the repository, the worker looks into its folder, which nobody has made a repository.
                let snapshots = try await site.sheaf(["snapshots", "--output", "json"])
                #expect(try snapshots.last["message"]?.string?.contains(site.repository) == true, "\(snapshots)")
                #expect(worker.isRunning && scheduler.isRunning)
            }
        }

        /// The worker's user may not write to the default exchange, where answers go.
        @Test(.timeLimit(.minutes(2))) func aQueryThatCannotBeAnsweredIsNotTheLast() async throws {
            try await ChaosBroker.use { broker in
                let connection = try await broker.open("sheaf-tests")
                try await Topology().declare(on: connection)
                try await broker.control("add_user", "limited", "limited")
                try await broker.control("set_permissions", "limited", ".*", "^sheaf[.].*", ".*")
                try await Site.use(amqpURL: broker.url) { site in
                    let worker = try await site.startWorker(
                        "one", ["--amqp-url", "amqp://limited:limited@127.0.0.1:\(broker.port)/"])
                    let answers = try await connection.declareQueue("", durable: false, exclusive: true).name
                    try await ask("first", answers, connection)
                    let failures = Lock(0)
                    _ = try await worker.log.first("the worker to fail twice", within: .seconds(30)) { line in
                        guard line.contains("a delivery is given back") else { return false }
                        return failures.withLock {
                            $0 += 1
                            return $0 == 2
                        }
                    }
                    try await broker.control("set_permissions", "limited", ".*", ".*", ".*")
                    try await ask("second", answers, connection)
                    var replies = try await connection.consume(queue: answers, prefetch: 1).makeAsyncIterator()
                    var answered: Set<String?> = []
                    // The first one may still be answered: it was given back each time.
                    while !answered.contains("second/reply") {
                        let reply = try #require(try await replies.next())
                        answered.insert(reply.properties.messageID)
                        try await reply.ack()
                    }
                }
                await connection.close()
            }
        }

        /// The broker returns the copy: an error that no repetition mends, until somebody declares the queue.
        @Test(.timeLimit(.minutes(2))) func poisonWithoutAQueueForDeadLettersWaitsForIt() async throws {
            try await withPrograms { _, site, connection, scheduler, worker in
                // It says that it is connected before it has looked at the queues.
                try await consumer(of: Topology.triggerQueue, connection)
                try await connection.deleteQueue(Topology.dead)
                let publications = [(Topology.trigger, "trigger.backup.x"), (Topology.command, "unit.backup.x")]
                for (exchange, key) in publications {
                    try await connection.publish(
                        OutgoingMessage(
                            exchange: exchange, routingKey: key, properties: MessageProperties(contentType: "text/plain"),
                            body: [1], mandatory: true))
                }
                for (program, line) in [
                    (scheduler, "a message could not be handled and is tried again"), (worker, "a delivery is given back"),
                ] {
                    _ = try await program.log.first("\(program.name) to keep the message", within: .seconds(30)) {
                        $0.contains(line)
                    }
                }
                #expect(try await site.sheaf(["topology", "apply"]).exit == .code(0))
                var origins: Set<String> = []
                var letters = try await connection.consume(queue: Topology.dead, prefetch: 1).makeAsyncIterator()
                for _ in publications {
                    let letter = try #require(try await letters.next())
                    origins.insert(letter.properties.headers[Envelope.Header.origin]?.string ?? "")
                    try await letter.ack()
                }
                #expect(origins == [Topology.triggerQueue, WorkQueue.backupUnit.name])
                #expect(worker.isRunning && scheduler.isRunning)
            }
        }

        /// As after a broker's fault: the worker's consumer stands and gets nothing, here because another one of its queue is preferred.
        @Test(.timeLimit(.minutes(2))) func aWorkerThatIsForgottenConnectsAgain() async throws {
            try await ChaosBroker.use { broker in
                let connection = try await broker.open("sheaf-tests")
                try await Topology().declare(on: connection)
                let queue = WorkQueue.query.name
                try await connection.deleteQueue(queue)
                try await connection.declareQueue(
                    queue, arguments: ["x-queue-type": "quorum", "x-single-active-consumer": true])
                try await connection.bindQueue(queue, to: Topology.command, routingKey: "query.#")
                // With no right to compare the queue's arguments with what they should be.
                try await broker.control("add_user", "limited", "limited")
                try await broker.control("set_permissions", "limited", "^sheaf[.]control[.].*", ".*", ".*")
                try await Site.use(amqpURL: broker.url) { site in
                    let answers = try await connection.declareQueue("", durable: false, exclusive: true).name
                    let holding = try await broker.open("sheaf-tests preferred")
                    let preferred = try await holding.consume(queue: queue, prefetch: 1)
                    for id in ["held", "waiting"] { try await ask(id, answers, connection) }
                    var deliveries = preferred.makeAsyncIterator()
                    #expect(try await deliveries.next()?.properties.messageID == "held")
                    let worker = try await site.startWorker(
                        "one", ["--amqp-url", "amqp://limited:limited@127.0.0.1:\(broker.port)/"])
                    _ = try await worker.log.first("the worker to notice", within: .seconds(60)) {
                        $0.contains("queue \(queue) has 1 messages ready") && $0.contains("connecting again")
                    }
                    await holding.close()
                    var replies = try await connection.consume(queue: answers, prefetch: 2).makeAsyncIterator()
                    var answered: Set<String> = []
                    for _ in 0..<2 {
                        let reply = try #require(try await replies.next())
                        answered.insert(reply.properties.messageID ?? "")
                        try await reply.ack()
                    }
                    #expect(answered == ["held/reply", "waiting/reply"])
                }
                await connection.close()
            }
        }

        /// Longer than the broker bears the silence of a client: three times its heartbeat.
        @Test(.requires(TestServer.two), .timeLimit(.minutes(2))) func heartbeatsGoOnWhileAllSlotsWaitForTheEngine() async throws
        {
            try await withBackup { broker, site, engine, tap in
                let proxy = try FaultProxy(to: try #require(URL(string: engine.url)?.port))
                try site.declare(engine.server, url: "http://127.0.0.1:\(proxy.port)")
                try await site.startScheduler()
                let worker = try await site.startWorker(
                    "one", ["--amqp-url", broker.url + "?heartbeat=2", "--unit-bytes", "20KiB", "--slots", "2"])
                let command = try await site.command(["backup", "nightly", "--wait", "--output", "json"])
                try await tap.units(6, within: .seconds(60))
                proxy.order(.stall(.seconds(9)))
                let session = try await command.result(within: .seconds(60)).session
                #expect(session.phase == "Succeeded" && session.seconds > 8, "\(session.json)")
                #expect(!worker.log.elements.contains { $0.contains("no connection to the broker") })
            }
        }

        @Test(.requires(TestServer.two), .timeLimit(.minutes(2))) func programsStopInTimeWithoutTheirBroker() async throws {
            try await withBackup { broker, site, engine, tap in
                try site.declare(engine.server)
                let scheduler = try await site.startScheduler()
                let worker = try await site.startWorker("one", ["--unit-bytes", "20KiB"])
                _ = try await site.command(["backup", "nightly", "--output", "json"])
                try await tap.units(6, within: .seconds(60))
                try broker.kill()
                for program in [worker, scheduler] { program.send(signal: SIGTERM) }
                // Well within their grace times, a minute and half of one.
                for program in [worker, scheduler] {
                    #expect(try await program.exit(within: .seconds(25)) == .code(0), "\(program.name)")
                }
            }
        }

        /// A plan `nightly` of an index with two shards, not declared its cluster yet.
        private func withBackup(
            _ body: (ChaosBroker, Site, Engine, ChaosTap) async throws -> Void
        ) async throws {
            let engine = try Engine(try #require(TestServer.present(TestServer.two).last))
            try await ChaosBroker.use { broker in
                let connection = try await broker.open("sheaf-tests")
                try await Topology().declare(on: connection)
                try await ChaosTap.declare(on: connection)
                await connection.close()
                let tap = ChaosTap(try BrokerAddress(broker.url))
                try await Site.use(amqpURL: broker.url) { site in
                    let index = "\(site.prefix)-numbered"
                    try await engine.use([index]) {
                        try await engine.fill(index, documents: 2_000, filling: 1_000, shards: 2)
                        try site.declarePlan("nightly", indices: index)
                        try await body(broker, site, engine, tap)
                    }
                }
                await tap.close()
            }
        }

        private func withPrograms(
            _ body: (ChaosBroker, Site, BrokerConnection, _ scheduler: ChildProcess, _ worker: ChildProcess) async throws -> Void
        ) async throws {
            try await ChaosBroker.use { broker in
                let connection = try await broker.open("sheaf-tests")
                try await Topology().declare(on: connection)
                try await Site.use(amqpURL: broker.url) { site in
                    try site.declare(.defaultEngine, url: "http://127.0.0.1:9")
                    let scheduler = try await site.startScheduler()
                    let worker = try await site.startWorker("one")
                    try await body(broker, site, connection, scheduler, worker)
                }
                await connection.close()
            }
        }

        private func ask(_ id: String, _ replyTo: String, _ connection: BrokerConnection) async throws {
            try await connection.publish(
                try Envelope(source: "/tests", appID: "tests").message(
                    .query, id: id, session: nil, payload: Query.repositories, to: Topology.command, key: "query.snapshots",
                    mandatory: true, replyTo: replyTo))
        }

        /// Waits until the queue has a consumer.
        private func consumer(of queue: String, _ connection: BrokerConnection) async throws {
            let deadline = ContinuousClock.now + .seconds(40)
            while try await connection.declareQueue(queue, passive: true).consumers == 0 {
                guard .now < deadline else { throw Missed(what: "a consumer of \(queue)", after: .seconds(40)) }
                await Task.yield()
            }
        }
    }
}
