import Manifests
import Messages
import Runtime

/// Sessions of batches: a parent's id, and what each member's session is made of.
extension SessionFactory {
    /// One session of a plan of either kind.
    ///
    /// - Parameters:
    ///   - kind: which kind of plan, as Stash names it; nil where the name tells.
    ///   - objectName: Stash's name of the session; nil: made of the plan's and the time.
    func plan(
        namespace: String, name: String, kind: String?, key: Key, retryLeft: Int? = nil, objectName: String? = nil
    ) throws -> Made {
        var factory = self
        factory.objectName = objectName
        let kinds = [ResourceKind.backupConfiguration, .backupBatch]
        guard let asked = kind else {
            let hasBatch = resources.backupBatch(PlanName(kind: .backupBatch, namespace: namespace, name: name).key) != nil
            guard hasBatch else {
                return try factory.backup(namespace: namespace, name: name, key: key, retryLeft: retryLeft)
            }
            guard resources.backupConfiguration(name, in: namespace) == nil else {
                return .refused(
                    .invalid,
                    "there are a BackupConfiguration and a BackupBatch \(namespace)/\(name); say which is meant: --kind BackupConfiguration,"
                        + " or --kind BackupBatch")
            }
            return try factory.batch(namespace: namespace, name: name, key: key, retryLeft: retryLeft)
        }
        switch kinds.first(where: { $0.rawValue.lowercased() == asked.lowercased() }) {
        case .backupConfiguration: return try factory.backup(namespace: namespace, name: name, key: key, retryLeft: retryLeft)
        case .backupBatch: return try factory.batch(namespace: namespace, name: name, key: key, retryLeft: retryLeft)
        default:
            return .refused(
                .invalid, "\(asked) is no kind of plan; there are \(kinds.map(\.rawValue).joined(separator: " and "))")
        }
    }

    /// A session of each member of a BackupBatch.
    ///
    /// - Parameter retryLeft: of a retry; nil: what the batch's retryConfig says.
    func batch(
        namespace: String, name: String, key: Key, notAfter: Timestamp? = nil, retryLeft: Int? = nil
    ) throws -> Made {
        let plan = PlanName(kind: .backupBatch, namespace: namespace, name: name)
        guard let batch = resources.backupBatch(plan.key)?.value else {
            return .refused(
                .notFound,
                "there is no BackupBatch \(namespace)/\(name); apply one, or choose of: \(known(resources.backupBatches))")
        }
        let configurations = batch.configurations
        let retryLeft = retryLeft ?? batch.spec.retryConfig?.maxRetry
        let whole = Whole(
            kind: .backup, metadata: batch.metadata, invoker: plan.invoker, repository: batch.repositoryKey,
            targets: configurations.map(\.targetKey),
            tasks: configurations.map { TaskResolution(of: $0, for: batch.key, in: resources) },
            order: batch.spec.executionOrder, retryLeft: retryLeft)
        return try make(whole, key: key) { target, repository, id, parent in
            let configuration = configurations[parent.place]
            var command = SessionCommand(
                kind: .backup, id: id, name: sessionName(name), namespace: namespace, requestedAt: now, notAfter: notAfter,
                timeOutSeconds: batch.spec.timeOut.map { Int($0.seconds.rounded(.up)) }, target: target,
                repository: repository, configuration: configuration, parent: parent)
            command.retryLeft = retryLeft
            return command
        }
    }

    /// A session of each member of a RestoreBatch.
    func restore(_ batch: RestoreBatch, key: Key) throws -> Made {
        let (restores, name) = (batch.restores, batch.metadata.name)
        let whole = Whole(
            kind: .restore, metadata: batch.metadata, invoker: Invoker(kind: RestoreBatch.kind.rawValue, name: name),
            repository: batch.repositoryKey, targets: restores.map(\.targetKey),
            tasks: restores.map { TaskResolution(of: $0, for: batch.key, in: resources) },
            order: batch.spec.executionOrder ?? .parallel)
        return try make(whole, key: key) { target, repository, id, parent in
            SessionCommand(
                kind: .restore, id: id, name: sessionName(name), namespace: batch.metadata.namespace, requestedAt: now,
                timeOutSeconds: batch.spec.timeOut.map { Int($0.seconds.rounded(.up)) }, target: target, repository: repository,
                restore: restores[parent.place], parent: parent)
        }
    }

    private struct Whole {
        var kind: SessionKind
        var metadata: ObjectMeta
        var invoker: Invoker
        var repository: ResourceKey
        var targets: [ResourceKey]
        /// One of each member, as targets.
        var tasks: [TaskResolution]
        var order: ExecutionOrder
        var retryLeft: Int?
    }

    private func make(
        _ whole: Whole, key: Key, _ command: (AppBinding, Repository, SessionID, ParentSession) -> SessionCommand
    ) throws -> Made {
        guard !whole.targets.isEmpty else {
            return .refused(
                .invalid, "\(whole.invoker.kind) \(whole.invoker.name) has no members; list its targets in spec.members")
        }
        let namespace = whole.metadata.namespace
        // The same manifest against other clusters is another session.
        let identities = whole.targets.map { resources.appBinding($0)?.value.clusterURL ?? $0.description }
        let id = try sessionID(
            ["\(whole.kind.rawValue) batch", namespace, whole.invoker.name] + identities + key.parts)
        let members = try whole.targets.enumerated().map { place, target in
            let parent = ParentSession(
                id: id, batch: whole.invoker.name, place: place, count: whole.targets.count, order: whole.order)
            let parts = Parts(
                kind: whole.kind, invoker: whole.invoker, namespace: namespace, target: target, repository: whole.repository,
                task: whole.tasks[place], retryLeft: whole.retryLeft)
            return try make(parts, id: try sessionID(["member", id.text, "\(place)"]), parent: parent) { target, repository, id in
                command(target, repository, id, parent)
            }
        }
        return .batch(id, members)
    }
}
