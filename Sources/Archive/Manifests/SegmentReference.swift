package import Crypto

/// What a part entry and an index manifest say of a segment.
package struct SegmentReference: Hashable, Sendable, Codable {
    package let id: Digest
    package let kind: SegmentKind
    /// Number of the slice in the session's plan.
    package let slice: Int
    /// `nil` when the index was read as a whole.
    package let shard: Int?
    package let documents: Int
    package let plainBytes: Int
    package let storedBytes: Int

    package init(id: Digest, kind: SegmentKind, slice: Int, shard: Int?, documents: Int, plainBytes: Int, storedBytes: Int) {
        self.id = id
        self.kind = kind
        self.slice = slice
        self.shard = shard
        self.documents = documents
        self.plainBytes = plainBytes
        self.storedBytes = storedBytes
    }

    package init(_ segment: StagedSegment, slice: Int, shard: Int?) {
        self.init(
            id: segment.id, kind: segment.kind, slice: slice, shard: shard, documents: segment.documents,
            plainBytes: segment.plainBytes, storedBytes: segment.storedBytes)
    }
}
