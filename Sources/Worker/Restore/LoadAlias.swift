import Elasticsearch
import Messages
import Runtime

/// The aliases that sessions put on indices while they write to them: `sheaf-<session>-<place in the plan>`, an import's too.
enum LoadAlias {
    static func name(_ session: SessionID, _ position: Int) -> String { "sheaf-\(session)-\(position)" }

    /// Whether an alias is one. They are never saved nor given back: whoever ends that session would find the index by it.
    static func isOne(_ alias: String) -> Bool {
        let parts = alias.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[0] == "sheaf", let place = parts.last, !place.isEmpty,
            place.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return false }
        return SessionID(parts.dropFirst().dropLast().joined(separator: "-")) != nil
    }
}

extension IndexDefinition {
    /// Names of the load aliases that it has: somebody is writing it at the moment.
    var loadAliases: [String] { (aliases.members ?? []).map(\.name).filter(LoadAlias.isOne) }

    var withoutLoadAliases: IndexDefinition {
        var definition = self
        for alias in loadAliases { definition.aliases[alias] = nil }
        return definition
    }
}
