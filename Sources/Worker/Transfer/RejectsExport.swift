package import Archive
import Crypto
import Runtime
import Sessions

/// Writes the documents that restores had refused, with their errors, as lines that an import takes: read straight from the repository.
package struct RejectsExport {
    package struct Report: Sendable, Equatable {
        package var documents = 0
        package var bytes = 0
        /// Documents whose raw line ends or comments were replaced: a line cannot hold them as they are.
        package var flattened = 0
    }

    private let store: RepositoryStore

    package init(store: RepositoryStore) { self.store = store }

    /// - Parameters:
    ///   - segments: ids, as a restore's status names them.
    ///   - write: takes whole lines; the bytes are valid during the call.
    /// - Throws: also what `write` throws; `TransferError` before the first line when one of the segments is none of refused documents.
    package func run(_ segments: [String], write: (UnsafeRawBufferPointer) throws -> Void) throws -> Report {
        var report = Report()
        for reader in try segments.map(open) {
            for ordinal in reader.frames.indices {
                var documents = ExactDocuments(in: try reader.frame(ordinal))
                while let document = try documents.next() {
                    let line = try Self.line(document, of: reader.id, &report)
                    report.documents += 1
                    report.bytes += line.count
                    try line.withUnsafeBytes(write)
                }
            }
        }
        return report
    }

    private func open(_ text: String) throws -> SegmentReader {
        guard let id = Digest(hex: text.lowercased()) else {
            throw TransferError(.notFound, "\"\(text)\" is no segment's id: a restore's status names all 64 digits of it")
        }
        guard try store.size(.segment(id)) != nil else {
            throw TransferError(.notFound, "there is no segment \(id) in \(store.location)")
        }
        let reader = try SegmentReader(store: store, id: id)
        if reader.kind == .exact, !reader.frames.isEmpty {
            var documents = ExactDocuments(in: try reader.frame(0))
            if let first = try documents.next(), Self.error(of: try JSONValue(parsing: first.action)) != nil { return reader }
        }
        throw TransferError(
            .refused, "segment \(id) holds no refused documents but a snapshot's: export the snapshot's index")
    }

    private static func error(of action: JSONValue) -> JSONValue? { action["rejected"] }

    private static func line(_ document: ExactDocuments.Document, of segment: Digest, _ report: inout Report) throws -> [UInt8] {
        let action = try JSONValue(parsing: document.action)
        guard let error = error(of: action), let id = action[path: ["index", "_id"]] else {
            throw TransferError(.damaged, "segment \(segment) is damaged: a document has no error or no _id; read another copy")
        }
        var source = Array(document.source)
        if source.contains(where: { $0 == 0x0A || $0 == 0x0D }) {
            source = SourceLine.flattened(document.source)
            report.flattened += 1
        }
        return RejectedLine.bytes(
            id: id.serializedBytes(), routing: action[path: ["index", "routing"]]?.serializedBytes(), source: source, error: error
        )
    }
}
