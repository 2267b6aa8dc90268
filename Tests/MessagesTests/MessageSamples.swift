import Messages
import Runtime

/// One message of each kind, with every optional field set where it has one.
enum MessageSamples {
    static let time = Timestamp(millisecondsSinceEpoch: 1_795_528_931_250)
    static let session = identifier(SessionID("4f0c9a3d2b1e8f7a6c5d4e3f2a1b0c9d"))
    static let repositoryID = identifier(RepositoryID("0123456789abcdef0123456789abcdef"))
    static let snapshot = SnapshotID(startedAt: time, session: session)

    static var binding: AppBinding {
        AppBinding(
            metadata: ObjectMeta(name: "logs-es", namespace: "demo"),
            spec: .init(clientConfig: .init(url: "https://es.example:9200"), secret: .init(name: "es-auth")))
    }

    static var repository: Repository {
        Repository(
            metadata: ObjectMeta(name: "disk", namespace: "demo"),
            spec: .init(backend: Backend(.local(.init(mountPath: "/srv/backups", subPath: "es")))))
    }

    static var restoreSession: RestoreSession {
        RestoreSession(
            metadata: ObjectMeta(name: "back", namespace: "demo"),
            spec: .init(
                target: .init(ref: TargetRef(name: "logs-es")), repository: ObjectReference(name: "disk")))
    }

    static var backup: SessionCommand {
        let configuration = BackupConfiguration(
            metadata: ObjectMeta(name: "nightly", namespace: "demo"),
            spec: .init(target: .init(ref: TargetRef(name: "logs-es")), repository: ObjectReference(name: "disk")))
        return SessionCommand(
            kind: .backup, id: session, name: "nightly-1795528931", namespace: "demo", requestedAt: time,
            notAfter: time + .seconds(3600),
            timeOutSeconds: 7200, target: binding, repository: repository, configuration: configuration)
    }

    /// The second of the two targets of a batch.
    static var member: SessionCommand {
        var command = backup
        command.parent = ParentSession(id: session, batch: "all", place: 1, count: 2, order: .sequential)
        return command
    }

    static var restoreBatch: RestoreBatch {
        RestoreBatch(
            metadata: ObjectMeta(name: "back", namespace: "demo"),
            spec: .init(
                members: [.init(target: restoreSession.spec.target)], repository: restoreSession.spec.repository))
    }

    /// With a Task of somebody's own.
    static var backupWithTask: SessionCommand {
        var command = backup
        command.task = SessionTask(
            name: "orders-backup", params: [.init(name: "args", value: "--match=^orders")],
            before: [.init(number: 1, function: "freeze", command: ["freeze-orders", "--mode=hard"])],
            after: [.init(number: 3, function: "thaw", command: ["thaw-orders", "{{ .Name }}"])])
        return command
    }

    static var restore: SessionCommand {
        SessionCommand(
            kind: .restore, id: session, name: "back-1795528931", namespace: "demo", requestedAt: time, target: binding,
            repository: repository, restore: restoreSession)
    }

    static var unit: UnitCommand {
        UnitCommand(
            session: backup, repositoryID: repositoryID,
            position: UnitPosition(slice: 3, epoch: 1, number: 12, cursor: #"[4294967296,"a/b"]"#))
    }

    static var status: StatusEvent {
        StatusEvent(
            of: backup, phase: .failed, source: .final, startedAt: time, finishedAt: time + .seconds(60), snapshot: snapshot,
            indices: [.init(name: "logs", expectedDocuments: 20, documents: 19, bytes: 1900, storedBytes: 400)],
            conditions: [
                .init(type: "DeadlineExceeded", reason: "DeadlineExceeded", message: "too slow", lastTransitionTime: time)
            ], error: "too slow", partsByWorker: ["w1": 2, "w2": 1])
    }

    static var progress: ProgressEvent {
        ProgressEvent(
            session: session, kind: .backup, index: "logs", position: UnitPosition(slice: 3, epoch: 1, number: 12),
            state: .stored,
            documents: 10, bytes: 1000, storedBytes: 200, worker: "w1", time: time)
    }

    static var metric: MetricEvent {
        MetricEvent(name: "sheaf_unit_seconds", value: 1.5, labels: ["worker": "w1", "kind": "backup"], time: time)
    }

    static var repositoryEvent: RepositoryEvent {
        RepositoryEvent(
            name: "disk", namespace: "demo", repository: identifier(RepositoryID("0f1e2d3c4b5a69788796a5b4c3d2e1f0")),
            status: RepositoryStatus(
                firstBackupTime: time - .seconds(86_400), lastBackupTime: time, size: 4096, snapshotCount: 7,
                snapshotsRemovedOnLastCleanup: 2, integrity: true), worker: "w1", time: time)
    }

    static var heartbeat: WorkerHeartbeat {
        WorkerHeartbeat(worker: "w1", version: "0.1.0", slots: 4, busy: 1, startedAt: time - .seconds(3600), time: time)
    }

    static var summary: SnapshotSummary {
        SnapshotSummary(
            id: snapshot, repository: "disk", namespace: "demo", target: "logs-es",
            invoker: Invoker(kind: "BackupConfiguration", name: "nightly"), time: time,
            indices: [
                .init(
                    name: "logs", shards: 2, documents: 20, bytes: 2000, storedBytes: 400, segments: 3, earliestView: time,
                    latestView: time + .seconds(1))
            ])
    }

    static var preview: RestorePreview {
        RestorePreview(
            snapshot: snapshot, target: "demo/logs-es",
            indices: [
                .init(
                    name: "logs", targetName: "old-logs", dataStream: "old-stream", documents: 20, bytes: 2000, action: "create",
                    strippedSettings: ["index.creation_date"], aliases: ["old-all"])
            ], objects: [.init(kind: .indexTemplates, name: "logs", action: "skip")],
            notes: ["argument --quiet has no meaning here"],
            problems: ["already there"])
    }

    static var report: ClusterReport {
        ClusterReport(
            name: "logs-es", namespace: "demo", worker: "w1",
            findings: [.init("clock", .warning, "the cluster is 40 s ahead of the worker")])
    }

    /// The samples are constants: an identifier that is refused is a mistake in this file.
    private static func identifier<Value>(_ value: Value?) -> Value {
        guard let value else { preconditionFailure("a sample's identifier is not valid") }
        return value
    }
}
