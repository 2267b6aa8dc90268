import Archive
import Elasticsearch
import Runtime

/// The threads that post a unit's batches, a client each, started as there is work for them.
final class LoadClients {
    /// What all of them share.
    private struct Work: Sendable {
        let queue: LoadQueue
        let gate: BulkGate
        let destination: BulkDestination
        let ledger: RejectLedger
        let makeClient: @Sendable () throws -> ElasticsearchClient
    }

    private let work: Work
    private var threads: [DedicatedThread] = []

    init(
        queue: LoadQueue, gate: BulkGate, destination: BulkDestination, ledger: RejectLedger,
        makeClient: @escaping @Sendable () throws -> ElasticsearchClient
    ) {
        work = Work(queue: queue, gate: gate, destination: destination, ledger: ledger, makeClient: makeClient)
    }

    /// One more, unless there are as many as requests may be in flight.
    func grow() throws(RuntimeError) {
        guard threads.count < min(BulkPace.Limits().requestsPerUnit, max(1, work.gate.requests)) else { return }
        let work = work
        threads.append(try DedicatedThread(name: "sheaf-load-\(threads.count)") { Self.run(work) })
    }

    /// Waits for all of them; the queue must be closed or have failed.
    func join() {
        work.gate.wake()
        threads.removeAll()
    }

    private static func run(_ work: Work) {
        do {
            let client = try work.makeClient()
            let isCancelled = client.isCancelled
            client.isCancelled = { [queue = work.queue] in isCancelled() || queue.hasFailed }
            let loader = BulkLoader(client: client, destination: work.destination, gate: work.gate)
            while let batch = work.queue.take() {
                let verdict =
                    batch.kind == .exact
                    ? try ExactLoader(client: client, destination: work.destination).load(batch, refused: work.ledger.take)
                    : try loader.load(batch.lines, documents: batch.documents, refused: work.ledger.take)
                try check(verdict, of: batch, in: work.destination)
                work.queue.complete(batch, verdict)
            }
        } catch {
            work.queue.fail(error)
            work.gate.wake()
        }
    }

    private static func check(_ verdict: BulkVerdict, of batch: LoadBatch, in destination: BulkDestination) throws {
        if verdict.rejected.contains(where: \.isFenced) {
            throw WorkerError(
                .sessionEnded, "\(destination.name), through which the restore loads, is gone: the restore was ended")
        }
        guard verdict.decided == batch.documents else {
            throw WorkerError(
                .refused,
                "\(destination.name) answered for \(verdict.decided) of \(batch.documents) documents: try the restore again")
        }
    }
}
