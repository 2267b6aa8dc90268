package import AMQP
import Bus
import Glibc
import Messages
import Runtime

/// Consumes sessions and units from the broker until it is told to stop, and connects again when the connection breaks.
///
/// Every class of work has threads of its own, as many as deliveries it may hold: planning is never stuck behind dumps, restores never
/// behind backups.
package final class WorkerService: Service {
    private let parts: WorkerParts
    private let broker: BrokerAddress
    private let pools: [WorkQueue: BlockingThreads]
    private let watch = ConsumerWatch()
    private let startedAt = Timestamp.now()

    package init(_ parts: WorkerParts, broker: BrokerAddress) throws {
        self.parts = parts
        self.broker = broker
        var pools: [WorkQueue: BlockingThreads] = [:]
        for queue in WorkQueue.allCases {
            pools[queue] = try BlockingThreads(name: queue.rawValue, count: Self.slots(of: queue, parts.settings))
        }
        self.pools = pools
    }

    /// Deliveries of one queue that this worker works on at once.
    static func slots(of queue: WorkQueue, _ settings: WorkerSettings) -> Int {
        switch queue {
        case .backupUnit, .restoreUnit: settings.slots
        // A store or a cluster that takes calls and never answers must not hold up what concerns the others. Beside each other these are
        // as safe as on several workers: who comes second finds what the first one put.
        case .abort, .cancel, .backupSession, .restoreSession, .query: 4
        }
    }

    private var unitSlots: Int { WorkQueue.units.reduce(0) { $0 + Self.slots(of: $1, parts.settings) } }

    package func run() async throws {
        let logger = parts.logger
        // Whoever started the worker may have it ignored, and then nobody is told how a hook ended.
        _ = signal(SIGCHLD, SIG_DFL)
        let consuming = Task {
            try await withReconnection(to: broker, name: "sheaf-worker \(parts.settings.name) consume") { state in
                switch state {
                case .connected: logger.info("connected to the broker")
                case .disconnected(let error, let pause):
                    logger.warning(
                        "no connection to the broker",
                        metadata: ["error": .string(error.message), "retryIn": .string("\(pause)")])
                }
            } _: { connection in
                try await consume(from: connection)
            }
        }
        try await withGracefulShutdownHandler {
            try await withTaskCancellationHandler {
                do {
                    try await consuming.value
                } catch is CancellationError {
                    // Stopped while there was no connection: nothing is in hand.
                } catch is NothingLeft {
                    // What `--once` waits for.
                }
            } onCancel: {
                consuming.cancel()
            }
        } onGracefulShutdown: { [parts, watch] in
            logger.info("draining: what is in hand ends at its next page", metadata: ["inHand": .string("\(watch.inHand)")])
            parts.drain()
            consuming.cancel()
        }
        await parts.publisher.close()
    }

    private func consume(from connection: BrokerConnection) async throws {
        let outcome = try await Topology(schedulers: []).check(on: connection)
        if let gap = outcome.gap { parts.logger.debug("the broker was looked over in part", metadata: ["reason": .string(gap)]) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            let hints = try await listen(on: connection)
            group.addTask { try await self.follow(hints) }
            for queue in WorkQueue.allCases {
                guard let threads = pools[queue] else { continue }
                let consumer = try await connection.consume(
                    queue: queue.name, prefetch: Self.slots(of: queue, parts.settings),
                    maximumBodySize: PoisonError.maximumCommand + PoisonError.margin)
                group.addTask { try await self.serve(consumer, queue, on: threads) }
            }
            group.addTask { try await self.watch.run(on: connection) }
            group.addTask {
                await Heart(parts: self.parts, watch: self.watch, slots: self.unitSlots, startedAt: self.startedAt).beat()
            }
            parts.logger.info("ready", metadata: ["slots": .string("\(parts.settings.slots)")])
            if parts.settings.stopsWhenIdle { group.addTask { try await self.stopWhenIdle(connection) } }
            // Not `waitForAll`, which would wait for the others when the first consumer has failed: a worker that reads only some of its
            // queues looks alive.
            for try await _ in group {}
        }
    }

    /// A queue of this worker's own on `sheaf.control`, gone with the connection.
    private func listen(on connection: BrokerConnection) async throws -> Consumer {
        let queue = Topology.controlQueue(of: "\(parts.settings.name.prefix(100))-\(try Nonce.make())")
        try await connection.declareQueue(queue, durable: false, exclusive: true, autoDelete: true)
        try await connection.bindQueue(queue, to: Topology.control, routingKey: "")
        return try await connection.consume(
            queue: queue, prefetch: 20, maximumBodySize: PoisonError.maximumCommand + PoisonError.margin)
    }

    private func follow(_ hints: Consumer) async throws {
        for try await delivery in hints {
            do {
                try parts.endedSessions.take(in: delivery)
            } catch {
                parts.logger.warning("a hint cannot be read", metadata: ["error": .string(error.message)])
            }
            try await delivery.ack()
        }
    }

    /// Ends the consuming once two looks in a row found every queue empty and no delivery in hand: a unit's successor is published before
    /// its ack.
    private func stopWhenIdle(_ connection: BrokerConnection) async throws {
        var idleLooks = 0
        while idleLooks < 2 {
            try await Task.sleep(for: .milliseconds(500))
            var waiting = watch.inHand
            for queue in WorkQueue.allCases {
                waiting += try await connection.declareQueue(queue.name, passive: true).messages
            }
            idleLooks = waiting == 0 && !parts.upkeep.isBusy ? idleLooks + 1 : 0
        }
        parts.logger.info("nothing is left to do")
        parts.drain()
        throw NothingLeft()
    }

    /// Ends `consume` without an error of its own.
    private struct NothingLeft: Error {}

    /// Hands each delivery to a thread. When it is told to stop, the broker is told first, so that what nobody has taken goes to others; then
    /// the units in hand are waited for: they checkpoint and settle.
    private func serve(_ consumer: Consumer, _ queue: WorkQueue, on threads: BlockingThreads) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for try await delivery in consumer {
                watch.began(queue)
                group.addTask(executorPreference: threads) { [parts, watch] in
                    defer { watch.ended(queue) }
                    switch queue {
                    case .query: await QueryRunner(parts, delivery: delivery).run()
                    case .cancel: await CancelRunner(parts, delivery: delivery).run()
                    case .abort where delivery.messageType == .cancel:
                        await CancelRunner(parts, delivery: delivery).run()
                    case .abort where delivery.exchange == Topology.dead:
                        await SessionRunner(parts, delivery: delivery, isDeadLetter: true).run()
                    case .abort:
                        // Outsiders may write here, under a cancel's key: nothing but cancels is taken from them.
                        await DeliveryHandler(parts, delivery: delivery).run {
                            throw PoisonError("the message is neither a cancel nor a dead letter of a session")
                        }
                    case .backupSession, .restoreSession, .backupUnit, .restoreUnit:
                        await SessionRunner(parts, delivery: delivery).run()
                    }
                }
            }
            try await consumer.cancel()
        }
    }
}
