import Elasticsearch
import Messages
import Runtime

/// The names of an index of a snapshot in the target.
struct RestoredName: Equatable {
    /// Of the index.
    var target: String
    /// Of the data stream that it is a part of.
    var dataStream: String?
    /// Of its aliases; none where they are not restored.
    var aliases: [JSONValue.Member]

    /// - Throws: `RuntimeError` for a rule that cannot be applied, which `TaskParameters.problems` tells of first.
    init(of definition: IndexDefinition, options: RestoreOptions) throws(RuntimeError) {
        dataStream = nil
        if let stream = definition.dataStream { dataStream = try options.rename.apply(to: stream) }
        target = try Self.target(definition, renamedStream: dataStream, options.rename)
        aliases = []
        guard options.includeAliases else { return }
        for alias in definition.withoutLoadAliases.aliases.members ?? [] {
            aliases.append(JSONValue.Member(name: try options.renameAlias.apply(to: alias.name), value: alias.value))
        }
    }

    /// A backing index is `.ds-<stream>-<day>-<generation>`: it follows its stream, so that the expression may be anchored.
    private static func target(
        _ definition: IndexDefinition, renamedStream: String?, _ rule: RenameRule
    ) throws(RuntimeError) -> String {
        guard let stream = definition.dataStream, let renamedStream else { return try rule.apply(to: definition.name) }
        let prefix = ".ds-\(stream)-"
        guard definition.name.hasPrefix(prefix) else { return try rule.apply(to: definition.name) }
        return ".ds-\(renamedStream)-\(definition.name.dropFirst(prefix.count))"
    }
}

extension SnapshotID {
    /// The time in it, as names of indices may have it: `20261123t140211z`.
    var timeInNames: String { String(text.prefix { $0 != "-" }).lowercased() }
}
