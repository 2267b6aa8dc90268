import Crypto
import FoundationEssentials

/// Writes an index's manifest line by line into the spool, in memory one buffer at a time.
package final class IndexManifestWriter {
    private let header: IndexManifest
    private let file: SpooledFile
    private let encoder = JSONEncoder()
    private var lines: [UInt8] = []
    private var totals = ManifestTotals()

    package init(spool: Spool, header: IndexManifest) throws(ArchiveError) {
        self.header = header
        file = try SpooledFile(in: spool)
        // One spelling for one value: two finishers of a session make the same object.
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try write(.index(header))
    }

    /// - Important: the order decides the manifest's name: slices by number, parts by their chain.
    package func append(_ segment: SegmentReference) throws(ArchiveError) {
        totals.add(segment)
        try write(.segment(segment))
    }

    /// Ends the manifest; store it by `store.upload(contentsOf: file.path, at: .manifest(file.digest))`.
    /// - Throws: `.invalid` when the segments do not add up to what the header says: nothing may be committed then.
    package func finish() throws(ArchiveError) -> StagedFile {
        guard totals.documents == header.documents, totals.plainBytes == header.plainBytes else {
            throw ArchiveError(
                .invalid,
                "the segments of index \(header.name) hold \(totals.documents) documents in \(totals.plainBytes) bytes, its slices "
                    + "counted \(header.documents) in \(header.plainBytes): do not commit this snapshot, back up again")
        }
        try write(.end(totals))
        try flush()
        return try file.finish()
    }

    private func write(_ line: ManifestLine) throws(ArchiveError) {
        do {
            lines += try encoder.encode(line)
        } catch {
            throw ArchiveError(.invalid, "the manifest of index \(header.name) cannot be written as JSON: \(error)")
        }
        lines.append(UInt8(ascii: "\n"))
        if lines.count >= 64 << 10 { try flush() }
    }

    private func flush() throws(ArchiveError) {
        try file.write(lines)
        lines.removeAll(keepingCapacity: true)
    }
}
