import API
import Messages
import Runtime
import WebServer

/// The paths of the API, each with the role that it takes: docs/openapi.yaml describes them.
struct APIRoutes: Sendable {
    let operations: any Operations
    let resources: ResourceOperations
    let events: EventStream
    let gate: Gate

    private struct CancelBody: Decodable {
        var reason: String?
    }

    private struct PlanBody: Decodable {
        var restore: JSONValue
    }

    private struct RestoreBody: Decodable {
        var restore: JSONValue
        var planHash: String
    }

    func all() -> [WebRoute] { planRoutes + sessionRoutes + repositoryRoutes + restoreRoutes + otherRoutes + resourceRoutes }

    private var planRoutes: [WebRoute] {
        let plan = "/v1/plans/{namespace}/{name}"
        return [
            get("/v1/plans") { _ in .json(try await operations.plans()) },
            get(plan) { .json(try await operations.plan(namespace: $0.namespace, name: $0.name)) },
            get("\(plan)/next-runs") { request in
                let count = try request.whole("count") ?? 5
                return .json(try await operations.nextRuns(namespace: request.namespace, name: request.name, count: count))
            },
            post("\(plan)/pause", .operator) { request in
                try await operations.pause(namespace: request.namespace, name: request.name, by: request.actor)
                return .noContent
            },
            post("\(plan)/resume", .operator) { request in
                try await operations.resume(namespace: request.namespace, name: request.name, by: request.actor)
                return .noContent
            },
            post("\(plan)/sessions", .operator) { request in
                Self.accepted(
                    try await operations.startBackup(
                        namespace: request.namespace, name: request.name, key: request.key, by: request.actor))
            },
        ]
    }

    private var sessionRoutes: [WebRoute] {
        [
            get("/v1/sessions") { request in
                var query = SessionQuery()
                query.kind = try request.choice("kind", of: SessionKind.self)
                query.phase = try request.choice("phase", of: Phase.self)
                query.namespace = request.web[query: "namespace"]
                query.plan = request.web[query: "plan"]
                query.limit = try request.whole("limit") ?? query.limit
                query.cursor = request.web[query: "cursor"]
                return .json(try await operations.sessions(query))
            },
            get("/v1/sessions/{session}") { .json(try await operations.session(try $0.sessionID())) },
            // Whether it takes an operator or a restorer depends on the session.
            post("/v1/sessions/{session}/cancel", .viewer) { request in
                let body = try request.body(CancelBody.self, optional: CancelBody())
                try await operations.cancel(try request.sessionID(), reason: body.reason, by: request.actor)
                return WebResponse(status: 202, headers: [("Cache-Control", "no-store")])
            },
        ]
    }

    private var repositoryRoutes: [WebRoute] {
        let repository = "/v1/repositories/{namespace}/{name}"
        return [
            get("/v1/repositories") { _ in .json(try await operations.repositories()) },
            get("\(repository)/snapshots") {
                .json(try await operations.snapshots(namespace: $0.namespace, repository: $0.name))
            },
            get("\(repository)/snapshots/{snapshot}") {
                .json(try await operations.snapshot(try $0.snapshotID(), namespace: $0.namespace, repository: $0.name))
            },
        ]
    }

    private var restoreRoutes: [WebRoute] {
        [
            post("/v1/restores/plan", .restorer) { request in
                let restore = try RestoreSession(manifest: try request.body(PlanBody.self).restore)
                return .json(try await operations.planRestore(restore))
            },
            post("/v1/restores", .restorer) { request in
                let body = try request.body(RestoreBody.self)
                let restore = try RestoreSession(manifest: body.restore)
                return Self.accepted(
                    try await operations.startRestore(restore, planHash: body.planHash, key: request.key, by: request.actor))
            },
        ]
    }

    private var otherRoutes: [WebRoute] {
        [
            get("/v1/whoami") { .json(Identity($0.actor)) },
            get("/v1/health") { _ in .json(try await operations.health()) },
            get("/v1/targets") { _ in .json(try await operations.targets()) },
            get("/v1/targets/{namespace}/{name}/check") {
                .json(try await operations.check(namespace: $0.namespace, name: $0.name))
            },
            get("/v1/workers") { _ in .json(try await operations.workers()) },
            get("/v1/queues") { _ in .json(try await operations.queues()) },
            get("/v1/events") { request in
                let gate = gate
                return try await events.follow(request) { gate.actor(of: request.web) != nil }
            },
            get("/openapi.yaml") { _ in
                WebResponse(headers: [("Content-Type", "application/yaml")], body: PackageResources.openapi_yaml)
            },
        ]
    }

    private var resourceRoutes: [WebRoute] {
        // Those of no namespace have the shorter path.
        ["/v1/resources/{kind}/{name}", "/v1/resources/{kind}/{namespace}/{name}"].flatMap { path in
            [
                get(path) { .json(try await resources.resource($0)) },
                route("PUT", path, .admin) { .json(try await resources.put($0)) },
                route("DELETE", path, .admin) { request in
                    try await resources.delete(request)
                    return .noContent
                },
            ]
        } + [get("/v1/resources/{kind}") { .json(try await resources.list($0)) }]
    }

    private static func accepted(_ session: SessionID) -> WebResponse {
        var response = WebResponse.json(StartedSession(session: session), status: 202)
        response.headers.append(("Location", "/v1/sessions/\(session)"))
        return response
    }

    private typealias Handler = @Sendable (APIRequest) async throws -> WebResponse

    private func get(_ path: String, _ handler: @escaping Handler) -> WebRoute { route("GET", path, .viewer, handler) }

    private func post(_ path: String, _ role: Role, _ handler: @escaping Handler) -> WebRoute {
        route("POST", path, role, handler)
    }

    private func route(_ method: String, _ path: String, _ role: Role, _ handler: @escaping Handler) -> WebRoute {
        WebRoute(method: method, path) { [gate] request in
            do {
                return try await handler(APIRequest(web: request, actor: try gate.admit(request, role)))
            } catch let problem as Problem {
                return .problem(problem)
            } catch {
                return .problem(Problem(.failed, "\(error)"))
            }
        }
    }
}
