import Archive
import Elasticsearch
import Messages
import Runtime
import Sessions

/// One unit of a restore: loads frames of segments from a cursor on, with a verdict for every document.
///
/// This thread reads, checks and decompresses frames ahead; up to four clients post them. Documents in memory are bounded in bytes. The
/// part covers frames alone whose every document was decided; on an error nothing counts.
struct LoadUnit {
    /// Bytes of documents that all units of a process may hold together.
    private static let memory = 40 << 20

    /// Called on the thread that the client is for.
    let makeClient: @Sendable () throws -> ElasticsearchClient
    /// The cluster's.
    let gate: BulkGate
    let store: RepositoryStore
    let spool: Spool
    let settings: WorkerSettings
    let logger: Logger
    let report: (_ documents: Int, _ bytes: Int, _ storedBytes: Int) -> Void

    /// - Parameters:
    ///   - fence: the session's load alias of the slice's index, or the pipeline that stands for one in its data stream.
    ///   - segments: all segments of the index's manifest.
    /// - Returns: with `rejected` set when the target refused documents for good. Unless the plan allows that, the unit ends soon after the
    ///   first of them.
    func run(
        plan: PlanEntry, slice: Slice, position: UnitPosition, fence: String, segments: [SegmentReference], guardian: UnitGuard
    ) throws -> PartEntry {
        let index = plan.indices[slice.index]
        guard let run = slice.segments, run.upperBound <= segments.count else {
            throw WorkerError(.refused, "slice \(position.slice) of index \(index.name) has segments that its manifest lacks")
        }
        let begin = try begin(of: run, position: position, index: index)
        let manner = LoadManner(index, fence: fence, snapshot: plan.snapshot)
        let ledger = RejectLedger(store: store, spool: spool, settings: settings.segments)
        let queue = LoadQueue(memory: memory, haltsAtRefusal: plan.allowPartial != true)
        let clients = LoadClients(
            queue: queue, gate: gate, destination: manner.destination, ledger: ledger, makeClient: makeClient)
        gate.join()
        defer { gate.leave() }
        do {
            var source = FrameSource(at: begin, run: run, of: segments, in: store, manner: manner)
            try feed(queue, clients, from: &source, guardian: guardian, limit: RateLimit(of: plan))
            queue.close()
            var completions = 0
            while let progress = try queue.awaitProgress(after: &completions) { report(progress) }
            clients.join()
        } catch {
            queue.fail(error)
            clients.join()
            throw error
        }
        return try part(queue.progress, begin: begin, run: run, position: position, rejects: ledger.finish())
    }

    private var memory: Int { Self.memory / max(1, settings.slots) }

    private func begin(of run: Range<Int>, position: UnitPosition, index: PlannedIndex) throws -> SegmentCursor {
        guard let text = position.cursor else { return SegmentCursor(segment: run.lowerBound, frame: 0) }
        guard let cursor = SegmentCursor(text), run.contains(cursor.segment) else {
            throw WorkerError(.refused, "\"\(text)\" is no cursor of slice \(position.slice) of index \(index.name)")
        }
        return cursor
    }

    /// Until the slice or the unit's budget ends, or no more is wanted.
    private func feed(
        _ queue: LoadQueue, _ clients: LoadClients, from source: inout FrameSource, guardian: UnitGuard, limit: RateLimit?
    ) throws {
        var (guardian, limit) = (guardian, limit)
        var moved = 0
        var isSpent = false
        while !isSpent, var next = try source.next() {
            // Two are on their way while a third is filled.
            let target = next.kind == .bulk ? max(next.bytes, min(gate.bodyBytes, memory / 3)) : next.bytes
            guard let block = try queue.makeBlock(bytes: target) else { return }
            let batch = LoadBatch(block: block, kind: next.kind, begin: source.cursor)
            let kind = next.kind
            repeat {
                try source.read(into: batch)
                isSpent = try guardian.isSpent(moved: moved + batch.plainBytes)
                guard !isSpent, kind == .bulk, let following = try source.next() else { break }
                next = following
            } while next.kind == kind && batch.bytes + next.bytes <= target
            moved += batch.plainBytes
            if queue.submit(batch) { try clients.grow() }
            report(queue.progress)
            if let pause = limit?.count(batch.plainBytes), pause > .zero {
                try guardian.wait(pause, moved: moved, sleep: ElasticsearchClient.blockThread)
            }
        }
    }

    private func report(_ progress: LoadQueue.Progress) { report(progress.documents, progress.bytes, progress.storedBytes) }

    private func part(
        _ progress: LoadQueue.Progress, begin: SegmentCursor, run: Range<Int>, position: UnitPosition,
        rejects: RejectLedger.Result
    ) throws -> PartEntry {
        let end = progress.end ?? begin
        var part = PartEntry(
            nonce: try Nonce.make(), worker: settings.name, begin: position.cursor,
            end: end.segment < run.upperBound ? end.text : nil, documents: progress.documents, bytes: progress.bytes,
            storedBytes: progress.storedBytes, segments: rejects.segments, finishedAt: .now())
        if progress.rejected > 0 {
            part.rejected = progress.rejected
            part.rejections = rejects.rejections
        }
        if let reason = rejects.unkept {
            logger.warning(
                "refused documents cannot be kept in the repository: they are named by their ids alone",
                metadata: ["documents": .string("\(progress.rejected)"), "error": .string("\(reason)")])
        }
        return part
    }
}
