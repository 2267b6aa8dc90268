import Archive
import Crypto
import Elasticsearch
import Messages
import Runtime

/// Saves what a cluster holds beside indices, when a backup is planned.
struct ObjectDumper {
    let client: ElasticsearchClient
    let store: RepositoryStore
    let spool: Spool
    /// Whose manifest it becomes.
    let session: SessionID

    struct Dump {
        /// Id of the manifest of objects.
        var manifest: String
        var notes: [String]
    }

    /// - Parameter indices: what the backup takes; their data streams are saved with the templates that make them, whatever is selected.
    func dump(_ parameters: TaskParameters, indices: [IndexDefinition]) throws -> Dump {
        let selection = parameters.savedObjects
        let hasStreams = indices.contains { $0.dataStream != nil }
        var kinds = Set(ObjectKind.allCases.filter { selection.mayTake(ClusterObjectKind($0)) && $0 != .dataStreams })
        let isAsked = !kinds.isEmpty
        if hasStreams { kinds.formUnion([.dataStreams, .indexTemplates, .componentTemplates]) }
        let catalog = try client.objects(of: kinds, includesSystem: true)
        var notes = catalog.notes
        let streams = try streams(in: catalog, of: indices)
        for name in Set(indices.compactMap(\.dataStream)).subtracting(streams.map(\.name)).sorted() {
            notes.append("data stream \(name) could not be read: its backing indices will come back as plain indices")
        }
        let needed = try templates(of: streams, in: catalog, &notes)
        let chosen = catalog.objects.filter { object in
            if object.kind == .dataStreams { return streams.contains { $0.name == object.name } }
            // A restore's own: given back, they would outlive every session and keep other templates from the names they cover.
            if object.name.hasPrefix(".sheaf-"), !needed.contains(object.description) { return false }
            return needed.contains(object.description)
                || (selection.takes(ClusterObjectKind(object.kind), named: object.name)
                    && (parameters.includeSystem || !object.isSystem))
        }
        if isAsked { notes += try client.uncoveredMetadata() }
        let ordered = try ObjectOrder.sorted(chosen)
        let identity = try client.identity()
        let staged = try ObjectManifestWriter.write(
            ordered.objects.map { StoredObject(kind: $0.kind.rawValue, name: $0.name, body: $0.body) },
            header: ObjectManifest(
                distribution: identity.distribution.rawValue, serverVersion: identity.version, session: session.text),
            spool: spool)
        _ = try store.upload(contentsOf: staged.path, at: .manifest(staged.digest))
        return Dump(manifest: staged.digest.hex, notes: notes + ordered.notes)
    }

    private func streams(in catalog: ObjectCatalog, of indices: [IndexDefinition]) throws -> [DataStream] {
        let taken = Set(indices.map(\.name))
        return try catalog.objects.filter { $0.kind == .dataStreams }.map { try DataStream($0) }
            .filter { $0.indices.contains { taken.contains($0.name) } }
    }

    /// The templates that streams are made by, and what those are composed of.
    private func templates(of streams: [DataStream], in catalog: ObjectCatalog, _ notes: inout [String]) throws -> Set<String> {
        var needed: Set<String> = []
        for stream in streams {
            guard let template = try StreamTemplates.template(of: stream, among: catalog.objects) else {
                notes.append("data stream \(stream.name): its index template could not be read and is not saved")
                continue
            }
            needed.insert(template.description)
            for name in try StreamTemplates.components(of: template) {
                if let component = catalog.object(.componentTemplates, name) { needed.insert(component.description) }
            }
        }
        return needed
    }
}

extension ClusterObjectKind {
    init(_ kind: ObjectKind) {
        self =
            switch kind {
            case .clusterSettings: .clusterSettings
            case .ilmPolicies: .ilmPolicies
            case .ismPolicies: .ismPolicies
            case .scripts: .scripts
            case .ingestPipelines: .ingestPipelines
            case .searchPipelines: .searchPipelines
            case .componentTemplates: .componentTemplates
            case .legacyTemplates: .legacyTemplates
            case .indexTemplates: .indexTemplates
            case .dataStreams: .dataStreams
            }
    }
}
