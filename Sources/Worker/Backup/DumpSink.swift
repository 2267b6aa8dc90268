import Archive
import Crypto
import Elasticsearch
import Runtime
import Sessions

/// Packs the documents of pages into segments and stores each full segment.
///
/// A document's bytes are copied once, from the response into a frame. Documents that a bulk line cannot hold go to segments of their
/// own kind. Memory does not depend on how many documents there are.
final class DumpSink: HitSink {
    private let store: any ObjectStore
    private let spool: Spool
    private let settings: SegmentSettings
    private var writers: [SegmentKind: SegmentWriter] = [:]
    private var action: [UInt8] = []
    private(set) var segments: [StoredSegment] = []
    private(set) var documents = 0
    private(set) var bytes = 0
    private(set) var storedBytes = 0

    init(store: any ObjectStore, spool: Spool, settings: SegmentSettings) {
        self.store = store
        self.spool = spool
        self.settings = settings
    }

    func take(
        id: UnsafeRawBufferPointer, routing: UnsafeRawBufferPointer?, source: UnsafeRawBufferPointer, sort: UnsafeRawBufferPointer
    ) throws {
        action.removeAll(keepingCapacity: true)
        action += Self.opening
        action += id
        if let routing {
            action += Self.routing
            action += routing
        }
        action += Self.closing
        let writer = try writer(for: SegmentKind.required(for: source))
        let bytesBefore = writer.plainBytes
        try action.withUnsafeBytes { try writer.append($0, source) }
        documents += 1
        // As the writer counts: documents of the exact kind carry their length too.
        bytes += writer.plainBytes - bytesBefore
        if writer.isFull { try store(writer) }
    }

    /// Stores what is still in the spool. Everything that was taken is durable afterwards.
    func finish() throws {
        for kind in [SegmentKind.bulk, .exact] {
            if let writer = writers[kind] { try store(writer) }
        }
    }

    private func writer(for kind: SegmentKind) throws -> SegmentWriter {
        if let writer = writers[kind] { return writer }
        let writer = try SegmentWriter(spool: spool, kind: kind, settings: settings)
        writers[kind] = writer
        return writer
    }

    private func store(_ writer: SegmentWriter) throws {
        guard let segment = try writer.finish() else { return }
        _ = try store.upload(contentsOf: segment.file.path, at: .segment(segment.id))
        storedBytes += segment.storedBytes
        segments.append(
            StoredSegment(
                id: segment.id.description, kind: segment.kind.rawValue, documents: segment.documents, bytes: segment.plainBytes,
                storedBytes: segment.storedBytes))
    }

    private static let opening = Array(#"{"index":{"_id":"#.utf8)
    private static let routing = Array(#","routing":"#.utf8)
    private static let closing = Array("}}".utf8)
}
