import Bus
import Manifests
import Messages
import Runtime

extension TriggerHandler {
    /// Manifests go into the folder; a BackupSession starts a session, once.
    func apply(_ request: ApplyRequest) async throws -> Reply {
        let reply = await folder.apply(request)
        guard case .applied(var objects) = reply else { return reply }
        let asked = ResourceLoader().load(text: request.manifests, name: request.fileName).resources.backupSessions
        for session in asked.map(\.value) {
            let reply = try await start(session)
            guard case .applied(let lines) = reply else { return reply }
            objects += lines
        }
        return .applied(objects: objects)
    }

    /// A BackupSession is immutable: applied again it starts nothing, and another under its name is refused.
    private func start(_ request: BackupSessionRequest) async throws -> Reply {
        var filter = Ledger.Filter()
        (filter.kind, filter.namespace, filter.name) = (.backup, request.metadata.namespace, request.metadata.name)
        if let known = try await ledger.sessions(limit: 1, filter: filter).first, let identity = known.identity {
            guard identity.invoker == request.invoker else {
                return .refused(
                    code: .refused,
                    message: "\(request.key) is immutable, and is one of \(identity.invoker.kind) \(identity.invoker.name);"
                        + " give the new one another name")
            }
            return .applied(objects: ["\(request.key) unchanged (session \(identity.parent?.id.text ?? known.id))"])
        }
        let factory = SessionFactory(resources: await folder.resources(), now: .now())
        let made = try factory.plan(
            namespace: request.metadata.namespace, name: request.invoker.name, kind: request.invoker.kind,
            key: .given("\(request.key)"), retryLeft: request.retryLeft, objectName: request.metadata.name)
        switch try await starter.start(made) {
        case .accepted(let session), .acceptedBatch(let session, _):
            return .applied(objects: ["\(request.key) created (session \(session))"])
        case let refusal: return refusal
        }
    }
}
