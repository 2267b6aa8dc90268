import HTTP
import Runtime

/// What became of a document that was to be created.
package enum DocumentCreation: Sendable, Equatable {
    case created
    /// The id was taken; the body that is there, perhaps from an own try whose answer was lost.
    case existing([UInt8])
}

/// Small documents written once and read by id, in real time: no search, no refresh.
extension ElasticsearchClient {
    /// Makes the index for journal documents: hidden, one shard, not indexed. One that exists is fine.
    package func ensureJournalIndex(_ name: String) throws(ElasticsearchError) {
        let what = "create journal index \(name)"
        var settings: JSONValue = [
            "index.number_of_shards": "1", "index.auto_expand_replicas": "0-1", "index.hidden": "true",
        ]
        while true {
            let body: JSONValue = ["settings": settings, "mappings": ["dynamic": "false", "enabled": false]]
            let response = try send(
                "PUT", "/" + percentEncoded(name), body: .bytes(body.serializedBytes()), repeatable: true, allowing: [400],
                attempting: what)
            if response.isSuccess { return }
            let reason = ServerReason(body: response.body)
            if reason.types.contains("resource_already_exists_exception") { return }
            let refused = IndexSettings.named(in: reason.reason, among: settings).filter { !IndexSettings.isEssential($0) }
            guard !refused.isEmpty else { throw error(status: 400, body: response.body, attempting: what) }
            for setting in refused { settings[setting] = nil }
        }
    }

    /// Writes a document unless the id is taken. Repeating it is safe when the caller knows its own body by a nonce.
    package func createDocument(index: String, id: String, body: [UInt8]) throws(ElasticsearchError) -> DocumentCreation {
        let what = "write entry \(id) of index \(index)"
        let path = "/\(percentEncoded(index))/_create/\(percentEncoded(id))"
        let response = try send("PUT", path, body: .bytes(body), repeatable: true, allowing: [409], attempting: what)
        if response.isSuccess { return .created }
        guard let existing = try getDocuments(index: index, ids: [id])[id] else {
            throw error(.conflict, "the id was taken and the document then deleted", status: 409, attempting: what)
        }
        return .existing(existing)
    }

    /// Reads documents by id as they are now. Missing ones, and all of a missing index, are left out.
    ///
    /// Bodies are the same JSON with the same numbers, not always the same bytes.
    package func getDocuments(index: String, ids: [String]) throws(ElasticsearchError) -> [String: [UInt8]] {
        let what = "read entries of index \(index)"
        var found: [String: [UInt8]] = [:]
        for start in stride(from: 0, to: ids.count, by: 500) {
            let wanted = ids[start..<min(start + 500, ids.count)]
            let answer = try sendJSON(
                "POST", "/\(percentEncoded(index))/_mget?realtime=true", body: ["ids": .array(wanted.map { .string($0) })],
                repeatable: true, allowing: [404], attempting: what)
            if answer.status == 404 {
                let code = answer.value["error"].map { ServerReason(error: $0).code(status: 404) }
                guard code == .indexNotFound else { throw malformed("the server does not know _mget", attempting: what) }
                return [:]
            }
            guard let documents = answer.value["docs"]?.array, documents.count == wanted.count else {
                throw malformed("the response has not one entry for each id", attempting: what)
            }
            for document in documents {
                if let failure = document["error"] {
                    let reason = ServerReason(error: failure)
                    if reason.code(status: 404) == .indexNotFound { continue }
                    throw error(.unavailable, reason.text, attempting: what)
                }
                guard document["found"]?.bool == true else { continue }
                guard let id = document["_id"]?.string, let source = document["_source"] else {
                    throw malformed("an entry has no _id or _source", attempting: what)
                }
                found[id] = source.serializedBytes()
            }
        }
        return found
    }
}
