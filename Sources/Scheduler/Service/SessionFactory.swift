import Crypto
import Manifests
import Messages
import Runtime

/// Makes the command of a session from what asked for it and from the resources; a pure function of both and the time.
struct SessionFactory {
    enum Made {
        case command(SessionCommand)
        /// The session is Failed before it began: something that it names is missing or not allowed.
        ///
        /// `retryLeft`: how often the batch that it is a member of may be tried again.
        case failed(StatusEvent, retryLeft: Int?)
        /// A session of each member of a batch, in order, under the id of the whole.
        indirect case batch(SessionID, [Made])
        /// There is no such invoker, so there is no session.
        case refused(RefusalCode, String)

        /// The session's id; of a batch that of the whole.
        var session: SessionID? {
            switch self {
            case .command(let command): command.id
            case .failed(let status, _): status.session
            case .batch(let parent, _): parent
            case .refused: nil
            }
        }
    }

    /// What makes a request this one. Kinds are kept apart: nobody can take a schedule's slot by naming a key like it.
    enum Key {
        case slot(Timestamp)
        case given(String)
        case event(source: String, id: String)
        /// Of the failed session, so that two Schedulers make one new session of it.
        case retry(of: String)

        var parts: [String] {
            switch self {
            case .slot(let slot): ["slot", slot.description]
            case .given(let key): ["key", key]
            case .event(let source, let id): ["event", source, id]
            case .retry(let failed): ["retry", failed]
            }
        }
    }

    let resources: ResourceSet
    let now: Timestamp
    /// Stash's name of the session where somebody has given it one.
    var objectName: String?

    init(resources: ResourceSet, now: Timestamp) {
        self.resources = resources
        self.now = now
    }

    /// - Parameter retryLeft: of a retry; nil: what the plan's retryConfig says.
    func backup(
        namespace: String, name: String, key: Key, notAfter: Timestamp? = nil, retryLeft: Int? = nil
    ) throws -> Made {
        guard let configuration = resources.backupConfiguration(name, in: namespace)?.value else {
            return .refused(
                .notFound,
                "there is no BackupConfiguration \(namespace)/\(name); apply one, or choose of: \(known(resources.backupConfigurations))"
            )
        }
        let parts = Parts(
            kind: .backup, invoker: Invoker(kind: "BackupConfiguration", name: name), namespace: namespace,
            target: configuration.targetKey, repository: configuration.repositoryKey,
            task: TaskResolution(of: configuration, in: resources))
        return try make(parts, key: key) { target, repository, id in
            var command = SessionCommand(
                kind: .backup, id: id, name: sessionName(name), namespace: namespace, requestedAt: now, notAfter: notAfter,
                timeOutSeconds: configuration.spec.timeOut.map { Int($0.seconds.rounded(.up)) }, target: target,
                repository: repository,
                configuration: configuration)
            command.retryLeft = retryLeft ?? configuration.spec.retryConfig?.maxRetry
            return command
        }
    }

    func restore(namespace: String, name: String, key: Key) throws -> Made {
        let batch = resources.restoreBatch(ResourceKey(kind: .restoreBatch, namespace: namespace, name: name))?.value
        guard let restore = resources.restoreSession(name, in: namespace)?.value else {
            if let batch { return try self.restore(batch, key: key) }
            let known = known(resources.restoreSessions)
            return .refused(.notFound, "there is no RestoreSession \(namespace)/\(name); apply one, or choose of: \(known)")
        }
        guard batch == nil else {
            return .refused(
                .invalid,
                "there are a RestoreSession and a RestoreBatch \(namespace)/\(name); send the manifest of the one that is meant")
        }
        return try self.restore(restore, key: key)
    }

    /// - Parameter planHash: of what was confirmed.
    func restore(_ restore: RestoreSession, key: Key, planHash: String? = nil) throws -> Made {
        let parts = Parts(
            kind: .restore, invoker: Invoker(kind: "RestoreSession", name: restore.metadata.name),
            namespace: restore.metadata.namespace,
            target: restore.targetKey, repository: restore.repositoryKey, task: TaskResolution(of: restore, in: resources))
        return try make(parts, key: key) { target, repository, id in
            var command = SessionCommand(
                kind: .restore, id: id, name: sessionName(restore.metadata.name), namespace: restore.metadata.namespace,
                requestedAt: now,
                timeOutSeconds: restore.spec.timeOut.map { Int($0.seconds.rounded(.up)) }, target: target, repository: repository,
                restore: restore)
            command.planHash = planHash
            return command
        }
    }

    struct Parts {
        var kind: SessionKind
        var invoker: Invoker
        var namespace: String
        var target: ResourceKey
        var repository: ResourceKey
        var task: TaskResolution
        /// Of a member, should it fail here.
        var retryLeft: Int?
    }

    private func make(
        _ parts: Parts, key: Key, _ command: (AppBinding, Repository, SessionID) -> SessionCommand
    ) throws -> Made {
        // The same manifest against another cluster is another session.
        let identity = resources.appBinding(parts.target)?.value.clusterURL ?? parts.target.description
        let id = try sessionID([parts.kind.rawValue, parts.namespace, parts.invoker.name, identity] + key.parts)
        return try make(parts, id: id, command)
    }

    func make(
        _ parts: Parts, id: SessionID, parent: ParentSession? = nil,
        _ command: (AppBinding, Repository, SessionID) -> SessionCommand
    ) throws -> Made {
        let target = resources.appBinding(parts.target)?.value
        let repository = resources.repository(parts.repository)?.value
        let problem: (condition: String, message: String)
        switch (target, repository) {
        case (let target?, let repository?) where resources.allows(repository, from: parts.namespace):
            do throws(TaskProblem) {
                var command = command(target, repository, id)
                command.task = try parts.task.task()
                return .command(command)
            } catch {
                problem = ("ValidationPassed", "spec.task: \(error.message)")
            }
        case (_, .some):
            problem =
                target == nil
                ? ("BackupTargetFound", "there is no \(parts.target); apply it, or name another in spec.target.ref")
                : (
                    "RepositoryFound",
                    "\(parts.repository) may not be used from namespace \(parts.namespace); its spec.usagePolicy decides"
                )
        case (_, nil):
            problem = ("RepositoryFound", "there is no \(parts.repository); apply it, or name another in spec.repository")
        }
        let condition = Condition(
            type: problem.condition, status: "False", reason: "NotReady", message: problem.message, lastTransitionTime: now)
        return .failed(
            StatusEvent(
                session: id, kind: parts.kind, name: sessionName(parts.invoker.name), namespace: parts.namespace,
                invoker: parts.invoker,
                repository: parts.repository.name, target: parts.target.name, requestedAt: now, failure: condition,
                parent: parent), retryLeft: parts.retryLeft)
    }

    func sessionID(_ parts: [String]) throws -> SessionID {
        // Lengths keep ("a", "bc") and ("ab", "c") apart.
        let text = parts.map { "\($0.utf8.count):\($0)" }.joined(separator: "|")
        let digest = try SHA256.digest(of: Array(text.utf8)).hex
        guard let id = SessionID(String(digest.prefix(32))) else {
            throw SchedulerError(.invalidSchedule, "\(digest) cannot name a session")
        }
        return id
    }

    func sessionName(_ invoker: String) -> String { objectName ?? "\(invoker)-\(now.millisecondsSinceEpoch / 1000)" }

    func known(_ declared: [Declared<some Resource>]) -> String {
        let names = declared.map { "\($0.value.metadata.namespace)/\($0.value.metadata.name)" }
        return names.isEmpty ? "none is applied yet" : names.joined(separator: ", ")
    }
}
