package import Crypto

/// Reads an index's manifest line by line; only what `next` has confirmed with `nil` is known to be whole and unchanged.
package final class IndexManifestReader {
    package let id: Digest
    package let header: IndexManifest
    private var lines: ManifestLines<ManifestLine>
    private var totals = ManifestTotals()
    private var isEnded = false

    package init(store: RepositoryStore, id: Digest) throws(ArchiveError) {
        self.id = id
        var lines = try ManifestLines<ManifestLine>(store: store, id: id)
        guard case .index(let header)? = try lines.next() else { throw lines.damaged("it does not start with an index") }
        guard header.version == IndexManifest.currentVersion else {
            throw ArchiveError(
                .unsupported,
                "manifest \(id) has version \(header.version), this program knows \(IndexManifest.currentVersion): use a newer one"
            )
        }
        self.header = header
        self.lines = lines
    }

    /// - Returns: `nil` after the last segment, once totals and digest hold.
    package func next() throws(ArchiveError) -> SegmentReference? {
        if isEnded { return nil }
        switch try lines.next() {
        case .segment(let segment):
            totals.add(segment)
            return segment
        case .end(let end):
            guard try lines.next() == nil else { throw lines.damaged("it goes on after its end") }
            guard end == totals, end.documents == header.documents, end.plainBytes == header.plainBytes else {
                throw lines.damaged("its segments do not add up to its totals")
            }
            try lines.checkDigest()
            isEnded = true
            return nil
        case .index: throw lines.damaged("it has two indices")
        case nil: throw lines.damaged("it ends before its totals")
        }
    }
}
