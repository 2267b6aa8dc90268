import API
import Manifests
import Messages
import Runtime
import WebServer

/// Resources by HTTP: read with their status, written as `sheaf apply` writes them.
struct ResourceOperations: Sendable {
    let ledger: Ledger
    let folder: ResourceFolder
    let logger: Logger

    func list(_ request: APIRequest) async throws -> [JSONValue] {
        try await objects(request, namespace: request.web[query: "namespace"], name: nil)
    }

    func resource(_ request: APIRequest) async throws -> JSONValue {
        let key = try key(of: request, orSession: true)
        guard let object = try await objects(request, namespace: key.namespace, name: key.name).first else {
            throw Problem(.notFound, "there is no \(request.parameter("kind")) \(key.name)")
        }
        return object
    }

    /// - Returns: what was applied, a sentence a resource.
    func put(_ request: APIRequest) async throws -> [String] {
        guard let key = try key(of: request, orSession: false).kind else { throw Self.unwritable(request) }
        let text = try request.manifests()
        let loaded = ResourceLoader().load(text: text, name: "body")
        let declared = loaded.resources.keys
        guard !declared.isEmpty || !loaded.errors.isEmpty else {
            throw Problem(.invalid, "the body declares no resource of a kind that is handled here")
        }
        let expected = ResourceKey(kind: key, namespace: request.namespace, name: request.name)
        // What cannot be loaded at all the apply says better.
        guard declared.isEmpty || declared == [expected] else {
            throw Problem(
                .invalid, "the body declares \(declared.map(\.description).joined(separator: ", ")); the path names \(expected)")
        }
        log("put", expected, by: request.actor)
        return try applied(await folder.apply(ApplyRequest(manifests: text, fileName: "body")))
    }

    func delete(_ request: APIRequest) async throws {
        guard let kind = try key(of: request, orSession: false).kind else { throw Self.unwritable(request) }
        let key = ResourceKey(kind: kind, namespace: request.namespace, name: request.name)
        log("delete", key, by: request.actor)
        _ = try applied(await folder.remove(key))
    }

    private func log(_ action: String, _ key: ResourceKey, by actor: Actor) {
        logger.notice(
            "ordered by HTTP",
            metadata: ["action": .string(action), "object": .string("\(key)"), "actor": .string(actor.name)])
    }

    private func applied(_ reply: Reply) throws(Problem) -> [String] {
        switch reply {
        case .applied(let objects): return objects
        case .refused(let code, let message): throw Problem(refusal: code, message)
        default: throw Problem(.failed, "the resources were not written")
        }
    }

    private func objects(_ request: APIRequest, namespace: String?, name: String?) async throws -> [JSONValue] {
        let reply: Reply
        do {
            reply = try await ResourceView(ledger: ledger, folder: folder)
                .answer(kind: request.parameter("kind"), namespace: namespace, name: name, at: .now())
        } catch {
            throw Problem(.failed, "the ledger cannot be read: \(error)")
        }
        switch reply {
        case .resources(let objects): return objects
        case .refused(.invalid, let message): throw Problem(.notFound, message)
        case .refused(let code, let message): throw Problem(refusal: code, message)
        default: throw Problem(.failed, "the resources cannot be shown")
        }
    }

    /// - Parameter orSession: whether a kind that only sessions have will do.
    private func key(
        of request: APIRequest, orSession: Bool
    ) throws(Problem) -> (kind: ResourceKind?, namespace: String?, name: String) {
        let word = request.parameter("kind").lowercased()
        // Sessions are seen as resources, but are started by POST /v1/plans/NAMESPACE/NAME/sessions.
        let kind = ResourceKind.allCases.first { $0.rawValue.lowercased() == word && $0 != .backupSession }
        guard kind != nil || orSession else { throw Self.unwritable(request) }
        let hasNamespace = request.web.parameters["namespace"] != nil
        if let kind, kind.isClusterScoped == hasNamespace {
            throw Problem(
                .notFound,
                kind.isClusterScoped
                    ? "a \(kind.rawValue) has no namespace: the path is /v1/resources/\(word)/NAME"
                    : "a \(kind.rawValue) has a namespace: the path is /v1/resources/\(word)/NAMESPACE/NAME")
        }
        return (kind, request.web.parameters["namespace"], request.name)
    }

    private static func unwritable(_ request: APIRequest) -> Problem {
        let kinds = ResourceKind.allCases.filter { $0 != .backupSession }.map { $0.rawValue.lowercased() }.joined(separator: ", ")
        return Problem(.notFound, "there is no kind \(request.parameter("kind")) to write; there are \(kinds)")
    }
}
