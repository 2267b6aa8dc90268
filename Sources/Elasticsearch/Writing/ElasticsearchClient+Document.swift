import HTTP
import Runtime

extension ElasticsearchClient {
    package enum WriteAction: Sendable {
        /// Replaces what has the id.
        case index
        /// Leaves what has the id: the rejection then has status 409.
        case create
    }

    /// Writes one document that bulk lines cannot carry; safe to repeat, since with `.create` a second try is refused with 409.
    ///
    /// - Parameters:
    ///   - id: a JSON string with its quotes, like `routing`.
    ///   - source: sent as it is.
    /// - Returns: nil when it was accepted, else why not (ordinal 0).
    package func putDocument(
        to destination: BulkDestination, id: [UInt8], routing: [UInt8]?, source: UnsafeRawBufferPointer
    ) throws(ElasticsearchError) -> BulkRejection? {
        let what = destination.what
        let name = try unquoted(id, attempting: what)
        var path = "/\(percentEncoded(destination.name))/_doc/\(percentEncoded(name))?\(destination.query)"
        if let routing { path += "&routing=\(percentEncoded(try unquoted(routing, attempting: what)))" }
        if destination.action == .create { path += "&op_type=create" }
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
