import Elasticsearch
import FoundationEssentials
import Messages
import Runtime
import Sessions

/// Opens the point in time of a slice and makes sure that it is of the index that was planned.
struct ViewOpener {
    let client: ElasticsearchClient

    /// - Throws: `WorkerError(.refused)` when the index was deleted, created anew or replaced by an alias since the plan was made: its
    ///   slices would be those of another index.
    func open(_ slice: Slice, of index: PlannedIndex) throws -> ViewEntry {
        let view = try client.openPointInTime(index: index.name, shard: slice.shard, keepAlive: .seconds(300))
        do {
            // Read after the view is there: a document in the view may need a mapping that is younger than the plan.
            let current = try client.currentDefinition(of: index.name)
            guard let current, current.uuid == index.uuid, current.numberOfShards == index.shards else {
                throw WorkerError(
                    .refused, "index \(index.name) was deleted or created anew while the backup ran; run the backup again")
            }
            let planned = IndexDefinition(json: try JSONValue(parsing: Array(index.definition.utf8)))
            return ViewEntry(
                nonce: try Nonce.make(), pointInTime: view.id, shards: view.shards, documents: view.total,
                openedAt: Timestamp(secondsSinceEpoch: view.openedAt.timeIntervalSince1970),
                definition: planned.flatMap { current.isMade(like: $0) ? nil : current.merged(with: $0).json.serialized() })
        } catch {
            // The first error is the one to report; a view that cannot be closed expires by itself.
            _ = try? client.closePointInTime(view)
            throw error
        }
    }
}

extension IndexDefinition {
    fileprivate func isMade(like other: IndexDefinition) -> Bool {
        mappings == other.mappings && aliases == other.aliases && settingsWithoutRouting == other.settingsWithoutRouting
    }

    /// The number of routing shards is known to the catalog alone and never changes.
    private var settingsWithoutRouting: JSONValue {
        var settings = settings
        settings["index.number_of_routing_shards"] = nil
        return settings
    }

    fileprivate func merged(with planned: IndexDefinition) -> IndexDefinition {
        var merged = planned
        merged.mappings = mappings
        merged.aliases = aliases
        merged.settings = settings
        if let routing = planned.settings["index.number_of_routing_shards"], settings["index.number_of_routing_shards"] == nil {
            merged.settings["index.number_of_routing_shards"] = routing
        }
        return merged
    }
}

extension PointInTime {
    /// The view that an entry speaks of, enough to close it.
    init(_ view: ViewEntry) {
        self.init(
            id: view.pointInTime, index: "", shard: nil, shards: view.shards, total: view.documents,
            openedAt: Date(timeIntervalSince1970: view.openedAt.secondsSinceEpoch))
    }
}
