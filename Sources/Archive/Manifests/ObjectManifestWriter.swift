import FoundationEssentials

/// Writes a manifest of objects into the spool.
package enum ObjectManifestWriter {
    /// The order of the objects decides the manifest's name: kinds in the order in which they are restored, then names.
    ///
    /// - Returns: a file to store by `store.upload(contentsOf: file.path, at: .manifest(file.digest))`.
    package static func write(
        _ objects: [StoredObject], header: ObjectManifest, spool: Spool
    ) throws(ArchiveError) -> StagedFile {
        let encoder = JSONEncoder()
        // One spelling for one value: the same objects make the same manifest.
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let file = try SpooledFile(in: spool)
        func write(_ line: ObjectManifestLine, _ what: @autoclosure () -> String) throws(ArchiveError) {
            var bytes: [UInt8]
            do {
                bytes = Array(try encoder.encode(line))
            } catch {
                throw ArchiveError(.invalid, "\(what()) cannot be written as JSON: \(error)")
            }
            bytes.append(UInt8(ascii: "\n"))
            guard bytes.count <= ObjectSize.small else {
                throw ArchiveError(
                    .invalid,
                    "\(what()) has \(bytes.count) bytes, a line of a manifest at most \(ObjectSize.small): leave it out of the backup"
                )
            }
            try file.write(bytes)
        }
        var totals = ObjectTotals()
        try write(.objects(header), "the manifest's first line")
        for object in objects {
            totals.add(object)
            try write(.object(object), "object \(object.name) of kind \(object.kind)")
        }
        try write(.end(totals), "the manifest's last line")
        return try file.finish()
    }
}
