package import Archive
package import Messages
import Runtime
import Sessions
package import Snapshots

/// Writes documents of a snapshot as plain lines, read straight from the repository: no broker, no cluster.
package struct SnapshotExport {
    package enum Format: String, CaseIterable, Sendable {
        /// An action line, which names index, id and routing, and a source line: the body of a `_bulk` request.
        case bulk
        /// Sources alone.
        case documents
    }

    /// What was written.
    package struct Report: Sendable, Equatable {
        package var snapshot: SnapshotID
        /// Documents of each index, in the snapshot's order.
        package var documents: [(index: String, count: Int)] = []
        package var bytes = 0
        /// Documents whose raw line ends or comments were replaced: a line cannot hold them as they are.
        package var flattened = 0
        /// Snapshots that were passed over, and why an index has not all its documents in the snapshot.
        package var notes: [String] = []

        package var total: Int { documents.reduce(0) { $0 + $1.count } }

        package static func == (left: Report, right: Report) -> Bool {
            left.snapshot == right.snapshot && left.documents.map(\.index) == right.documents.map(\.index)
                && left.documents.map(\.count) == right.documents.map(\.count) && left.bytes == right.bytes
                && left.flattened == right.flattened && left.notes == right.notes
        }
    }

    private let store: RepositoryStore

    package init(store: RepositoryStore) { self.store = store }

    /// - Parameters:
    ///   - selector: a snapshot's id, a part of one that no other has, `latest`, or a time; the latter two mean one that misses nothing.
    ///   - target: whose snapshot `latest` and a time mean; nil where the repository has one target alone.
    ///   - indices: names and patterns; each must match.
    ///   - write: takes whole lines; the bytes are valid during the call.
    /// - Throws: also what `write` throws, and `TransferError(.damaged)` when the snapshot has other documents than it says.
    package func run(
        _ selector: String, of target: SnapshotSource? = nil, indices patterns: [String], format: Format,
        write: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Report {
        let selection = try SnapshotCatalog(store: store).find(selector, target: target)
        let commit = selection.commit
        let names = commit.summary.indices.map(\.name)
        for pattern in patterns where !names.contains(where: { NamePattern.matches(pattern, $0) }) {
            throw TransferError(
                .notFound,
                "snapshot \(commit.summary.id) has no index \(pattern); it has \(names.sorted().joined(separator: ", "))")
        }
        var report = Report(snapshot: commit.summary.id, notes: selection.notes)
        if let missing = commit.summary.missing { report.notes.append("the snapshot is not whole: \(missing)") }
        for (summary, manifest) in zip(commit.summary.indices, commit.manifests)
        where patterns.contains(where: { NamePattern.matches($0, summary.name) }) {
            if let missing = summary.missing { report.notes.append("index \(summary.name) is not whole: \(missing)") }
            let count = try export(summary.name, manifest: manifest, format, &report, write)
            report.documents.append((summary.name, count))
        }
        return report
    }

    private func export(
        _ index: String, manifest: String, _ format: Format, _ report: inout Report,
        _ write: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Int {
        let reader = try IndexManifestReader(store: store, id: try RestoreSurvey.digest(manifest, of: index))
        var lines = ExportLines(index: index, format: format)
        var total = 0
        while let reference = try reader.next() {
            let segment = try SegmentReader(store: store, id: reference.id, storedBytes: reference.storedBytes)
            var documents = 0
            for (ordinal, frame) in segment.frames.enumerated() {
                let bytes = try segment.frame(ordinal)
                let count = try lines.read(bytes, of: segment.kind)
                guard count == frame.documents else {
                    throw damaged(
                        index, "frame \(ordinal) of segment \(segment.id) has \(count) documents and says \(frame.documents)")
                }
                documents += count
                report.bytes += lines.bytes.count
                try lines.bytes.withUnsafeBytes(write)
            }
            guard documents == reference.documents else {
                throw damaged(index, "segment \(segment.id) has \(documents) documents, its manifest says \(reference.documents)")
            }
            total += documents
        }
        guard total == reader.header.documents else {
            throw damaged(index, "there are \(total) documents, the manifest says \(reader.header.documents)")
        }
        report.flattened += lines.flattened
        return total
    }

    private func damaged(_ index: String, _ what: String) -> TransferError {
        TransferError(.damaged, "the snapshot of index \(index) is damaged: \(what); the lines that were written are not all")
    }
}
