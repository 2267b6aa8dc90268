import Archive
import Elasticsearch
import Runtime

/// Batches between the thread that reads frames and those that post them. Batches are taken in the order in which they came, so those
/// that are done when all is quiet follow each other without a gap.
final class LoadQueue: Sendable {
    /// What is done so far.
    struct Progress {
        /// Accepted, or there already.
        var documents = 0
        var rejected = 0
        var bytes = 0
        var storedBytes = 0
        /// Behind the last batch that was taken.
        var end: SegmentCursor?
    }

    private struct State {
        var waiting: [LoadBatch] = []
        var idle = 0
        var working = 0
        var isClosed = false
        var isHalted = false
        var failure: (any Error)?
        var progress = Progress()
        var completions = 0
        /// Of blocks that batches hold.
        var heldBytes = 0
        var free: [LoadBlock] = []
    }

    /// Bytes of documents in memory; one batch that is bigger is there alone.
    private let memory: Int
    /// Ends the unit with the first batch that has refused documents.
    private let haltsAtRefusal: Bool
    private let state = Lock(State())

    init(memory: Int, haltsAtRefusal: Bool) {
        self.memory = memory
        self.haltsAtRefusal = haltsAtRefusal
    }

    // MARK: the reader

    /// Blocks until a batch of so many bytes has room.
    ///
    /// - Returns: nil when no more batches are wanted.
    /// - Throws: why a client failed.
    func makeBlock(bytes: Int) throws -> LoadBlock? {
        let reused = try state.wait { state -> Result<LoadBlock?, any Error>? in
            if let failure = state.failure { return .failure(failure) }
            if state.isHalted { return .success(nil) }
            guard state.heldBytes == 0 || state.heldBytes + bytes <= memory else { return nil }
            if let place = state.free.firstIndex(where: { $0.bytes.count >= bytes && $0.bytes.count <= 2 * bytes }) {
                let block = state.free.remove(at: place)
                state.heldBytes += block.bytes.count
                return .success(block)
            }
            // Memory that fits nothing is not kept beside what is needed.
            state.free.removeAll()
            return Result { try LoadBlock(bytes: bytes) }.map { block in
                state.heldBytes += block.bytes.count
                return block
            }
        }.get()
        return reused
    }

    /// - Returns: whether another client would find work.
    func submit(_ batch: LoadBatch) -> Bool {
        let wantsClient = state.withLock { state in
            state.waiting.append(batch)
            return state.waiting.count > state.idle
        }
        state.notifyAll()
        return wantsClient
    }

    /// No more batches come.
    func close() {
        state.withLock { $0.isClosed = true }
        state.notifyAll()
    }

    var progress: Progress { state.withLock { $0.progress } }

    /// Blocks until another batch is done, or all that were taken are.
    ///
    /// - Returns: nil when nobody is at work any more.
    /// - Throws: why a client failed.
    func awaitProgress(after completions: inout Int) throws -> Progress? {
        let seen = completions
        let (progress, now) = try state.wait { state -> Result<(Progress?, Int), any Error>? in
            if let failure = state.failure { return .failure(failure) }
            if state.completions > seen { return .success((state.progress, state.completions)) }
            return state.working == 0 && (state.waiting.isEmpty || state.isHalted) ? .success((nil, seen)) : nil
        }.get()
        completions = now
        return progress
    }

    // MARK: the clients

    /// Whether work in hand is to be dropped.
    var hasFailed: Bool { state.withLock { $0.failure != nil } }

    /// Blocks until there is a batch.
    ///
    /// - Returns: nil when there will be no more.
    func take() -> LoadBatch? {
        state.withLock { $0.idle += 1 }
        return state.wait { state -> LoadBatch?? in
            if state.failure == nil, !state.isHalted, !state.waiting.isEmpty {
                let batch = state.waiting.removeFirst()
                state.idle -= 1
                state.working += 1
                state.progress.end = batch.end
                return .some(batch)
            }
            guard state.isClosed || state.isHalted || state.failure != nil else { return nil }
            state.idle -= 1
            return .some(nil)
        }
    }

    func complete(_ batch: LoadBatch, _ verdict: BulkVerdict) {
        state.withLock { state in
            state.progress.documents += verdict.accepted + verdict.alreadyThere
            state.progress.rejected += verdict.rejected.count
            state.progress.bytes += batch.plainBytes
            state.progress.storedBytes += batch.storedBytes
            state.completions += 1
            state.working -= 1
            state.heldBytes -= batch.block.bytes.count
            if batch.block.bytes.count <= memory / 2 { state.free.append(batch.block) }
            if haltsAtRefusal, !verdict.rejected.isEmpty { state.isHalted = true }
        }
        state.notifyAll()
    }

    /// Stops everybody; the first error counts.
    func fail(_ error: any Error) {
        state.withLock { if $0.failure == nil { $0.failure = error } }
        state.notifyAll()
    }
}
