import Archive
import Crypto
import Elasticsearch
import Messages

/// The objects of a snapshot, beside its indices.
struct SnapshotObjects {
    /// In the order in which they are to be put.
    var objects: [ClusterObject] = []
    /// Kinds that this program does not know.
    var unknownKinds: Set<String> = []

    init(_ objects: [ClusterObject] = []) { self.objects = objects }

    /// - Parameter manifest: nil of snapshots without any.
    init(manifest: String?, in store: RepositoryStore) throws {
        guard let manifest else { return }
        guard let id = Digest(hex: manifest) else {
            throw WorkerError(.refused, "the snapshot names \(manifest) as the manifest of its objects, which is no digest")
        }
        for stored in try ObjectManifestReader(store: store, id: id).objects {
            if let kind = ObjectKind(rawValue: stored.kind) {
                objects.append(ClusterObject(kind: kind, name: stored.name, body: stored.body))
            } else {
                unknownKinds.insert(stored.kind)
            }
        }
    }

    func object(_ kind: ObjectKind, _ name: String) -> ClusterObject? {
        objects.first { $0.kind == kind && $0.name == name }
    }

    var streams: [DataStream] {
        get throws { try objects.filter { $0.kind == .dataStreams }.map { try DataStream($0) } }
    }

    /// The stream of each backing index.
    var streamNames: [String: String] {
        get throws {
            var names: [String: String] = [:]
            for stream in try streams { for index in stream.indices { names[index.name] = stream.name } }
            return names
        }
    }
}
