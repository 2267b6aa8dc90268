/// Where documents are loaded, and what it means that one is there already.
package struct BulkDestination: Sendable, Equatable {
    /// What must still be there for a document to be taken: who takes it away ends the load, whoever is still at it.
    enum Fence: Sendable, Equatable {
        /// The name must be an alias.
        case alias
        /// An ingest pipeline without processors, since a data stream can have no alias that is written through.
        case pipeline(String)
        /// Nothing: the loader's caller looks whose the index is.
        case none
    }

    /// An alias, a data stream's name, or an index's.
    package let name: String
    let fence: Fence
    package let action: ElasticsearchClient.WriteAction

    /// - Parameter action: with `.create` a document that is there already (409) counts as loaded by an earlier try.
    package static func alias(_ name: String, action: ElasticsearchClient.WriteAction = .index) -> BulkDestination {
        BulkDestination(name: name, fence: .alias, action: action)
    }

    /// The index of that name, whoever made it.
    package static func index(_ name: String) -> BulkDestination {
        BulkDestination(name: name, fence: .none, action: .index)
    }

    /// Data streams take `create` actions alone.
    package static func dataStream(_ name: String, fencePipeline: String) -> BulkDestination {
        BulkDestination(name: name, fence: .pipeline(fencePipeline), action: .create)
    }

    /// Pipelines of the index itself do not run: documents come as they were stored.
    var query: String {
        switch fence {
        case .alias: "require_alias=true&pipeline=_none"
        case .none: "pipeline=_none"
        case .pipeline(let pipeline): "pipeline=\(percentEncoded(pipeline))"
        }
    }

    var what: String {
        switch fence {
        case .alias: "load documents through alias \(name)"
        case .none: "load documents into index \(name)"
        case .pipeline: "load documents into data stream \(name)"
        }
    }
}
