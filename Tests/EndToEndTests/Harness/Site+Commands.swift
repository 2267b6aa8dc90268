import AMQP
import Bus
import Messages
import Runtime

/// Sessions that are published straight to the workers, as an outside system may: a stub's clusters as targets, no Scheduler.
extension Site {
    private func binding(_ stub: StubEngine, _ target: Int) -> AppBinding {
        AppBinding(
            metadata: ObjectMeta(name: "\(prefix)-t\(target)", namespace: "default"),
            spec: .init(clientConfig: .init(url: stub.url(of: target))))
    }

    private var ownRepository: Repository {
        Repository(
            metadata: ObjectMeta(name: repositoryName, namespace: "default"),
            spec: .init(backend: Backend(.local(.init(mountPath: repository)), storageSecretName: repositorySecret)))
    }

    /// Declares each of the stub's clusters, and the repository, to the workers.
    ///
    /// - Parameter isEncrypted: false where a test reads what is stored.
    func declare(_ stub: StubEngine, isEncrypted: Bool = true) throws {
        for target in 0..<max(1, stub.shape.targets) {
            let binding = binding(stub, target)
            let spec: JSONValue = ["type": "elasticsearch", "clientConfig": ["url": .string(stub.url(of: target))]]
            try write(
                manifest("appcatalog.appscode.com/v1alpha1", "AppBinding", binding.metadata.name, "spec", spec),
                "target-\(target)", to: [workerResources])
        }
        try declareRepository(at: repository, isEncrypted: isEncrypted, to: [workerResources])
    }

    /// A backup of all that a cluster of the stub has.
    func backupCommand(_ id: SessionID, of stub: StubEngine, target: Int = 0) -> SessionCommand {
        let binding = binding(stub, target)
        let configuration = BackupConfiguration(
            metadata: ObjectMeta(name: "plan-\(target)", namespace: "default"),
            spec: .init(
                target: .init(ref: TargetRef(name: binding.metadata.name)), repository: ObjectReference(name: repositoryName)))
        return SessionCommand(
            kind: .backup, id: id, name: id.text, namespace: "default", requestedAt: .now(), target: binding,
            repository: ownRepository, configuration: configuration)
    }

    /// A restore of the newest snapshot of a cluster of the stub.
    func restoreCommand(_ id: SessionID, of stub: StubEngine, target: Int = 0) -> SessionCommand {
        let binding = binding(stub, target)
        let restore = RestoreSession(
            metadata: ObjectMeta(name: "back-\(target)", namespace: "default"),
            spec: .init(
                target: .init(ref: TargetRef(name: binding.metadata.name), rules: [.init(snapshots: ["latest"])]),
                repository: ObjectReference(name: repositoryName)))
        return SessionCommand(
            kind: .restore, id: id, name: id.text, namespace: "default", requestedAt: .now(), target: binding,
            repository: ownRepository, restore: restore)
    }
}

extension SessionCommand {
    /// The message that asks the workers for it.
    func message(replyTo: String? = nil) throws -> OutgoingMessage {
        try Envelope(source: "/outsider", appID: "outsider").message(
            kind == .backup ? .backupSession : .restoreSession, id: "\(id)/command", session: id, payload: self,
            to: Topology.command, key: RoutingKey.session(kind, plan: invoker.name), mandatory: true, replyTo: replyTo)
    }
}
