import HTTP
import Runtime
import Testing

/// What an engine says of an index, to be the same before and after.
extension Engine {
    /// All that is worth comparing of one index.
    struct Observation: Equatable {
        /// Flat, without what names the one index or the one server (uuid, dates, versions).
        var settings: [String: String]
        var mappings: JSONValue
        var aliases: [String: JSONValue]
        var documents: Int
        /// Answers about documents, by what was asked.
        var answers: [String: [UInt8]]
    }

    /// - Parameters:
    ///   - documents: each is asked for by its id and compared byte for byte.
    ///   - isNumbered: all documents have a number `n`, by which they are paged.
    func observe(_ index: String, documents: [NastyDocument] = [], isNumbered: Bool = false) throws -> Observation {
        try refresh(index)
        var answers: [String: [UInt8]] = [:]
        for document in documents {
            answers["\(document.id) routed by \(document.routing ?? "")"] = try hits(of: document, in: index)
        }
        if isNumbered { for (number, page) in try pages(of: index).enumerated() { answers["page \(number)"] = page } }
        let mappings = try call("GET", "/\(index)/_mapping")[index]?["mappings"] ?? .null
        let aliases = try call("GET", "/\(index)/_alias")[index]?["aliases"]?.members ?? []
        return Observation(
            settings: try settings(of: index), mappings: mappings,
            aliases: Dictionary(uniqueKeysWithValues: aliases.map { ($0.name, $0.value) }), documents: try count(index),
            answers: answers)
    }

    func settings(of index: String) throws -> [String: String] {
        let ofItself = [
            "index.uuid", "index.creation_date", "index.provided_name", "index.version.", "index.history.uuid",
            // Written out by the restore: the number that the server had chosen by itself.
            "index.number_of_routing_shards",
        ]
        let members = try call("GET", "/\(index)/_settings?flat_settings=true")[index]?["settings"]?.members ?? []
        var settings: [String: String] = [:]
        for member in members where !ofItself.contains(where: { member.name.hasPrefix($0) }) {
            settings[member.name] = member.value.string ?? member.value.serialized()
        }
        return settings
    }

    /// Searches and points in time that are open on an index; nil where the server does not tell.
    func openContexts(_ index: String) throws -> Int? {
        guard server.isReal else { return nil }
        return try call("GET", "/\(index)/_stats/search")["_all"]?["total"]?["search"]?["open_contexts"]?.int
    }

    /// Names of all aliases of the server.
    func aliasNames() throws -> Set<String> {
        let indices = try call("GET", "/_alias").members ?? []
        return Set(indices.flatMap { ($0.value["aliases"]?.members ?? []).map(\.name) })
    }

    private func hits(of document: NastyDocument, in index: String) throws -> [UInt8] {
        let path = "/\(index)/_search" + (document.routing.map { "?routing=\($0.percentEncoded)" } ?? "")
        let hits = try search(path, ["query": ["ids": ["values": [.string(document.id)]]]])
        try #require(!hits.isEmpty, "no answer about \(document.id)")
        return hits
    }

    /// Hits in pages of 10,000 by the field `n`.
    private func pages(of index: String) throws -> [[UInt8]] {
        let size = 10_000
        var pages: [[UInt8]] = []
        let total = try count(index)
        for start in stride(from: 0, to: max(total, 1), by: size) {
            let range: JSONValue = ["range": ["n": ["gte": JSONValue(start), "lt": JSONValue(start + size)]]]
            pages.append(try search("/\(index)/_search", ["size": JSONValue(size), "sort": ["n"], "query": range]))
        }
        return pages
    }

    /// The answer from its hits on, as it came: no filter_path, which would have the server write documents anew.
    private func search(_ path: String, _ query: JSONValue) throws -> [UInt8] {
        let response = try send("POST", path, query.serializedBytes())
        let what = "POST \(path.prefix(200))"
        guard response.isSuccess else {
            throw Refused(message: "\(what): \(response.status) \(String(decoding: response.body, as: UTF8.self))")
        }
        guard server.isReal else {
            // The default engine writes its documents anew and puts the members of the answer in an order of its own.
            let hits = try JSONValue(parsing: response.body)["hits"]?["hits"]?.array ?? []
            return JSONValue.array(
                hits.map { [$0["_id"] ?? .null, $0["_routing"] ?? .null, $0["_source"] ?? .null] }
            ).serializedBytes(sortedKeys: true)
        }
        let start = try #require(response.body.firstRange(of: Array("\"hits\":{".utf8)), "\(what) has no hits")
        return Array(response.body[start.lowerBound...])
    }
}
