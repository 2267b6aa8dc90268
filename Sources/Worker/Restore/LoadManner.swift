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
        if let stream = index.stream {
            destination = .dataStream(stream.name, fencePipeline: fence)
            seed = nil
        } else if index.placement == .append {
            destination = .alias(fence, action: .create)
            seed = "\(snapshot?.text ?? "")\n\(index.name)\n\(index.manifest ?? "")"
        } else {
            destination = .alias(fence)
            seed = nil
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
