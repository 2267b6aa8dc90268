import Foundation
import Messages
import Runtime

@testable import Scheduler

/// A plan and a RestoreSession of the AppBinding `es`, to an S3 Repository, with all that becomes a label.
enum PushSamples {
    struct Missing: Error {}

    static func command(_ script: SessionScript) throws -> SessionCommand {
        guard let id = SessionID(script.id) else { throw Missing() }
        var binding = AppBinding(
            metadata: ObjectMeta(name: "es", namespace: "demo"), spec: .init(clientConfig: .init(url: "https://es.example:9200")))
        binding.spec.type = "kubedb.com/elasticsearch"
        let repository = Repository(
            metadata: ObjectMeta(name: "minio", namespace: "demo"),
            spec: .init(backend: Backend(.s3(.init(bucket: "backups", prefix: "es")))))
        let metadata = ObjectMeta(name: script.invoker, namespace: "demo")
        let (ref, object) = (TargetRef(name: "es"), ObjectReference(name: "minio"))
        return SessionCommand(
            kind: script.kind, id: id, name: script.identity.name, namespace: "demo", requestedAt: script.start, target: binding,
            repository: repository,
            configuration: script.kind == .backup
                ? BackupConfiguration(metadata: metadata, spec: .init(target: .init(ref: ref, alias: "es-0"), repository: object))
                : nil,
            restore: script.kind == .restore
                ? RestoreSession(metadata: metadata, spec: .init(target: .init(ref: ref), repository: object)) : nil)
    }

    static func repositoryEvent(at time: Timestamp, name: String = "minio", integrity: Bool? = true) throws -> RepositoryEvent {
        guard let id = RepositoryID("0f1e2d3c") else { throw Missing() }
        return RepositoryEvent(
            name: name, namespace: "demo", repository: id,
            status: RepositoryStatus(
                firstBackupTime: time - 86_400, lastBackupTime: time - 60, size: 4096, snapshotCount: 7,
                snapshotsRemovedOnLastCleanup: 2, integrity: integrity), worker: "w1", time: time)
    }

    /// A row of the table under "What is pushed" in docs/monitoring.md.
    struct Row {
        var names: [String]
        var labels: [String]
        var when: String

        func isPushed(kind: String, isSuccess: Bool, withRepository: Bool) -> Bool {
            if names[0].contains("_com_repository_") { return withRepository }
            return names[0].contains("_com_\(kind)session_") && (when == "always" || isSuccess)
        }
    }

    static func documentedPushes() throws -> [Row] {
        let session = ["driver", "invoker_kind", "invoker_name", "namespace", "repository"]
        let target = session + ["group", "kind", "name"]
        let labels = [
            "session": session, "target": target, "host": target + ["hostname"],
            "repository": session + ["name", "backend", "bucket", "prefix"],
        ]
        return try MonitoringFiles.text("docs/monitoring.md").split(separator: "\n").compactMap { line in
            guard
                let match = line.firstMatch(
                    of: /^\| `(stash_appscode_com_\w+)` \| `(stash_\w+)` \| (\w+) \| .* \| ([a-z ]+) \|$/),
                let labels = labels[String(match.output.3)]
            else { return nil }
            return Row(names: [String(match.output.1), String(match.output.2)], labels: labels, when: String(match.output.4))
        }
    }
}
