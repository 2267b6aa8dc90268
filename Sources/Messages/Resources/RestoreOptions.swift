package import Runtime

/// What a restore does about an index that is there (docs/elasticsearch.md).
package enum ConflictPolicy: String, Codable, Sendable, CaseIterable {
    case fail
    case skip
    case append
    case overwrite
    case swapAlias = "swap-alias"
}

/// What a restore does about an object that is there and differs; an equal one is always left.
package enum ObjectConflictPolicy: String, Codable, Sendable, CaseIterable {
    case fail
    case skip
    case overwrite
}

/// The parameters of a restore that a backup has not.
package struct RestoreOptions: Sendable, Equatable {
    /// For names of indices and data streams.
    package var rename = RenameRule()
    /// For names of aliases; prefix and suffix are those of `rename`.
    package var renameAlias = RenameRule()
    package var includeAliases = true
    /// Flat or nested settings that win over the snapshot's; null leaves one out.
    package var indexSettings: JSONValue = [:]
    /// Names and patterns of settings to leave out, but for those behind a `-`.
    package var ignoreIndexSettings: [String] = []
    package var conflict = ConflictPolicy.fail
    package var objectConflict = ObjectConflictPolicy.skip

    package init() {}
}
