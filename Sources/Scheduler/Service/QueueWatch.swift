import AMQP
import Bus
import Runtime

/// Shows on the page how much waits in the queues of work and among the dead letters, and who listens.
///
/// The figures are the broker's own, so they are absent while there is no connection to it.
struct QueueWatch: Sendable {
    /// Not the broker's statistics but a look at each queue, which costs it a message: at most every 15 s.
    static let interval = Duration.seconds(15)
    static let queues = WorkQueue.allCases.map(\.name) + [Topology.triggerQueue, Topology.dead]

    let registry: MetricsRegistry
    /// What was last seen; empty while there is no connection.
    let states: Lock<[BrokerConnection.QueueState]>

    /// Looks until the task is cancelled.
    ///
    /// - Throws: `AMQPError` for a queue that is not there any more, or a connection that has ended.
    func run(on connection: BrokerConnection) async throws {
        defer { show([]) }
        while true {
            var states: [BrokerConnection.QueueState] = []
            for queue in Self.queues { states.append(try await connection.declareQueue(queue, passive: true)) }
            show(states)
            try await Task.sleep(for: Self.interval)
        }
    }

    private func show(_ states: [BrokerConnection.QueueState]) {
        self.states.withLock { $0 = states }
        for family in Self.families(states) { registry.replace(family) }
    }

    static func families(_ states: [BrokerConnection.QueueState]) -> [MetricFamily] {
        func perQueue(_ name: String, _ help: String, _ value: (BrokerConnection.QueueState) -> Int) -> MetricFamily {
            MetricFamily(
                name: name, help: help,
                samples: states.map { MetricFamily.Sample(labels: [("queue", $0.name)], value: Double(value($0))) })
        }
        return [
            perQueue("stash_queue_messages_ready", "Messages of the queue that no consumer has got.") { $0.messages },
            perQueue("stash_queue_consumers", "Programs that take messages from the queue.") { $0.consumers },
        ]
    }
}
