package import AMQP
import Bus
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

    package init(_ parts: WorkerParts, broker: BrokerAddress) throws {
        self.parts = parts
        self.broker = broker
        var pools: [WorkQueue: BlockingThreads] = [:]
        for queue in WorkQueue.allCases {
            pools[queue] = try BlockingThreads(name: queue.rawValue, count: Self.slots(of: queue, parts.settings))
        }
        self.pools = pools
    }

    private static func slots(of queue: WorkQueue, _ settings: WorkerSettings) -> Int {
        switch queue {
        case .backupUnit, .restoreUnit: settings.slots
        case .backupSession, .restoreSession, .abort, .query: 1
        }
    }

    package func run() async throws {
        let logger = parts.logger
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
                }
            } onCancel: {
                consuming.cancel()
            }
        } onGracefulShutdown: { [parts] in
            parts.drain()
            consuming.cancel()
        }
        await parts.publisher.close()
    }

    private func consume(from connection: BrokerConnection) async throws {
        try await Topology(schedulers: []).check(on: connection)
        let watch = ConsumerWatch()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for queue in WorkQueue.allCases {
                guard let threads = pools[queue] else { continue }
                let consumer = try await connection.consume(queue: queue.name, prefetch: Self.slots(of: queue, parts.settings))
                group.addTask { try await self.serve(consumer, queue, on: threads, watch) }
            }
            group.addTask { try await watch.run(on: connection) }
            parts.logger.info("ready", metadata: ["slots": .string("\(parts.settings.slots)")])
            // Not `waitForAll`, which would wait for the others when the first consumer has failed: a worker that reads only some of its
            // queues looks alive.
            while try await group.next() != nil {}
        }
    }

    /// Hands each delivery to a thread. After the sequence's end the units in hand are waited for: they checkpoint and settle.
    private func serve(
        _ consumer: Consumer, _ queue: WorkQueue, on threads: BlockingThreads, _ watch: ConsumerWatch
    ) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for try await delivery in consumer {
                watch.began(queue)
                group.addTask(executorPreference: threads) { [parts] in
                    defer { watch.ended(queue) }
                    switch queue {
                    case .query: await QueryRunner(parts, delivery: delivery).run()
                    case .abort: await SessionRunner(parts, delivery: delivery, isDeadLetter: true).run()
                    case .backupSession, .restoreSession, .backupUnit, .restoreUnit:
                        await SessionRunner(parts, delivery: delivery).run()
                    }
                }
            }
        }
    }
}
