import FoundationEssentials
import Messages
import Runtime
import Testing

/// The wire format, pinned: every message as it is published, in `Golden/`. A change here breaks programs of another version.
///
/// `SHEAF_RECORD_GOLDEN=1` writes the files anew; the test fails all the same, so that the difference is looked at.
@Suite struct GoldenTests {
    private static let folder = "\(#filePath.split(separator: "/").dropLast().map { "/\($0)" }.joined())/Golden"

    private func check<Payload: Codable & Sendable & Equatable>(_ name: String, _ type: MessageType, _ payload: Payload) throws {
        let event = CloudEvent(
            id: "\(name)-1", source: "/sheaf/worker/w1", type: type, subject: MessageSamples.session.text,
            time: MessageSamples.time,
            data: payload)
        let wire = try MessageCoding.encode(event)
        let text = try JSONValue(parsing: wire).serialized(pretty: true) + "\n"
        let path = "\(Self.folder)/\(name).json"
        if ProcessInfo.processInfo.environment["SHEAF_RECORD_GOLDEN"] != nil {
            try Data(text.utf8).write(to: URL(filePath: path))
            Issue.record("\(path) was recorded")
        }
        let golden = try Data(contentsOf: URL(filePath: path))
        #expect(text == String(decoding: golden, as: UTF8.self), "\(name)")
        #expect(try MessageCoding.decode(CloudEvent<Payload>.self, from: golden).data == payload, "\(name)")
    }

    @Test func commandsKeepTheirShape() throws {
        try check("session-backup", .backupSession, MessageSamples.backup)
        try check("session-restore", .restoreSession, MessageSamples.restore)
        try check("unit", .unit, MessageSamples.unit)
    }

    @Test func eventsKeepTheirShape() throws {
        try check("status", .status, MessageSamples.status)
        try check("progress", .progress, MessageSamples.progress)
        try check("metric", .metric, MessageSamples.metric)
        try check("repository", .repository, MessageSamples.repositoryEvent)
        try check("heartbeat", .heartbeat, MessageSamples.heartbeat)
        try check("control", .control, ControlHint.sessionEnded(session: MessageSamples.session))
    }

    @Test func requestsKeepTheirShape() throws {
        try check("trigger-backup", .trigger, Trigger(subject: .backup(namespace: "demo", name: "nightly"), idempotencyKey: "k1"))
        try check("trigger-restore", .trigger, Trigger(subject: .restore(manifest: MessageSamples.restoreSession)))
        try check(
            "trigger-restore-named", .trigger,
            Trigger(subject: .restoreSession(namespace: "demo", name: "back"), idempotencyKey: "k2"))
        try check("cancel", .cancel, CancelRequest(session: MessageSamples.session, reason: "wrong index"))
        try check("cancel-command", .cancel, CancelRequest(session: MessageSamples.session, command: MessageSamples.backup))
        try check("apply", .apply, ApplyRequest(manifests: "kind: Repository\n", fileName: "repository.yaml"))
        try check("query-sessions", .query, Query.sessions(limit: 20))
        try check("query-snapshots", .query, Query.snapshots(repository: MessageSamples.repository))
        try check("query-snapshot", .query, Query.snapshot(repository: MessageSamples.repository, id: MessageSamples.snapshot))
        try check("query-repositories", .query, Query.repositories)
        try check("query-restore-plan", .query, Query.restorePlan(manifest: MessageSamples.restoreSession))
        try check("query-check", .query, Query.check(namespace: "demo", name: "logs-es"))
        try check(
            "query-resources", .query, Query.resources(kind: "backupconfiguration", namespace: "demo", name: "nightly"))
        try check(
            "query-finals", .query,
            Query.finals(repository: MessageSamples.repository, before: MessageSamples.snapshot.text, limit: 200))
        try check("query-rebuild-ledger", .query, Query.rebuildLedger)
    }

    @Test func repliesKeepTheirShape() throws {
        try check("reply-accepted", .reply, Reply.accepted(session: MessageSamples.session))
        try check("reply-applied", .reply, Reply.applied(objects: ["Repository demo/disk applied"]))
        try check("reply-sessions", .reply, Reply.sessions(statuses: [MessageSamples.status]))
        try check("reply-snapshots", .reply, Reply.snapshots(summaries: [MessageSamples.summary]))
        try check("reply-snapshot", .reply, Reply.snapshot(summary: MessageSamples.summary))
        try check("reply-repositories", .reply, Reply.repositories(manifests: [MessageSamples.repository]))
        try check("reply-restore-plan", .reply, Reply.restorePlan(preview: MessageSamples.preview))
        try check("reply-check", .reply, Reply.check(report: MessageSamples.report))
        let object: JSONValue = ["kind": "Repository", "metadata": ["name": "disk"], "status": ["snapshotCount": 3]]
        try check("reply-resources", .reply, Reply.resources(objects: [object]))
        let page = FinalsPage(
            statuses: [MessageSamples.status], begun: [.init(command: MessageSamples.backup, startedAt: MessageSamples.time)],
            next: MessageSamples.snapshot.text, damages: ["sessions/abc/final is damaged"])
        try check("reply-finals", .reply, Reply.finals(page: page))
        try check("reply-rebuilding", .reply, Reply.rebuilding(repositories: ["demo/disk"]))
        try check("reply-refused", .reply, Reply.refused(code: .notFound, message: "there is none"))
    }

    @Test func everyMessageTypeHasAGoldenFile() throws {
        var seen: Set<String> = []
        for name in try FileManager.default.contentsOfDirectory(atPath: Self.folder) {
            let file = try Data(contentsOf: URL(filePath: "\(Self.folder)/\(name)"))
            seen.insert(try JSONValue(parsing: Array(file))["type"]?.string ?? name)
        }
        #expect(seen == Set(MessageType.allCases.map(\.rawValue)))
    }
}
