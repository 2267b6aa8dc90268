import Archive
import Crypto
import Runtime
import Sessions

/// The other half of a dump: a thread that compresses, verifies and spools frames and stores full segments, while the next page is
/// fetched and cut.
///
/// Bounded by `frameLimit` frames, so that whoever is faster waits. An error of this half is thrown to the other at its next step; the
/// other half ends this one by letting go of its owner.
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
        /// Jobs that were given, and how many of them are done.
        var given = 0
        var done = 0
        var isClosed = false
        var failure: (any Error)?
        var segments: [StoredSegment] = []
    }

    /// Frames that exist at most: a page of usual size and those that are half full.
    private static let frameLimit = 7

    private let store: any ObjectStore
    private let spool: Spool
    private let settings: SegmentSettings
    private let shared = Lock(State())

    init(store: any ObjectStore, spool: Spool, settings: SegmentSettings) {
        self.store = store
        self.spool = spool
        self.settings = settings
    }

    /// What was stored so far.
    var segments: [StoredSegment] { shared.withLock { $0.segments } }

    /// An empty frame, when there is one. - Throws: what the thread failed with.
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

    /// Lets the thread return after the job that it has; what waits is dropped.
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

    /// The thread's body: works until it is closed or fails.
    func run() {
        var writers: [SegmentKind: SegmentWriter] = [:]
        do {
            while let job = nextJob() {
                try perform(job, &writers)
                finished(job)
            }
        } catch {
            shared.withLock { $0.failure = error }
            shared.notifyAll()
        }
    }

    private func nextJob() -> Job? {
        shared.wait { state -> Job?? in
            if state.isClosed { return .some(nil) }
            return state.jobs.isEmpty ? nil : .some(state.jobs.removeFirst())
        }
    }

    private func finished(_ job: Job) {
        shared.withLock { state in
            state.done += 1
            if case .frame(let frame, _) = job {
                frame.reset()
                state.free.append(frame)
            }
        }
        shared.notifyAll()
    }

    private func perform(_ job: Job, _ writers: inout [SegmentKind: SegmentWriter]) throws {
        switch job {
        case .frame(let frame, let kind):
            let writer = try writer(for: kind, in: &writers)
            try writer.append(frame: frame.bytes, documents: frame.documents)
            if writer.isFull { try store(writer) }
        case .document(let action, let source, let kind):
            let writer = try writer(for: kind, in: &writers)
            try writer.append(action, source)
            if writer.isFull { try store(writer) }
        case .end:
            for kind in [SegmentKind.bulk, .exact] {
                if let writer = writers[kind] { try store(writer) }
            }
        }
    }

    private func writer(for kind: SegmentKind, in writers: inout [SegmentKind: SegmentWriter]) throws -> SegmentWriter {
        if let writer = writers[kind] { return writer }
        let writer = try SegmentWriter(spool: spool, kind: kind, settings: settings)
        writers[kind] = writer
        return writer
    }

    private func store(_ writer: SegmentWriter) throws {
        guard let segment = try writer.finish() else { return }
        _ = try store.upload(contentsOf: segment.file.path, at: .segment(segment.id))
        let stored = StoredSegment(
            id: segment.id.description, kind: segment.kind.rawValue, documents: segment.documents, bytes: segment.plainBytes,
            storedBytes: segment.storedBytes)
        shared.withLock { $0.segments.append(stored) }
    }
}
