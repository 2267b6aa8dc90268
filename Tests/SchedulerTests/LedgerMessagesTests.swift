import Messages
import Runtime
import Testing

@testable import Scheduler

@Suite struct LedgerMessagesTests {
    private let command: SessionCommand
    private let start: Timestamp

    init() throws {
        start = try moment("2026-11-23T02:00:00Z")
        command = SessionCommand(
            kind: .backup, id: try #require(SessionID("0a1b")), name: "nightly-1795399200", namespace: "demo", requestedAt: start,
            target: AppBinding(
                metadata: ObjectMeta(name: "es"),
                spec: AppBinding.Spec(clientConfig: AppBinding.ClientConfig(url: "https://es:9200"))),
            repository: Repository(
                metadata: ObjectMeta(name: "minio"),
                spec: Repository.Spec(backend: Backend(.local(Backend.Local(mountPath: "/backups"))))),
            configuration: BackupConfiguration(
                metadata: ObjectMeta(name: "nightly"),
                spec: BackupConfiguration.Spec(
                    target: BackupConfiguration.Target(ref: TargetRef(name: "es")),
                    repository: ObjectReference(name: "minio"))))
    }

    @Test func messagesOfASessionBecomeItsRow() async throws {
        let ledger = try Ledger(path: ":memory:")
        let progress = ProgressEvent(
            session: command.id, kind: .backup, index: "flights", position: UnitPosition(slice: 3, epoch: 1, number: 2),
            state: .stored, documents: 60, bytes: 600, storedBytes: 90, worker: "w1", time: start + 20)
        let running = StatusEvent(
            of: command, phase: .running, source: .announced, startedAt: start + 5,
            indices: [IndexResult(name: "flights", expectedDocuments: 100, documents: 0, bytes: 0, storedBytes: 0)])
        try await ledger.apply([
            LedgerEvent(progress), LedgerEvent(running, at: start + 5),
            LedgerEvent(request: command, message: [1, 2], publishedAt: start),
        ])
        var session = try #require(try await ledger.session("0a1b"))
        #expect(session.phase == .running && session.createdAt == start && session.startedAt == start + 5)
        #expect(session.deadline == start + 86_400)
        #expect((session.documents, session.totalDocuments, session.bytes, session.storedBytes) == (60, 100, 600, 90))
        #expect(
            session.identity
                == LedgerSession.Identity(
                    kind: .backup, name: "nightly-1795399200", namespace: "demo",
                    invoker: Invoker(kind: "BackupConfiguration", name: "nightly"), repository: "minio", target: "es"))
        #expect(try await ledger.quietSessions(since: start + 60).first?.message == [1, 2])

        let condition = Condition(type: "HookFailed", reason: "Exit1", message: "no", lastTransitionTime: start + 30)
        let final = StatusEvent(
            of: command, phase: .failed, source: .final, startedAt: start + 5, finishedAt: start + 35,
            snapshot: SnapshotID("20261123T020030Z-0a1b"),
            indices: [IndexResult(name: "flights", expectedDocuments: 100, documents: 99, bytes: 990, storedBytes: 100)],
            conditions: [condition], error: "the post hook failed")
        try await ledger.apply([LedgerEvent(final, at: start + 36)])
        session = try #require(try await ledger.session("0a1b"))
        #expect(session.phase == .failed && session.error == "the post hook failed" && session.duration == .seconds(30))
        #expect(session.snapshot == "20261123T020030Z-0a1b" && session.conditions == [condition])
        let flights = LedgerIndex(name: "flights", documents: 99, totalDocuments: 100, bytes: 990, storedBytes: 100)
        #expect(try await ledger.indices(of: "0a1b") == [flights])
    }
}
