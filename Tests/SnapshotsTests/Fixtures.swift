import FoundationEssentials
import Messages
import Runtime
import Sessions

/// A folder of one test, removed with it.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "snapshots-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func makeFolder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
        return "\(path)/\(name)"
    }
}

enum Samples {
    static let time = Timestamp(millisecondsSinceEpoch: 1_764_000_000_000)
    static let session = makeID("abc")

    static func makeID(_ text: String) -> SessionID {
        guard let id = SessionID(text) else { preconditionFailure("\(text) is no session id") }
        return id
    }

    static func command(_ kind: SessionKind = .backup) -> SessionCommand {
        SessionCommand(
            kind: kind, id: session, name: "s", namespace: "demo", requestedAt: time,
            target: AppBinding(
                metadata: ObjectMeta(name: "es", namespace: "demo"),
                spec: .init(clientConfig: .init(url: "http://es.example:9200"))),
            repository: Repository(
                metadata: ObjectMeta(name: "disk", namespace: "demo"),
                spec: .init(backend: Backend(.local(.init(mountPath: "/srv/backups"))))),
            configuration: kind == .restore
                ? nil
                : BackupConfiguration(
                    metadata: ObjectMeta(name: "nightly", namespace: "demo"),
                    spec: .init(target: .init(ref: TargetRef(name: "es")), repository: ObjectReference(name: "disk"))))
    }

    static func plan(slices: [Slice]) -> PlanEntry {
        let indices = ["a", "b"].map {
            PlannedIndex(name: $0, targetName: $0, uuid: $0, shards: 2, documents: 30, definition: "{}")
        }
        return PlanEntry(
            nonce: "p", indices: indices, slices: slices, window: 2, snapshot: nil, plannedAt: time, notes: ["left out x"])
    }

    static func begin(nonce: String = "n1", startedAt: Timestamp = time) -> BeginEntry {
        BeginEntry(
            nonce: nonce, digest: "d", startedAt: startedAt, deadline: startedAt + .seconds(3600), command: command(.backup))
    }

    static func done(_ documents: Int, _ partsByWorker: [String: Int]) -> DoneEntry {
        DoneEntry(
            nonce: "d", parts: 1, documents: documents, bytes: documents * 100, storedBytes: documents * 10,
            partsByWorker: partsByWorker)
    }

    static func summary(
        _ id: SnapshotID, at moment: Timestamp = time, target: String = "es", namespace: String = "demo",
        invoker: String = "nightly", isPartial: Bool = false
    ) -> SnapshotSummary {
        var index = SnapshotSummary.Index(
            name: "a", shards: 1, documents: 10, bytes: 1000, storedBytes: 100, segments: 1, earliestView: nil, latestView: nil)
        if isPartial { index.missing = "shard 0 could not be read" }
        return SnapshotSummary(
            id: id, repository: "disk", namespace: namespace, target: target,
            invoker: Invoker(kind: "BackupConfiguration", name: invoker), time: moment, indices: [index])
    }

    static func commit(_ summary: SnapshotSummary) -> OutcomeEntry {
        OutcomeEntry(
            nonce: "o", decidedAt: time, verdict: .commit(result: .init(summary: summary, manifests: [], partsByWorker: [:])))
    }

    static let abort = OutcomeEntry(
        nonce: "o", decidedAt: time, verdict: .abort(reason: .init(condition: "Cancelled", message: "enough")))
}
