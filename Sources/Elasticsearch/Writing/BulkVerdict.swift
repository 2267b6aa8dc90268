/// A document that the server refused for good.
package struct BulkRejection: Sendable, Equatable {
    /// Its place in the lines that were loaded, from 0.
    package let ordinal: Int
    package let id: String
    package let status: Int
    /// The server's name for the error, such as `version_conflict_engine_exception`.
    package let type: String
    package let reason: String

    /// Whether the alias, or the pipeline, is gone that the load goes through: another worker has ended the restore or the generation.
    package var isFenced: Bool {
        status == 404 && type == "index_not_found_exception"
            || status == 400 && reason.contains("pipeline with id [.sheaf-") && reason.contains("does not exist")
    }
}

/// What became of every single document of a load.
package struct BulkVerdict: Sendable, Equatable {
    package var accepted = 0
    /// Found there already, where the destination takes that for loaded.
    package var alreadyThere = 0
    package var rejected: [BulkRejection] = []
    /// Requests sent, repeated ones included.
    package var requests = 0

    package init() {}

    /// Documents that have a verdict.
    package var decided: Int { accepted + alreadyThere + rejected.count }
}
