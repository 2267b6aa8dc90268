import Elasticsearch
import FoundationEssentials
import Messages
import Runtime
import Sessions

/// Opens the view of a slice and makes sure that it is of the index that was planned.
struct ViewOpener {
    let client: ElasticsearchClient
    /// JSON that documents must match; nil takes all.
    let query: String?

    /// - Throws: `WorkerError(.refused)` when the index was deleted, created anew or replaced by an alias since the plan was made: its
    ///   slices would be those of another index.
    func open(_ slice: Slice, of index: PlannedIndex) throws -> ViewEntry {
        // A view sees what the last refresh saw: with one right before it, all that was acknowledged until now.
        let moment = Date()
        try refreshIfAllowed(index.name)
        if try client.capabilities().reader == .scroll { return try announceScroll(slice, of: index, at: moment) }
        let view = try client.openPointInTime(
            index: index.name, shard: slice.shard, keepAlive: .seconds(300), query: query, now: moment)
        do {
            return ViewEntry(
                nonce: try Nonce.make(), pointInTime: view.id, shards: view.shards, documents: view.total,
                openedAt: Timestamp(secondsSinceEpoch: view.openedAt.timeIntervalSince1970),
                definition: try newerDefinition(of: index))
        } catch {
            // The first error is the one to report; a view that cannot be closed expires by itself.
            _ = try? client.closePointInTime(view)
            throw error
        }
    }

    /// A scroll belongs to the unit that opens it: until then its documents are an estimate.
    private func announceScroll(_ slice: Slice, of index: PlannedIndex, at moment: Date) throws -> ViewEntry {
        let count = try client.countDocuments(in: index.name, shard: slice.shard, query: query)
        var view = ViewEntry(
            nonce: try Nonce.make(), pointInTime: "", shards: count.shards, documents: count.documents,
            openedAt: Timestamp(secondsSinceEpoch: moment.timeIntervalSince1970), definition: try newerDefinition(of: index))
        view.scrolls = true
        return view
    }

    /// Read after the view is there: a document in the view may need a mapping that is younger than the plan.
    /// - Returns: nil when it is as planned.
    ///
    /// - Throws: `WorkerError(.refused)` when it is no more the index that was planned.
    func newerDefinition(of index: PlannedIndex) throws -> String? {
        let current = try client.currentDefinition(of: index.name)?.withoutLoadAliases
        guard let current, current.uuid == index.uuid, current.numberOfShards == index.shards else {
            throw WorkerError(
                .refused, "index \(index.name) was deleted or created anew while the backup ran; run the backup again")
        }
        guard let planned = IndexDefinition(json: try JSONValue(parsing: Array(index.definition.utf8))) else { return nil }
        return current.isMade(like: planned) ? nil : current.merged(with: planned).json.serialized()
    }

    /// The plan has a note where it is not.
    private func refreshIfAllowed(_ index: String) throws {
        do {
            try client.refresh(index)
        } catch {
            guard error.code == .forbidden else { throw error }
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
