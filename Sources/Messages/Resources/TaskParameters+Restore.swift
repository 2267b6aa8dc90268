package import Runtime

/// The parameters that only a restore has (docs/elasticsearch.md).
extension TaskParameters {
    /// Names of these parameters: in a backup they have no meaning.
    package static let restoreOnly: Set<String> = [
        "renamePattern", "renameReplacement", "renameAliasPattern", "renameAliasReplacement", "prefix", "suffix",
        "includeAliases",
        "indexSettings", "ignoreIndexSettings", "conflict", "objectConflict",
    ]

    /// - Returns: false when it is none of a restore's own.
    mutating func readRestoreOption(_ param: TaskRef.Param) -> Bool {
        switch param.name {
        case "renamePattern": restore.rename.pattern = param.value
        case "renameReplacement": restore.rename.replacement = param.value
        case "renameAliasPattern": restore.renameAlias.pattern = param.value
        case "renameAliasReplacement": restore.renameAlias.replacement = param.value
        case "prefix": (restore.rename.prefix, restore.renameAlias.prefix) = (param.value, param.value)
        case "suffix": (restore.rename.suffix, restore.renameAlias.suffix) = (param.value, param.value)
        case "includeAliases": restore.includeAliases = readFlag(param) ?? restore.includeAliases
        case "indexSettings": readIndexSettings(param)
        case "ignoreIndexSettings":
            let names = param.value.split(separator: ",").map { String($0.filter { !$0.isWhitespace }) }.filter { !$0.isEmpty }
            restore.ignoreIndexSettings += names
            complainOfShards(in: names, of: param)
        case "conflict": restore.conflict = readChoice(param, choices(ConflictPolicy.self)) ?? restore.conflict
        case "objectConflict":
            restore.objectConflict = readChoice(param, choices(ObjectConflictPolicy.self)) ?? restore.objectConflict
        default: return false
        }
        return true
    }

    /// Expression and replacement stand in two parameters, in any order, and must fit each other.
    mutating func checkRenaming() {
        for (name, rule) in [("rename", restore.rename), ("renameAlias", restore.renameAlias)] {
            do throws(RuntimeError) {
                try rule.check()
            } catch {
                let isPattern = error.message.contains("is no regular expression")
                problems.append(Problem(parameter: name + (isPattern ? "Pattern" : "Replacement"), message: error.message))
            }
            if rule.pattern == nil, !rule.replacement.isEmpty {
                problems.append(Problem(parameter: "\(name)Replacement", message: "has no \(name)Pattern to replace matches of"))
            }
        }
    }

    private mutating func readIndexSettings(_ param: TaskRef.Param) {
        guard let settings = readObject(param) else { return }
        restore.indexSettings = settings
        // Members of the request that makes an index, not settings: as such every server would refuse and drop them.
        for member in settings.members ?? [] where ["settings", "mappings", "aliases"].contains(member.name) {
            problems.append(
                Problem(
                    parameter: param.name,
                    message:
                        "\"\(member.name)\" is no setting: give the settings themselves, as in {\"index\": {\"number_of_replicas\": 1}}"
                ))
        }
        complainOfShards(in: RestoreOptions.flattened(settings).map(\.name), of: param)
    }

    /// Documents are divided among shards when they are written, by a number that the snapshot's own plan of slices rests on.
    private mutating func complainOfShards(in settings: [String], of param: TaskRef.Param) {
        for name in settings where ["index.number_of_shards", "number_of_shards"].contains(name) {
            problems.append(
                Problem(parameter: param.name, message: "\(name) cannot be changed by a restore: reindex the restored index"))
        }
    }

    private func choices<Value: RawRepresentable & CaseIterable>(_ type: Value.Type) -> [String: Value]
    where Value.RawValue == String {
        Dictionary(uniqueKeysWithValues: type.allCases.map { ($0.rawValue, $0) })
    }
}

extension RestoreOptions {
    /// Settings by their full names (`index.…`), from nested objects and dotted names in any mixture.
    package static func flattened(_ settings: JSONValue) -> [JSONValue.Member] {
        var flat: [JSONValue.Member] = []
        func walk(_ value: JSONValue, _ prefix: String) {
            guard let members = value.members else {
                flat.append(JSONValue.Member(name: prefix, value: value))
                return
            }
            for member in members { walk(member.value, prefix.isEmpty ? member.name : "\(prefix).\(member.name)") }
        }
        walk(settings, "")
        return flat.map { $0.name.hasPrefix("index.") ? $0 : JSONValue.Member(name: "index." + $0.name, value: $0.value) }
    }
}
