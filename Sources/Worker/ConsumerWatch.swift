import AMQP
import Bus
import Runtime

/// Notices that the broker has forgotten a consumer: messages are ready in its queue, and a worker with nothing to do gets none of them.
///
/// That is the failure nobody sees, since such a worker looks well: connected, alive and idle.
final class ConsumerWatch: Sendable {
    /// How much a queue's consumer has had to do.
    struct Load: Sendable, Equatable {
        var delivered = 0
        var inHand = 0
    }

    private static let interval = Duration.seconds(10)

    private let loads = Lock<[WorkQueue: Load]>([:])

    func began(_ queue: WorkQueue) {
        loads.withLock {
            $0[queue, default: Load()].delivered += 1
            $0[queue, default: Load()].inHand += 1
        }
    }

    func ended(_ queue: WorkQueue) { loads.withLock { $0[queue, default: Load()].inHand -= 1 } }

    /// Deliveries of all queues that are being worked on.
    var inHand: Int { loads.withLock { $0.values.reduce(0) { $0 + $1.inHand } } }

    /// Units that are being worked on.
    var unitsInHand: Int { loads.withLock { loads in WorkQueue.units.reduce(0) { $0 + (loads[$1]?.inHand ?? 0) } } }

    /// Looks at the queues from time to time until the task is cancelled.
    ///
    /// - Throws: `AMQPError` for a consumer that is forgotten, which a new connection mends, and for a connection that has ended.
    func run(on connection: BrokerConnection) async throws {
        var judge = Judge()
        var loadsAtRest: [WorkQueue: Load] = [:]
        while true {
            do {
                try await Task.sleep(for: Self.interval)
            } catch {
                return
            }
            var ready: [WorkQueue: Int] = [:]
            for queue in WorkQueue.allCases {
                ready[queue] = try await connection.declareQueue(queue.name, passive: true).messages
            }
            let now = loads.withLock { $0 }
            // What a session's work took from the kernel goes back once the worker rests: a worker that has worked costs no more than one
            // that has not.
            if now != loadsAtRest, inHand == 0 {
                FreeMemory.giveBack()
                loadsAtRest = now
            }
            guard let queue = judge.forgotten(ready: ready, loads: now) else { continue }
            throw AMQPError(
                .consumerCancelled,
                "queue \(queue.name) has \(ready[queue] ?? 0) messages ready, and this worker, which has nothing to do, got none of them for"
                    + " \(Self.interval.shortText): connecting again")
        }
    }

    /// Compares what is seen at one look with the look before.
    struct Judge: Sendable {
        private var suspects: Set<WorkQueue> = []
        private var lastLoads: [WorkQueue: Load] = [:]

        /// - Parameter ready: messages of each queue that wait for a consumer.
        /// - Returns: a queue that had messages ready at this look and at the last one, with nothing delivered in between.
        mutating func forgotten(ready: [WorkQueue: Int], loads: [WorkQueue: Load]) -> WorkQueue? {
            defer { lastLoads = loads }
            // What is in hand would be lost with the connection, and shows that the worker is not idle.
            guard loads.values.allSatisfy({ $0.inHand == 0 }) else {
                suspects = []
                return nil
            }
            let waiting = Set(ready.filter { $0.value > 0 && loads[$0.key] == lastLoads[$0.key] }.keys)
            defer { suspects = waiting }
            return WorkQueue.allCases.first { waiting.contains($0) && suspects.contains($0) }
        }
    }
}
