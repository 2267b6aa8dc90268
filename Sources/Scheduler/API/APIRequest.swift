import API
import Manifests
import Messages
import Runtime
import WebServer

/// A request to the API, read strictly: what is wrong with it is a problem that says so.
struct APIRequest: Sendable {
    let web: WebRequest
    let actor: Actor

    func parameter(_ name: String) -> String { web.parameters[name] ?? "" }

    var namespace: String { parameter("namespace") }
    var name: String { parameter("name") }

    func sessionID() throws(Problem) -> SessionID {
        guard let id = SessionID(parameter("session")) else { throw Problem(.notFound, "there is no session of that id") }
        return id
    }

    func snapshotID() throws(Problem) -> SnapshotID {
        guard let id = SnapshotID(parameter("snapshot")) else { throw Problem(.notFound, "there is no snapshot of that id") }
        return id
    }

    func whole(_ name: String) throws(Problem) -> Int? {
        guard let text = web[query: name] else { return nil }
        guard let value = Int(text) else { throw Problem(.invalid, "\(name) is not a whole number") }
        return value
    }

    func choice<Value: RawRepresentable<String> & CaseIterable>(_ name: String, of type: Value.Type) throws(Problem) -> Value? {
        guard let text = web[query: name] else { return nil }
        guard let value = Value(rawValue: text) else {
            throw Problem(.invalid, "\(name) may be \(Value.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return value
    }

    var key: String? { web[header: "Idempotency-Key"] }

    /// The body as JSON of that form.
    ///
    /// - Parameter optional: what an empty body stands for.
    func body<Value: Decodable>(_ type: Value.Type, optional: Value? = nil) throws(Problem) -> Value {
        if web.body.isEmpty, let optional { return optional }
        try require(["application/json"])
        do {
            return try MessageCoding.decode(type, from: web.body)
        } catch {
            throw Problem(.invalid, "the body cannot be used: \(MessageCoding.complaint(error))")
        }
    }

    /// The body as text of manifests, YAML or JSON.
    func manifests() throws(Problem) -> String {
        try require(["application/json", "application/yaml", "application/x-yaml", "text/yaml"])
        guard let text = String(validating: web.body, as: UTF8.self) else { throw Problem(.invalid, "the body is not UTF-8") }
        return text
    }

    private func require(_ types: [String]) throws(Problem) {
        let given = web[header: "Content-Type"]?.split(separator: ";").first?.lowercased() ?? ""
        guard types.contains(given.filter { !$0.isWhitespace }) else {
            throw Problem(.unsupportedMediaType, "the content type has to be \(types.joined(separator: " or "))")
        }
    }
}

extension RestoreSession {
    /// The one RestoreSession of a manifest, checked as those of the folder are.
    init(manifest: JSONValue) throws(Problem) {
        let loaded = ResourceLoader().load(text: manifest.serialized(), name: "restore")
        guard loaded.errors.isEmpty else {
            throw Problem(.invalid, loaded.errors.map(\.description).joined(separator: "\n"))
        }
        guard let restore = loaded.resources.restoreSessions.first?.value, loaded.resources.restoreSessions.count == 1 else {
            throw Problem(.invalid, "restore is not a manifest of one RestoreSession")
        }
        self = restore
    }
}
