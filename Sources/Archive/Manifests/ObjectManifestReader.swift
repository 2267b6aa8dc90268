package import Crypto

/// Reads a manifest of objects; what it returns is whole and unchanged.
package struct ObjectManifestReader {
    package let header: ObjectManifest
    /// In the order of the manifest, in which they are to be restored.
    package let objects: [StoredObject]

    /// - Throws: `.notFound`, `.corrupt`, `.unsupported` for a version that this program does not know, `.unreachable`.
    package init(store: RepositoryStore, id: Digest) throws(ArchiveError) {
        var lines = try ManifestLines<ObjectManifestLine>(store: store, id: id)
        guard case .objects(let header)? = try lines.next() else { throw lines.damaged("it does not start with objects") }
        guard header.version == ObjectManifest.currentVersion else {
            throw ArchiveError(
                .unsupported,
                "manifest \(id) has version \(header.version), this program knows \(ObjectManifest.currentVersion): use a newer one"
            )
        }
        var objects: [StoredObject] = []
        var totals = ObjectTotals()
        while true {
            switch try lines.next() {
            case .object(let object):
                totals.add(object)
                objects.append(object)
                continue
            case .end(let end):
                guard try lines.next() == nil else { throw lines.damaged("it goes on after its end") }
                guard end == totals else { throw lines.damaged("its objects do not add up to its totals") }
            case .objects: throw lines.damaged("it has two beginnings")
            case nil: throw lines.damaged("it ends before its totals")
            }
            break
        }
        try lines.checkDigest()
        self.header = header
        self.objects = objects
    }
}
