import Elasticsearch
package import Manifests
package import Messages
import Runtime

/// Loads documents from plain lines into one index, with a verdict for each; no broker, no repository. Blocking.
package struct DocumentImport {
    package struct Report: Sendable, Equatable {
        package var accepted = 0
        package var rejected = 0
        /// Of the sources that were accepted.
        package var bytes = 0
        package var notes: [String] = []
    }

    /// A document that is not in the index now.
    package struct Rejected {
        /// Of its source, or of what should have been one; from 1.
        package let line: Int
        package let type: String
        package let reason: String
        package let status: Int
        /// JSON strings with their quotes; nil where the line could not be read.
        let id: [UInt8]?
        let routing: [UInt8]?
        let source: [UInt8]
    }

    /// Bytes and documents that are collected before they are sent.
    private static let batchBytes = 4 << 20
    private static let batchDocuments = 10_000
    private static let bodyBytes = 5_000_000

    private let client: ElasticsearchClient
    private let place: String

    /// - Throws: `TransferError(.notFound)`, or what keeps this machine from reaching the cluster.
    package init(resources: ResourceSet, secrets: SecretSource, target key: ResourceKey) throws {
        guard let binding = resources.appBinding(key)?.value else {
            throw TransferError(.notFound, "\(key) is not among the resources")
        }
        let configuration = try ClusterAccess(resources: resources, secrets: secrets).configuration(of: binding)
        self.init(client: try ElasticsearchClient(configuration: configuration), place: key.description)
    }

    init(client: ElasticsearchClient, place: String) {
        self.client = client
        self.place = place
    }

    /// - Parameters:
    ///   - file: is read to its end, with `.overwrite` twice; `name` is for sentences.
    ///   - pipeline: of the cluster, which every document goes through; nil: none, not the index's default either.
    ///   - conflict: about an index that is there; `append` overwrites documents of the same id.
    ///   - allowsEmpty: a file without a line makes an empty index.
    ///   - isStopped: asked between blocks and batches.
    ///   - reject: takes every document that was refused.
    /// - Throws: after what was made has been deleted again; `TransferError(.interrupted)` when it was stopped.
    package func run(
        file: CInt, name: String, into index: String, pipeline: String?, conflict: ConflictPolicy, allowsEmpty: Bool = false,
        isStopped: @escaping @Sendable () -> Bool = { false }, reject: (Rejected) throws -> Void
    ) throws -> Report {
        var target = try ImportTarget(client: client, name: index, place: place)
        let replaces = target.isThere && conflict == .overwrite
        switch conflict {
        case .skip where target.isThere: return Report(notes: ["index \(index) is there already and was left as it is"])
        case .fail where target.isThere, .swapAlias where target.isThere:
            throw TransferError(
                .refused,
                "index \(index) is already there in \(place); --conflict append adds to it, overwrite makes it anew, skip leaves it"
            )
        default: break
        }
        // What exists goes only for a file that is known to be good.
        if replaces, try ImportReader.examine(file: file, name: name, isStopped: isStopped) == 0 {
            throw TransferError(.damaged, "\(name) has no documents, so index \(index) was left as it is; to empty it, delete it")
        }
        // Read before anything is made: a file that is none of documents must leave no index behind.
        let reader = try ImportReader(file: file, name: name, isStopped: isStopped)
        guard !reader.isEmpty || allowsEmpty else {
            throw TransferError(.damaged, "\(name) has no documents; if that is right, say --allow-empty")
        }
        do {
            if replaces || !target.isThere { try target.make() }
            var report = try load(reader, into: index, pipeline: pipeline, isStopped: isStopped, reject: reject)
            try target.settle()
            if report.rejected > 0, let replaced = target.replaced { report.notes.append(replaced) }
            return report
        } catch {
            throw target.abandon(because: error)
        }
    }

    private func load(
        _ reader: ImportReader, into index: String, pipeline: String?, isStopped: () -> Bool, reject: (Rejected) throws -> Void
    ) throws -> Report {
        var reader = reader
        let loader = BulkLoader(client: client, destination: .index(index), gate: BulkGate(bodyBytes: Self.bodyBytes))
        var batch = ImportBatch(pipeline: pipeline)
        var report = Report()
        func flush() throws {
            guard !batch.documents.isEmpty else { return }
            guard !isStopped() else { throw TransferError(.interrupted, "the import was ended") }
            let verdict = try batch.lines.withUnsafeBytes { try loader.load($0) }
            guard verdict.accepted + verdict.rejected.count == batch.documents.count else {
                throw TransferError(
                    .refused,
                    "of \(batch.documents.count) documents the server accepted \(verdict.accepted) and refused "
                        + "\(verdict.rejected.count): the others are unaccounted for")
            }
            for rejection in verdict.rejected {
                let rejected = batch.rejected(rejection)
                try reject(rejected)
                report.rejected += 1
                report.bytes -= rejected.source.count
            }
            report.accepted += verdict.accepted
            report.bytes += batch.sourceBytes
            batch.removeAll()
        }
        do {
            while true {
                do {
                    guard let document = try reader.next() else { break }
                    batch.append(document, line: reader.line)
                } catch let error as ImportReader.Malformed {
                    report.rejected += 1
                    try reject(
                        Rejected(
                            line: error.line, type: "malformed_line", reason: error.reason, status: 0, id: nil, routing: nil,
                            source: error.bytes))
                }
                if batch.lines.count >= Self.batchBytes || batch.documents.count >= Self.batchDocuments { try flush() }
            }
            try flush()
        } catch let error as TransferError where error.code == .interrupted {
            throw TransferError(.interrupted, "\(error); \(report.accepted) documents were loaded until then")
        }
        return report
    }
}
