import Crypto
import Elasticsearch
import Messages
import Sessions

/// How the documents of one index are written: where to, by which action, and under which ids.
struct LoadManner: Sendable {
    let destination: BulkDestination
    /// Of the snapshot and the index: documents go under new ids.
    private let seed: String?

    /// - Parameter fence: the session's load alias of the index; of a data stream the pipeline that stands for one.
    init(_ index: PlannedIndex, fence: String, snapshot: SnapshotID?) {
        let isAppended = index.placement == .append
        seed = isAppended ? "\(snapshot?.text ?? "")\n\(index.name)\n\(index.manifest ?? "")" : nil
        destination =
            if let stream = index.stream {
                .dataStream(stream.name, fencePipeline: fence)
            } else {
                .alias(fence, action: isAppended ? .create : .index)
            }
    }

    /// What changes the lines of a frame; nil: they go out as they are.
    ///
    /// A new id is the hash of snapshot, index and frame, and the document's place in the frame: however often and in whatever slices
    /// the snapshot is appended, the same document has the same id.
    func rewriter(of frame: SegmentCursor) throws -> BulkRewriter? {
        guard destination.action == .create else { return nil }
        guard let seed else { return BulkRewriter(.kept) }
        let digest = try SHA256.digest(of: Array("\(seed)\n\(frame.text)".utf8))
        return BulkRewriter(.numbered(prefix: String(digest.hex.prefix(32))))
    }
}
