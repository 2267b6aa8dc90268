import Elasticsearch
import Runtime

/// Brings an index that was loaded to rest: what it should be like, set step by step after the documents are in.
struct IndexRest {
    let client: ElasticsearchClient
    let name: String
    let definition: IndexDefinition

    private func isBlock(_ setting: JSONValue.Member) -> Bool { setting.name.hasPrefix("index.blocks.") }

    private func isSet(_ block: JSONValue.Member) -> Bool { block.value.bool == true || block.value.string == "true" }

    private var lateSettings: [JSONValue.Member] { definition.finishingSettings.members ?? [] }

    func liftBlocks() throws {
        for block in lateSettings where isBlock(block) && isSet(block) {
            try client.updateSettings(name, .object([JSONValue.Member(name: block.name, value: .null)]))
        }
    }

    func addAliases() throws { try client.updateAliases(Self.additions(of: definition, to: name)) }

    /// `_aliases` actions that give an index its aliases, as they were.
    static func additions(of definition: IndexDefinition, to index: String) -> [JSONValue] {
        (definition.aliases.members ?? []).map { alias in
            var action = alias.value
            action["index"] = .string(index)
            action["alias"] = .string(alias.name)
            return ["add": action]
        }
    }

    /// Settings that the server refused when the index was made, whoever made it.
    func missingSettings() throws -> [String] {
        guard let current = try client.currentDefinition(of: name) else { return [] }
        // The engines show this one to nobody.
        let present = Set(
            (current.settings.members ?? []).map(\.name) + current.strippedSettings + ["index.number_of_routing_shards"])
        return (definition.creationSettings.members ?? []).filter { !present.contains($0.name) }
            .map { "index \(name): setting \($0.name) is unknown here or may not be set, and was left out" }
    }

    /// Pipelines, refresh, replicas, durability and the like, as they were; what was not set is reset to its default.
    ///
    /// All at once, or one by one where the server refuses some: those are of another product or version.
    /// - Returns: what was refused.
    func restoreSettings() throws -> [String] { try set(lateSettings.filter { !isBlock($0) }) }

    /// The last step: after it nothing else can be changed.
    func setBlocks() throws -> [String] { try set(lateSettings.filter { isBlock($0) && isSet($0) }) }

    private func set(_ settings: [JSONValue.Member]) throws -> [String] {
        try SettingsRestorer(client: client).restore(.object(settings), of: name)
    }
}
