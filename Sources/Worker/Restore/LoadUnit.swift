import Archive
import Crypto
import Elasticsearch
import Messages
import Runtime
import Sessions

/// One unit of a restore: loads frames of segments from a cursor through the load alias, with a verdict for every document.
struct LoadUnit {
    let client: ElasticsearchClient
    let store: any ObjectStore
    let settings: WorkerSettings
    let report: (_ documents: Int, _ bytes: Int, _ storedBytes: Int) -> Void

    /// - Parameters:
    ///   - alias: the load alias, or the data stream that documents go through by `create`, with its `fencePipeline`.
    ///   - segments: all segments of the index's manifest.
    /// - Throws: `WorkerError(.refused)` when the target refuses a document for good: a restore that leaves one out is no restore.
    func run(
        index: PlannedIndex, slice: Slice, position: UnitPosition, alias: String, segments: [SegmentReference],
        guardian: UnitGuard, fencePipeline: String? = nil
    ) throws -> PartEntry {
        var guardian = guardian
        guard let run = slice.segments, run.upperBound <= segments.count else {
            throw WorkerError(.refused, "slice \(position.slice) of index \(index.name) has segments that its manifest lacks")
        }
        var cursor = SegmentCursor(segment: run.lowerBound, frame: 0)
        if let text = position.cursor {
            guard let begin = SegmentCursor(text), run.contains(begin.segment) else {
                throw WorkerError(.refused, "\"\(text)\" is no cursor of slice \(position.slice) of index \(index.name)")
            }
            cursor = begin
        }
        let loader = BulkLoader(client: client, alias: alias, fencePipeline: fencePipeline)
        var moved = (documents: 0, bytes: 0, stored: 0)
        var isSpent = false
        while cursor.segment < run.upperBound, !isSpent {
            let segment = segments[cursor.segment]
            let reader = try SegmentReader(store: store, id: segment.id, storedBytes: segment.storedBytes)
            while cursor.frame < reader.frames.count, !isSpent {
                let frame = reader.frames[cursor.frame]
                let bytes = try reader.frame(cursor.frame)
                let verdict = try load(bytes, of: reader.kind, through: loader, alias: alias, fencePipeline: fencePipeline)
                try check(verdict, expected: frame.documents, index: index)
                cursor.frame += 1
                moved = (moved.documents + frame.documents, moved.bytes + frame.plainBytes, moved.stored + frame.storedBytes)
                report(moved.documents, moved.bytes, moved.stored)
                isSpent = try guardian.isSpent(moved: moved.bytes)
            }
            if cursor.frame == reader.frames.count { cursor = SegmentCursor(segment: cursor.segment + 1, frame: 0) }
        }
        return PartEntry(
            nonce: try Nonce.make(), worker: settings.name, begin: position.cursor,
            end: cursor.segment < run.upperBound ? cursor.text : nil, documents: moved.documents, bytes: moved.bytes,
            storedBytes: moved.stored, segments: [], finishedAt: .now())
    }

    private func load(
        _ frame: UnsafeRawBufferPointer, of kind: SegmentKind, through loader: BulkLoader, alias: String,
        fencePipeline: String?
    ) throws -> BulkVerdict {
        guard kind == .exact else { return try loader.load(frame) }
        var verdict = BulkVerdict()
        var documents = ExactDocuments(in: frame)
        while let document = try documents.next() {
            let action = try JSONValue(parsing: document.action)
            guard let id = action[path: ["index", "_id"]] else {
                throw ArchiveError(.corrupt, "a document of an exact segment has no _id")
            }
            let routing = action[path: ["index", "routing"]].map { Array($0.serialized().utf8) }
            let rejection = try client.putDocument(
                alias: alias, id: Array(id.serialized().utf8), routing: routing, source: document.source,
                action: fencePipeline == nil ? .index : .create,
                fencePipeline: fencePipeline)
            verdict.requests += 1
            if let rejection, fencePipeline == nil || rejection.status != 409 {
                verdict.rejected.append(rejection)
            } else {
                verdict.accepted += 1
            }
        }
        return verdict
    }

    private func check(_ verdict: BulkVerdict, expected: Int, index: PlannedIndex) throws {
        if verdict.rejected.contains(where: \.isFenced) {
            throw WorkerError(.sessionEnded, "the load alias of index \(index.targetName) is gone: the restore was ended")
        }
        if let first = verdict.rejected.first {
            throw WorkerError(
                .refused,
                "index \(index.targetName) refused \(verdict.rejected.count) of \(expected) documents, the first with _id \(first.id): "
                    + "\(first.type), \(first.reason)")
        }
        guard verdict.accepted == expected else {
            throw WorkerError(
                .refused, "index \(index.targetName) accepted \(verdict.accepted) of \(expected) documents and refused none")
        }
    }
}
