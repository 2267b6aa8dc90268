import AMQP
import Bus
import Messages
import Runtime

/// Tells the Schedulers that this worker consumes: at once and every 30 seconds.
struct Heart: Sendable {
    let parts: WorkerParts
    let watch: ConsumerWatch
    /// Units of all kinds that the worker takes at once.
    let slots: Int
    /// When the program began to consume.
    let startedAt: Timestamp

    /// Runs until the task is cancelled, as it is with the connection: a worker that gets no messages must not look alive.
    func beat() async {
        do {
            while true {
                try post(at: .now())
                try await Task.sleep(for: WorkerHeartbeat.interval)
            }
        } catch is CancellationError {
            // The worker stops, or connects again and then says so.
        } catch {
            parts.logger.warning("a heartbeat could not be told", metadata: ["error": .string("\(error)")])
        }
    }

    func message(at now: Timestamp) throws -> OutgoingMessage {
        let name = parts.settings.name
        let heartbeat = WorkerHeartbeat(
            worker: name, version: parts.settings.version, slots: slots, busy: watch.unitsInHand, startedAt: startedAt, time: now)
        var message = try parts.envelope.message(
            .heartbeat, id: "\(name)/heartbeat/\(now.millisecondsSinceEpoch)", session: nil, payload: heartbeat,
            to: Topology.event, key: RoutingKey.worker(name), mandatory: false, now: now)
        // A stopped Scheduler's queue of events keeps what its ledger needs, not these: three of them say that a worker is gone.
        message.properties.deliveryMode = .transient
        message.properties.expiration = "\(Int(WorkerHeartbeat.interval.seconds) * 3_000)"
        return message
    }

    private func post(at now: Timestamp) throws { parts.outbox.post(try message(at: now)) }
}

extension WorkQueue {
    /// Those of units: what a worker's slots are for.
    static let units = [WorkQueue.backupUnit, .restoreUnit]
}
