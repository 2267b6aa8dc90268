import Elasticsearch
import Messages
import Runtime

/// What is to be said of an index before any of its documents is read: whether they can be, and what will not come back as it was.
struct IndexSurvey {
    private let definition: IndexDefinition
    private let fidelity: SourceFidelity

    init(_ definition: IndexDefinition, capabilities: ClusterCapabilities) {
        self.definition = definition
        fidelity = SourceFidelity(
            mappings: definition.mappings, settings: definition.settings, sendsVectors: capabilities.sendsVectorsOnRequest)
    }

    var notes: [String] {
        var notes: [String] = []
        if let alias = definition.matchedAlias { notes.append(Self.taken(definition.name, for: alias)) }
        let leftOut = definition.strippedSettings.filter { !IndexSettings.isIdentity($0) }
        if !leftOut.isEmpty { notes.append("index \(definition.name): left out \(leftOut.joined(separator: ", "))") }
        if !definition.loadAliases.isEmpty {
            notes.append(
                "index \(definition.name) is being restored or imported at the moment (alias "
                    + "\(definition.loadAliases.joined(separator: ", "))): documents may be missing, and its settings are those of the load"
            )
        }
        if !definition.isRefreshed {
            notes.append("index \(definition.name) could not be refreshed: its latest writes may be missing")
        }
        for flaw in fidelity.flaws where flaw != .disabled { notes.append("index \(definition.name) \(flaw.explanation)") }
        return notes
    }

    /// An expression such as `^(?!secret).+` leaves out a name, not an alias.
    static func taken(_ index: String, for alias: String) -> String {
        "index \(index) is taken for its alias \(alias), which --match matches; its own name does not"
    }

    /// Whether the backup's author wants the definition alone, so that nothing is missing without the documents.
    func isWithheldOnRequest(_ parameters: TaskParameters) -> Bool { !definition.isOpen && parameters.savesClosedDefinitions }

    /// Why only the definition is saved; nil when the documents can be read.
    ///
    /// - Throws: `WorkerError(.refused)` where that was not allowed.
    func withheld(_ parameters: TaskParameters) throws -> String? {
        let exclude = "exclude it with indices: -\(definition.name)"
        if isWithheldOnRequest(parameters) { return "it is closed" }
        if !definition.isOpen {
            if parameters.allowPartial { return "it is closed and cannot be read" }
            throw WorkerError(
                .refused,
                "index \(definition.name) is closed and cannot be read; open it, \(exclude), or set closedIndices to \"definition\""
            )
        }
        if definition.hasUnassignedPrimary {
            if parameters.allowPartial { return "a primary shard of it is not assigned to any node" }
            throw WorkerError(
                .refused,
                "index \(definition.name) has a primary shard that is not assigned to any node, so it cannot be read whole; "
                    + "mend the cluster (_cluster/allocation/explain says why), \(exclude), or set allowPartial to \"true\"")
        }
        if let reason = definition.unreadable {
            if parameters.allowPartial { return "its documents cannot be read: \(reason)" }
            throw WorkerError(
                .refused,
                "index \(definition.name) cannot be read: \(reason); lift the block or give the right, \(exclude), or set allowPartial to \"true\""
            )
        }
        if fidelity.isSourceDisabled {
            if parameters.allowPartial { return "it \(SourceFidelity.Flaw.disabled.explanation)" }
            throw WorkerError(
                .refused,
                "index \(definition.name) \(SourceFidelity.Flaw.disabled.explanation); \(exclude), or set allowPartial to \"true\""
            )
        }
        return nil
    }
}
