import Elasticsearch
import Messages
import Runtime

/// The index that an import loads, and whether the import made it: only what it made is ever deleted again.
///
/// It is made with the cluster's templates and defaults and stays as they made it, so an import that is killed leaves nothing to put back.
struct ImportTarget {
    let client: ElasticsearchClient
    let name: String
    /// The cluster, for sentences.
    let place: String
    /// Of the index that is loaded.
    private var uuid: String?
    private var isMade = false
    private var hasReplaced = false

    /// - Throws: `TransferError(.refused)` where no index can have the name, or something else has it.
    init(client: ElasticsearchClient, name: String, place: String) throws {
        self.client = client
        self.name = name
        self.place = place
        if let problem = IndexName.problem(name) {
            throw TransferError(.refused, "an index cannot be named \"\(name)\": a name that \(problem) is not allowed")
        }
        switch try TargetNames(of: client, inQuestion: [name]).occupant(of: name) {
        case nil: break
        case .alias(let holders):
            throw TransferError(
                .refused, "\(name) is an alias of \(holders.joined(separator: ", ")) in \(place); name an index itself")
        case .other: throw TransferError(.refused, "\(name) is a data stream in \(place); import into an index")
        case .index: uuid = try client.currentDefinition(of: name)?.uuid
        }
    }

    var isThere: Bool { uuid != nil }

    /// Makes the index, in the place of the one that was there.
    mutating func make() throws {
        if let replaced = uuid {
            guard try client.currentDefinition(of: name)?.uuid == replaced else { throw inTheWay }
            // The engines delete by name alone.
            hasReplaced = true
            try client.deleteIndex(name)
        }
        uuid = nil
        let definition = IndexDefinition(name: name, uuid: "", numberOfShards: 1)
        guard try client.createIndex(name, definition: definition, loadAlias: nil, overrides: [:]).outcome == .created else {
            throw inTheWay
        }
        isMade = true
        uuid = try client.currentDefinition(of: name)?.uuid
    }

    private var inTheWay: TransferError {
        TransferError(
            .refused, "index \(name) was made or deleted by somebody else in \(place) while the import began; look at it")
    }

    /// Makes what was loaded visible, when it is still in the index that it was loaded into.
    func settle() throws {
        try client.refresh(name)
        guard try client.currentDefinition(of: name)?.uuid == uuid else {
            throw TransferError(
                .refused,
                "index \(name) was deleted by something else while documents were loaded, and what came after that made it anew in "
                    + "\(place) without mappings; delete it and import again")
        }
    }

    /// Deletes the index if the import made it.
    ///
    /// - Returns: the error that ended the import, with all that it led to.
    func abandon(because error: any Error) -> TransferError {
        var parts = ["\(error)"]
        if isMade {
            do {
                parts.append(try drop())
            } catch let second {
                parts.append("the index \(name) that was made could not be deleted: \(second)")
            }
        }
        if let replaced { parts.append(replaced) }
        return TransferError((error as? TransferError)?.code ?? .cluster, parts.joined(separator: "; "))
    }

    /// - Returns: what became of the index that was made.
    private func drop() throws -> String {
        let current = try client.currentDefinition(of: name)?.uuid
        guard uuid == nil || current == uuid else { return "the index \(name) that was made is not there any more" }
        try client.deleteIndex(name)
        return "the index \(name) that was made has been deleted again"
    }

    /// What became of the index that was there; nil where nothing did.
    var replaced: String? { hasReplaced ? "the former index \(name) was deleted before that" : nil }
}
