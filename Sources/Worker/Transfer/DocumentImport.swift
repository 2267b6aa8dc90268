import Elasticsearch
package import Manifests
package import Messages
import Runtime
import Sessions

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
    ///   - file: is read to its end; `name` is for sentences.
    ///   - pipeline: of the cluster, which every document goes through; nil: none, not the index's default either.
    ///   - conflict: about an index that is there; `append` overwrites documents of the same id.
    ///   - reject: takes every document that was refused.
    /// - Throws: after what was made has been deleted again.
    package func run(
        file: CInt, name: String, into index: String, pipeline: String?, conflict: ConflictPolicy,
        reject: (Rejected) throws -> Void
    ) throws -> Report {
        guard let planned = try plan(index, conflict) else {
            return Report(notes: ["index \(index) is there already and was left as it is"])
        }
        // Read before anything is made: a file that is none of documents must leave no index behind.
        let reader = try ImportReader(file: file, name: name)
        guard let session = SessionID("import-\(try Nonce.make())") else {
            throw TransferError(.refused, "an import could not be named")
        }
        let plan = PlanEntry(
            nonce: "", indices: [planned], slices: [], window: 1, snapshot: nil, plannedAt: .now(), notes: [])
        let target = RestoreTarget(client: client, session: session)
        do {
            try target.prepare(plan) {}
            var report = try load(reader, through: target.loadAlias(0), pipeline: pipeline, reject: reject)
            report.notes += try target.release(plan)
            return report
        } catch {
            do {
                try target.drop(plan)
            } catch let second {
                throw TransferError(.refused, "\(error); and what was made could not be removed: \(second)")
            }
            throw error
        }
    }

    /// - Returns: nil for an index that is to be left as it is.
    private func plan(_ index: String, _ conflict: ConflictPolicy) throws -> PlannedIndex? {
        if let problem = IndexName.problem(index) {
            throw TransferError(.refused, "an index cannot be named \"\(index)\": a name that \(problem) is not allowed")
        }
        let definition = IndexDefinition(name: index, uuid: "", numberOfShards: 1)
        var planned = PlannedIndex(
            name: index, targetName: index, uuid: "", shards: 1, documents: 0, definition: definition.json.serialized())
        switch try TargetNames(of: client, inQuestion: [index]).occupant(of: index) {
        case nil: return planned
        case .alias(let holders):
            throw TransferError(
                .refused, "\(index) is an alias of \(holders.joined(separator: ", ")) in \(place); name an index itself")
        case .other: throw TransferError(.refused, "\(index) is a data stream in \(place); import into an index")
        case .index: break
        }
        switch conflict {
        case .skip: return nil
        case .append: planned.placement = .append
        case .overwrite:
            planned.placement = .overwrite
            planned.replaces = try client.currentDefinition(of: index)?.uuid
        case .fail, .swapAlias:
            throw TransferError(
                .refused,
                "index \(index) is already there in \(place); --conflict append adds to it, overwrite makes it anew, skip leaves it"
            )
        }
        return planned
    }

    private func load(
        _ reader: ImportReader, through alias: String, pipeline: String?, reject: (Rejected) throws -> Void
    ) throws -> Report {
        var reader = reader
        let loader = BulkLoader(client: client, alias: alias)
        var batch = ImportBatch(pipeline: pipeline)
        var report = Report()
        func flush() throws {
            guard !batch.documents.isEmpty else { return }
            let verdict = try batch.lines.withUnsafeBytes { try loader.load($0) }
            if verdict.rejected.contains(where: \.isFenced) {
                throw TransferError(
                    .refused, "the alias \(alias) is gone that the import goes through: something else removed it")
            }
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
        return report
    }
}

extension RestoreTarget {
    /// Brings what was loaded to rest without counting it: documents of one id may have come several times.
    ///
    /// - Returns: what had to be left out.
    func release(_ plan: PlanEntry) throws -> [String] {
        var notes: [String] = []
        for (position, index) in plan.indices.enumerated() {
            try removeAlias(loadAlias(position), from: index.targetName)
            if index.placement != .append {
                notes += try IndexRest(client: client, name: index.targetName, definition: try index.restoredDefinition)
                    .restoreSettings()
            }
            try client.refresh(index.targetName)
        }
        return notes
    }
}
