import Archive
import Crypto
import Runtime

/// The segments of the manifests that units of restores read lately. Manifests are named by their content, so none grows stale.
final class ManifestCache: Sendable {
    private struct Entry {
        var id: Digest
        var segments: [SegmentReference]
    }

    private static let capacity = 8
    private let entries = Lock<[Entry]>([])

    func segments(of id: Digest, in store: RepositoryStore) throws -> [SegmentReference] {
        if let known = entries.withLock({ $0.first { $0.id == id } }) { return known.segments }
        let reader = try IndexManifestReader(store: store, id: id)
        var segments: [SegmentReference] = []
        while let segment = try reader.next() { segments.append(segment) }
        let entry = Entry(id: id, segments: segments)
        entries.withLock {
            $0.insert(entry, at: 0)
            if $0.count > Self.capacity { $0.removeLast() }
        }
        return segments
    }
}
