package import FoundationEssentials

/// A view of one shard, or of a whole index, that later writes do not change.
package struct PointInTime: Codable, Sendable, Equatable {
    /// The newest id that the server gave; it may change with every page.
    package var id: String
    package let index: String
    /// nil: all shards.
    package let shard: Int?
    /// Shards that every answer must come from.
    package let shards: Int
    /// Documents in the view, nested ones not counted.
    package let total: Int
    package let openedAt: Date

    package init(id: String, index: String, shard: Int?, shards: Int, total: Int, openedAt: Date) {
        self.id = id
        self.index = index
        self.shard = shard
        self.shards = shards
        self.total = total
        self.openedAt = openedAt
    }

    /// For messages: the view's object.
    var name: String { shard.map { "shard \($0) of index \(index)" } ?? "index \(index)" }
}

/// What one page brought.
package struct PageSummary: Sendable, Equatable {
    package let documents: Int
    /// Raw JSON array to continue after; nil when the page was empty. Numbers in it may exceed 2^53: never parse it.
    package let lastSort: String?
    /// Id of the point in time, or of the scroll, to use from now on.
    package let viewID: String
    /// Bytes of the response.
    package let bytes: Int
    /// Documents of the whole view, where the search counted them: scrolls do.
    package let total: Int?
}
