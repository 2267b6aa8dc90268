import API
import Messages
import Pages
import Runtime
import WebServer

extension PageSite {
    func home(_ request: WebRequest) async -> WebResponse {
        await page(request) { frame throws(Problem) in HomePage.page(try await operations.plans(), frame) }
    }

    func sessions(_ request: WebRequest) async -> WebResponse {
        await page(request) { frame throws(Problem) in
            let query = try Self.query(of: request)
            return SessionsPage.page(try await operations.sessions(query), query, frame)
        }
    }

    private static func query(of request: WebRequest) throws(Problem) -> SessionQuery {
        func text(_ name: String) -> String? { request[query: name].flatMap { $0.isEmpty ? nil : $0 } }
        var query = SessionQuery()
        if let kind = text("kind") {
            guard let value = SessionKind(rawValue: kind) else { throw Problem(.invalid, "there is no kind \"\(kind)\"") }
            query.kind = value
        }
        if let phase = text("phase") {
            guard let value = Phase(rawValue: phase) else { throw Problem(.invalid, "there is no phase \"\(phase)\"") }
            query.phase = value
        }
        query.namespace = text("namespace")
        query.plan = text("plan")
        query.cursor = text("cursor")
        return query
    }

    func session(_ request: WebRequest) async -> WebResponse {
        await page(request) { frame throws(Problem) in
            let detail = try await operations.session(try Self.session(in: request))
            return SessionDetailPage.page(detail, repository: try await repository(of: detail.session), frame)
        }
    }

    static func session(in request: WebRequest) throws(Problem) -> SessionID {
        let text = request.parameters["session"] ?? ""
        guard let id = SessionID(text) else { throw Problem(.notFound, "there is no session \"\(text)\"") }
        return id
    }

    /// A session names its Repository without its namespace: it is the session's own, or that of one that its plan stores in.
    private func repository(of session: SessionSummary) async throws(Problem) -> RepositoryView? {
        let named = try await operations.repositories().filter { $0.name == session.repository }
        return named.first { $0.plans.contains("\(session.namespace)/\(session.invoker.name)") }
            ?? named.first { $0.namespace == session.namespace }
    }

    func repositories(_ request: WebRequest) async -> WebResponse {
        await page(request) { frame throws(Problem) in RepositoriesPage.page(try await operations.repositories(), frame) }
    }

    func repository(_ request: WebRequest) async -> WebResponse {
        await page(request) { frame throws(Problem) in
            let (namespace, name) = Self.repositoryName(in: request)
            guard
                let repository = try await operations.repositories().first(where: {
                    $0.namespace == namespace && $0.name == name
                })
            else { throw Problem(.notFound, "there is no Repository \(namespace)/\(name)") }
            return RepositoryPage.page(repository, frame)
        }
    }

    static func repositoryName(in request: WebRequest) -> (namespace: String, name: String) {
        (request.parameters["namespace"] ?? "", request.parameters["repository"] ?? "")
    }

    func snapshots(_ request: WebRequest) async -> WebResponse {
        await page(request) { frame throws(Problem) in
            let (namespace, name) = Self.repositoryName(in: request)
            let snapshots = try await operations.snapshots(namespace: namespace, repository: name)
            return SnapshotsPage.page(snapshots, namespace: namespace, repository: name, frame)
        }
    }

    func snapshot(_ request: WebRequest) async -> WebResponse {
        await page(request) { frame throws(Problem) in
            let (namespace, name) = Self.repositoryName(in: request)
            let id = try Self.snapshot(in: request)
            let snapshot = try await operations.snapshot(id, namespace: namespace, repository: name)
            let all = try await operations.snapshots(namespace: namespace, repository: name)
            return SnapshotPage.page(
                snapshot, previous: SnapshotPage.previous(of: snapshot, in: all), namespace: namespace, repository: name, frame)
        }
    }

    static func snapshot(in request: WebRequest) throws(Problem) -> SnapshotID {
        let text = request.parameters["snapshot"] ?? ""
        guard let id = SnapshotID(text) else { throw Problem(.notFound, "there is no snapshot \"\(text)\"") }
        return id
    }

    func fleet(_ request: WebRequest) async -> WebResponse {
        await page(request) { frame throws(Problem) in
            FleetPage.page(try await operations.workers(), try await operations.queues(), frame)
        }
    }
}
