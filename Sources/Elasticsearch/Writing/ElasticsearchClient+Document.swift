import HTTP
import Runtime

extension ElasticsearchClient {
    package enum WriteAction: Sendable {
        /// Replaces what has the id.
        case index
        /// Leaves what has the id: the rejection then has status 409.
        case create
    }

    /// Writes one document that bulk lines cannot carry, through an alias; safe to repeat with `.index`.
    ///
    /// - Parameters:
    ///   - id: a JSON string with its quotes, like `routing`.
    ///   - source: sent as it is.
    ///   - fencePipeline: with the name of a data stream in place of an alias, see `BulkLoader`.
    /// - Returns: nil when it was accepted, else why not (ordinal 0).
    package func putDocument(
        alias: String, id: [UInt8], routing: [UInt8]?, source: UnsafeRawBufferPointer, action: WriteAction = .index,
        fencePipeline: String? = nil
    ) throws(ElasticsearchError) -> BulkRejection? {
        let what = "write a document through alias \(alias)"
        let name = try unquoted(id, attempting: what)
        let fence = fencePipeline.map { "pipeline=\(percentEncoded($0))" } ?? "require_alias=true&pipeline=_none"
        var path = "/\(percentEncoded(alias))/_doc/\(percentEncoded(name))?\(fence)"
        if let routing { path += "&routing=\(percentEncoded(try unquoted(routing, attempting: what)))" }
        if action == .create { path += "&op_type=create" }
        let response = try send(
            "PUT", path, body: .borrowed(source), repeatable: true, allowing: [400, 404, 409, 413], attempting: what)
        if response.isSuccess { return nil }
        let reason = ServerReason(body: response.body)
        return BulkRejection(ordinal: 0, id: name, status: response.status, type: reason.type, reason: reason.text)
    }

    private func unquoted(_ text: [UInt8], attempting what: String) throws(ElasticsearchError) -> String {
        guard let value = (try? JSONValue(parsing: text))?.string else {
            throw error(.badRequest, "an id or routing is no JSON string", attempting: what)
        }
        return value
    }
}
