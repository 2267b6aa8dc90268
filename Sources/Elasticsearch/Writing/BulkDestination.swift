/// Where documents are loaded, and what it means that one is there already.
package struct BulkDestination: Sendable, Equatable {
    /// An alias, or a data stream's name.
    package let name: String
    /// Refuse the documents when the name is no alias (any more): it fences a load whose session was ended.
    package let requiresAlias: Bool
    package let action: ElasticsearchClient.WriteAction

    /// - Parameter action: with `.create` a document that is there already (409) counts as loaded by an earlier try.
    package static func alias(_ name: String, action: ElasticsearchClient.WriteAction = .index) -> BulkDestination {
        BulkDestination(name: name, requiresAlias: true, action: action)
    }

    /// Data streams take `create` actions alone.
    package static func dataStream(_ name: String) -> BulkDestination {
        BulkDestination(name: name, requiresAlias: false, action: .create)
    }

    var what: String { requiresAlias ? "load documents through alias \(name)" : "load documents into data stream \(name)" }
}
