import Elasticsearch
import Messages
import Sessions

/// The journal of a restore: documents of the index `.sheaf` in the target, created with `op_type=create`.
///
/// It lives where the effects are, so that a repository that can only be read can be restored.
final class TargetJournal: Journal {
    static let index = ".sheaf"

    private let client: ElasticsearchClient
    private let session: SessionID
    private var seen: [EntryName: Entry] = [:]
    private var isIndexThere = false

    init(client: ElasticsearchClient, session: SessionID) {
        self.client = client
        self.session = session
    }

    func put(_ entry: Entry, at name: EntryName) throws -> EntryPut {
        if !isIndexThere {
            try client.ensureJournalIndex(Self.index)
            isIndexThere = true
        }
        let put = try client.createDocument(index: Self.index, id: id(of: name), body: try EntryCoding.encode(entry))
        guard case .existing(let bytes) = put else {
            seen[name] = entry
            return .created
        }
        let standing = try EntryCoding.decode(bytes, at: name)
        seen[name] = standing
        return standing.nonce == entry.nonce ? .created : .existing(standing)
    }

    func read(_ names: [EntryName]) throws -> [EntryName: Entry] {
        var entries: [EntryName: Entry] = [:]
        for name in names { entries[name] = seen[name] }
        let missing = names.filter { entries[$0] == nil }
        guard !missing.isEmpty else { return entries }
        let documents = try client.getDocuments(index: Self.index, ids: missing.map(id))
        for name in missing {
            guard let bytes = documents[id(of: name)] else { continue }
            let entry = try EntryCoding.decode(bytes, at: name)
            seen[name] = entry
            entries[name] = entry
        }
        return entries
    }

    private func id(of name: EntryName) -> String { "\(session)/\(name)" }
}
