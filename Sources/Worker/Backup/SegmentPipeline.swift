import Archive
import Crypto
import FoundationEssentials
import Runtime
import Sessions

/// The other half of a dump: threads that compress, verify and spool frames and store full segments, while the next page is fetched and
/// cut.
///
/// Threads compress side by side and take turns, in the order of the jobs, to write into the segments. Bounded by `frameLimit` frames,
/// so that whoever is faster waits. An error of this half is thrown to the other at its next step; the other half ends this one by
/// letting go of its owner.
final class SegmentPipeline: Sendable {
    private enum Job {
        case frame(FrameBuffer, SegmentKind)
        /// Of a caller that waits, so that its bytes stay where they are.
        case document(action: UnsafeRawBufferPointer, source: UnsafeRawBufferPointer, SegmentKind)
        case end
    }

    private struct State {
        var jobs: [Job] = []
        var free: [FrameBuffer] = []
        /// Frames that exist.
        var frames = 0
        /// Jobs that were given, that threads have taken, and that are done: each in the order of the jobs.
        var given = 0
        var taken = 0
        var done = 0
        var isClosed = false
        var failure: (any Error)?
        /// In the order of their documents; nil while it is on its way into the store.
        var segments: [StoredSegment?] = []
    }

    /// Frames that exist at most: a page of usual size and those that are half full.
    private static let frameLimit = 7
    /// Level 3 packs some 100 MB a second and core, less than an engine sends.
    static let threads = min(2, ProcessInfo.processInfo.activeProcessorCount)

    private let store: RepositoryStore
    private let settings: SegmentSettings
    private let shared = Lock(State())
    private let writers: SegmentWriters

    init(store: RepositoryStore, spool: Spool, settings: SegmentSettings) {
        self.store = store
        self.settings = settings
        writers = SegmentWriters(store: store, spool: spool, settings: settings)
    }

    /// What was stored so far.
    var segments: [StoredSegment] { shared.withLock { $0.segments.prefix { $0 != nil }.compactMap { $0 } } }

    /// An empty frame, when there is one. - Throws: what a thread failed with.
    func takeFrame() throws -> FrameBuffer {
        try shared.wait { state -> Result<FrameBuffer, any Error>? in
            if let failure = state.failure { return .failure(failure) }
            if let frame = state.free.popLast() { return .success(frame) }
            guard state.frames < Self.frameLimit else { return nil }
            state.frames += 1
            return .success(FrameBuffer(capacity: settings.frameBytes))
        }.get()
    }

    /// Gives a frame away.
    func submit(_ frame: FrameBuffer, _ kind: SegmentKind) throws { _ = try give(.frame(frame, kind)) }

    /// Gives one document that is too large for a frame, and waits until its bytes are not needed any more.
    func submit(action: UnsafeRawBufferPointer, source: UnsafeRawBufferPointer, _ kind: SegmentKind) throws {
        try wait(for: try give(.document(action: action, source: source, kind)))
    }

    /// Stores what is still in the spool; everything that was given is durable afterwards.
    func finish() throws { try wait(for: try give(.end)) }

    /// Lets the threads return after the job that they have; what waits is dropped.
    func close() {
        shared.withLock { $0.isClosed = true }
        shared.notifyAll()
    }

    /// - Returns: the job's number.
    private func give(_ job: Job) throws -> Int {
        let number = try shared.withLock { state in
            if let failure = state.failure { throw failure }
            state.jobs.append(job)
            state.given += 1
            return state.given
        }
        shared.notifyAll()
        return number
    }

    private func wait(for number: Int) throws {
        try shared.wait { state -> Result<Void, any Error>? in
            if let failure = state.failure { return .failure(failure) }
            return state.done >= number ? .success(()) : nil
        }.get()
    }

    /// A thread's body: works until it is closed or a thread fails.
    func run() {
        do {
            // Not before there is a frame: a document that is larger passes it by.
            var compressor: FrameCompressor?
            while let (job, number) = nextJob() {
                guard try perform(job, number, &compressor) else { return }
            }
        } catch {
            shared.withLock { state in
                if state.failure == nil { state.failure = error }
            }
            shared.notifyAll()
        }
    }

    private func nextJob() -> (job: Job, number: Int)? {
        shared.wait { state -> (job: Job, number: Int)?? in
            if state.isClosed || state.failure != nil { return .some(nil) }
            guard !state.jobs.isEmpty else { return nil }
            state.taken += 1
            return (state.jobs.removeFirst(), state.taken)
        }
    }

    /// - Returns: false when nobody wants it any more.
    private func perform(_ job: Job, _ number: Int, _ compressor: inout FrameCompressor?) throws -> Bool {
        var full: [(segment: FullSegment, place: Int)] = []
        switch job {
        case .frame(let frame, let kind):
            let ours = try compressor ?? FrameCompressor(settings: settings)
            compressor = ours
            let compressed = try ours.compress(frame.bytes, count: frame.documents, kind: kind)
            guard waitForTurn(number) else { return false }
            full = place(try writers.append(compressed, of: frame.bytes, kind))
            giveBack(frame)
        case .document(let action, let source, let kind):
            guard waitForTurn(number) else { return false }
            full = place(try writers.append(action, source, kind))
        case .end:
            guard waitForTurn(number) else { return false }
            full = place(try writers.finish())
        }
        // The other thread may write on while this one stores, but nothing is finished before all is stored.
        let isEnd = if case .end = job { true } else { false }
        if !isEnd { finished() }
        for (segment, place) in full { try store(segment, at: place) }
        guard isEnd else { return true }
        guard waitForStores() else { return false }
        finished()
        return true
    }

    private func giveBack(_ frame: FrameBuffer) {
        frame.reset()
        shared.withLock { $0.free.append(frame) }
        shared.notifyAll()
    }

    /// Whoever has the turn alone touches `writers`.
    /// - Returns: false when another thread failed, so that the turn never comes.
    private func waitForTurn(_ number: Int) -> Bool {
        shared.wait { state -> Bool? in
            if state.failure != nil { return false }
            return state.done == number - 1 ? true : nil
        }
    }

    private func waitForStores() -> Bool {
        shared.wait { state -> Bool? in
            if state.failure != nil { return false }
            return state.segments.contains { $0 == nil } ? nil : true
        }
    }

    private func finished() {
        shared.withLock { $0.done += 1 }
        shared.notifyAll()
    }

    private func place(_ segments: [FullSegment]) -> [(segment: FullSegment, place: Int)] {
        shared.withLock { state in
            segments.map { segment in
                state.segments.append(nil)
                return (segment, state.segments.count - 1)
            }
        }
    }

    private func store(_ full: FullSegment, at place: Int) throws {
        let segment = full.segment
        try full.inventory?.store(for: segment.id, in: store)
        _ = try store.upload(contentsOf: segment.file.path, at: .segment(segment.id))
        let stored = StoredSegment(
            id: segment.id.description, kind: segment.kind.rawValue, documents: segment.documents, bytes: segment.plainBytes,
            storedBytes: segment.storedBytes)
        shared.withLock { $0.segments[place] = stored }
        shared.notifyAll()
    }
}

/// A segment that is to be stored, with the names of its documents.
private struct FullSegment {
    let segment: StagedSegment
    /// Nil where none is kept.
    let inventory: InventoryWriter?
}

/// The segments under way, one of each kind.
///
/// Unchecked is right: only the thread whose turn it is touches it.
private final class SegmentWriters: @unchecked Sendable {
    private struct Output {
        let writer: SegmentWriter
        /// Of the segment under way.
        var inventory: InventoryWriter?
    }

    private let store: RepositoryStore
    private let spool: Spool
    private let settings: SegmentSettings
    private var outputs: [SegmentKind: Output] = [:]

    init(store: RepositoryStore, spool: Spool, settings: SegmentSettings) {
        self.store = store
        self.spool = spool
        self.settings = settings
    }

    /// - Parameter documents: what the frame was made of.
    /// - Returns: the segment, where it is full now.
    func append(_ frame: CompressedFrame, of documents: UnsafeRawBufferPointer, _ kind: SegmentKind) throws -> [FullSegment] {
        let output = try output(for: kind)
        try output.writer.append(frame)
        try output.inventory?.append(frame: documents, kind: kind)
        return output.writer.isFull ? try finish(kind) : []
    }

    func append(
        _ action: UnsafeRawBufferPointer, _ source: UnsafeRawBufferPointer, _ kind: SegmentKind
    ) throws -> [FullSegment] {
        let output = try output(for: kind)
        try output.writer.append(action, source)
        try output.inventory?.append(action: action)
        return output.writer.isFull ? try finish(kind) : []
    }

    /// - Returns: what is left, the bulk segment first.
    func finish() throws -> [FullSegment] { try finish(.bulk) + finish(.exact) }

    private func finish(_ kind: SegmentKind) throws -> [FullSegment] {
        guard let output = outputs[kind], let segment = try output.writer.finish() else { return [] }
        outputs[kind]?.inventory = try makeInventory()
        return [FullSegment(segment: segment, inventory: output.inventory)]
    }

    private func output(for kind: SegmentKind) throws -> Output {
        if let output = outputs[kind] { return output }
        let output = Output(
            writer: try SegmentWriter(store: store, spool: spool, kind: kind, settings: settings),
            inventory: try makeInventory())
        outputs[kind] = output
        return output
    }

    private func makeInventory() throws -> InventoryWriter? { settings.keepsInventory ? try InventoryWriter(spool: spool) : nil }
}
