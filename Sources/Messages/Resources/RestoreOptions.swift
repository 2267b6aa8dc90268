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

/// How a restore renames: the expression first, then prefix and suffix.
package struct RenameRule: Sendable, Equatable {
    /// A regular expression over the whole or a part of a name, and what replaces each match; `$1` is the first group.
    package var pattern: String?
    package var replacement = ""
    package var prefix = ""
    package var suffix = ""

    package init(pattern: String? = nil, replacement: String = "", prefix: String = "", suffix: String = "") {
        self.pattern = pattern
        self.replacement = replacement
        self.prefix = prefix
        self.suffix = suffix
    }

    package var isEmpty: Bool { pattern == nil && prefix.isEmpty && suffix.isEmpty }
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
    /// Names and patterns of settings to leave out.
    package var ignoreIndexSettings: [String] = []
    package var conflict = ConflictPolicy.fail
    package var objectConflict = ObjectConflictPolicy.skip

    package init() {}
}
