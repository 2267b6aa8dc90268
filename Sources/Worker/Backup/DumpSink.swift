package import Archive
import Elasticsearch
import Runtime
package import Sessions

/// Cuts the documents of pages into the frames of segments, which threads of its own compress and store.
///
/// A document's bytes are copied once, from the response into a frame; those of one larger than a frame not at all. Documents that a bulk
/// line cannot hold go to segments of their own kind. Memory does not depend on how many documents there are.
package final class DumpSink: HitSink {
    private let pipeline: SegmentPipeline
    private let frameBytes: Int
    private var threads: [DedicatedThread] = []
    /// The frames under way.
    private var bulk: FrameBuffer?
    private var exact: FrameBuffer?
    package private(set) var documents = 0
    /// As the segments count: documents of the exact kind carry their length too.
    package private(set) var bytes = 0

    package init(store: RepositoryStore, spool: Spool, settings: SegmentSettings) {
        pipeline = SegmentPipeline(store: store, spool: spool, settings: settings)
        frameBytes = settings.frameBytes
    }

    deinit { pipeline.close() }

    /// What is stored by now; all of it after `finish`.
    package var segments: [StoredSegment] { pipeline.segments }
    package var storedBytes: Int { segments.reduce(0) { $0 + $1.storedBytes } }

    package func take(
        id: UnsafeRawBufferPointer, routing: UnsafeRawBufferPointer?, source: UnsafeRawBufferPointer, sort: UnsafeRawBufferPointer
    ) throws {
        let kind = SegmentKind.required(for: source)
        guard kind == .bulk else { return try takeExactly(id: id, routing: routing, source: source) }
        let routingBytes = routing.map { Self.routing.utf8CodeUnitCount + $0.count } ?? 0
        let size = Self.opening.utf8CodeUnitCount + id.count + routingBytes + 4 + source.count
        guard size <= frameBytes else { return try takeLarge(id: id, routing: routing, source: source, kind, size: size) }
        let frame = try frame(&bulk, .bulk, for: size)
        append(id: id, routing: routing, to: frame)
        frame.append("}}\n")
        frame.append(source)
        frame.append("\n")
        count(frame, size)
    }

    /// Stores what is still in memory and in the spool. Everything that was taken is durable afterwards.
    package func finish() throws {
        try submit(&bulk, .bulk)
        try submit(&exact, .exact)
        // Without a document there is no thread.
        if !threads.isEmpty { try pipeline.finish() }
    }

    private func takeExactly(
        id: UnsafeRawBufferPointer, routing: UnsafeRawBufferPointer?, source: UnsafeRawBufferPointer
    ) throws {
        let length = Array("},\"length\":\(source.count)}\n".utf8)
        let routingBytes = routing.map { Self.routing.utf8CodeUnitCount + $0.count } ?? 0
        let size = Self.opening.utf8CodeUnitCount + id.count + routingBytes + length.count + source.count + 1
        guard size <= frameBytes else { return try takeLarge(id: id, routing: routing, source: source, .exact, size: size) }
        let frame = try frame(&exact, .exact, for: size)
        append(id: id, routing: routing, to: frame)
        length.withUnsafeBytes(frame.append)
        frame.append(source)
        frame.append("\n")
        count(frame, size)
    }

    private func takeLarge(
        id: UnsafeRawBufferPointer, routing: UnsafeRawBufferPointer?, source: UnsafeRawBufferPointer, _ kind: SegmentKind,
        size: Int
    ) throws {
        // What came before it stays before it.
        if kind == .bulk { try submit(&bulk, kind) } else { try submit(&exact, kind) }
        let action = FrameBuffer(capacity: size - source.count)
        append(id: id, routing: routing, to: action)
        action.append("}}")
        try start()
        try pipeline.submit(action: action.bytes, source: source, kind)
        documents += 1
        bytes += size
    }

    @inline(__always)
    private func append(id: UnsafeRawBufferPointer, routing: UnsafeRawBufferPointer?, to frame: FrameBuffer) {
        frame.append(Self.opening)
        frame.append(id)
        guard let routing else { return }
        frame.append(Self.routing)
        frame.append(routing)
    }

    @inline(__always)
    private func count(_ frame: FrameBuffer, _ size: Int) {
        frame.documents += 1
        documents += 1
        bytes += size
    }

    /// The frame under way, or a new one where `size` more bytes do not fit.
    @inline(__always)
    private func frame(_ current: inout FrameBuffer?, _ kind: SegmentKind, for size: Int) throws -> FrameBuffer {
        if let current, current.count + size <= frameBytes { return current }
        try submit(&current, kind)
        let frame = try pipeline.takeFrame()
        current = frame
        return frame
    }

    private func submit(_ current: inout FrameBuffer?, _ kind: SegmentKind) throws {
        guard let frame = current else { return }
        current = nil
        try start()
        try pipeline.submit(frame, kind)
    }

    private func start() throws {
        guard threads.isEmpty else { return }
        for _ in 0..<SegmentPipeline.threads {
            threads.append(try DedicatedThread(name: "dump-segments") { [pipeline] in pipeline.run() })
        }
    }

    private static let opening: StaticString = #"{"index":{"_id":"#
    private static let routing: StaticString = #","routing":"#
}
