import AMQP
import Archive
import Elasticsearch
import Manifests
import Messages
import Runtime
import Sessions
import Snapshots
import Testing

@testable import Worker

/// What becomes of a delivery's effects where the cluster cannot be asked, or must not be.
@Suite struct SessionEffectsTests {
    let folder: TemporaryFolder
    let repository: Repository

    init() throws {
        folder = try TemporaryFolder()
        repository = Repository(
            metadata: ObjectMeta(name: "disk", namespace: "demo"),
            spec: .init(backend: Backend(.local(.init(mountPath: try folder.makeFolder("repository"))))))
    }

    /// - Parameter url: of the AppBinding; nil: this worker has none.
    private func effects(
        _ kind: SessionKind = .backup, url: String? = nil, endurance: Endurance = Endurance(attempt: 0, deliveries: 0),
        waitTimeout: String? = nil
    ) throws -> SessionEffects {
        var manifests = """
            apiVersion: stash.appscode.com/v1alpha1
            kind: Repository
            metadata: {name: disk, namespace: demo, annotations: {sheaf.dev/encryption: none}}
            spec: {backend: {local: {mountPath: "\(folder.path)/repository"}}}
            """
        var command = Samples.command(kind)
        command.repository = repository
        if let waitTimeout {
            command.configuration?.spec.task = TaskRef(name: "", params: [.init(name: "waitTimeout", value: waitTimeout)])
        }
        if let url {
            command.target.spec.clientConfig.url = url
            manifests += """

                ---
                apiVersion: appcatalog.appscode.com/v1alpha1
                kind: AppBinding
                metadata: {name: es, namespace: demo}
                spec: {clientConfig: {url: "\(url)"}}
                """
        }
        let resources = resources(manifests)
        var settings = WorkerSettings(name: "w1")
        settings.retryDelay = 0.01
        // The broker's address is never used.
        let parts = WorkerParts(
            settings: settings, resources: resources, secrets: SecretSource(resources: resources),
            spool: try Spool(in: "\(folder.path)/spool-\(kind)", limit: 1 << 20),
            broker: try BrokerAddress("amqp://nowhere.invalid"), logger: Logger(label: "test", handler: JSONLogHandler()))
        return try SessionEffects(parts, command: command, repositoryID: nil, endurance: endurance, isOurs: { true })
    }

    private func code(_ body: () throws -> Void) -> WorkerError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? WorkerError)?.code
        }
    }

    private func end(_ effects: SessionEffects, plan: PlanEntry) throws -> StatusEvent {
        let reply = try effects.perform(.finish(Samples.abort, Samples.begin(), plan), begin: Samples.begin(), plan: plan)
        guard case .finished(let final) = reply else { throw WorkerError(.refused, "not finished but \(reply)") }
        return final.status
    }

    @Test func aBackupWithoutItsAppBindingIsRecordedAllTheSame() throws {
        let effects = try effects()
        #expect(code { _ = try effects.perform(.plan, begin: nil, plan: nil) } == .missingHere)
        #expect(try effects.journal.put(.begin(Samples.begin()), at: .begin) == .created)
        let plan = Samples.plan(slices: [Slice(index: 0, shard: 0, documents: 3, bytes: 3)])
        let view = ViewEntry(nonce: "v", pointInTime: "p", shards: 1, documents: 3, openedAt: Samples.time)
        #expect(try effects.journal.put(.view(view), at: .view(slice: 0, epoch: 0)) == .created)
        let status = try end(effects, plan: plan)
        #expect(status.phase == .failed && status.conditions.map(\.type) == ["Note", "Cancelled"], "\(status)")
    }

    /// The cluster at this address would be a transport error, which is not what is thrown.
    @Test func aMessageThatKillsWorkersIsNotBegunAgainAtAnyStep() throws {
        let effects = try effects(url: "http://127.0.0.1:1", endurance: Endurance(attempt: 0, deliveries: 10))
        let slice = Slice(index: 0, shard: 0, documents: 3, bytes: 3)
        let plan = Samples.plan(slices: [slice])
        let steps: [Handling.Work] = [
            .run(.hook(Hook(), .preBackup), Samples.begin()), .plan, .prepare(plan), .openView(slice),
            .transfer(slice, UnitPosition(slice: 0, epoch: 0, number: 0), nil),
            .compose(plan, epochs: [0]),
        ]
        for step in steps {
            let error = #expect(throws: WorkerError.self, "\(step)") {
                _ = try effects.perform(step, begin: Samples.begin(), plan: plan)
            }
            #expect(error?.code == .refused && error?.message.contains("again and again") == true, "\(step)")
        }
    }

    /// A cancel's reason stays the first, whatever else cannot be done.
    @Test func aRestoreWhoseEndKillsWorkersIsRecordedWithoutTheEngine() throws {
        _ = try effects()
        let plan = Samples.plan(slices: [])
        let asking = try effects(.restore, url: "http://127.0.0.1:1")
        #expect(throws: (any Error).self) { try end(asking, plan: plan) }
        let blind = try effects(.restore, url: "http://127.0.0.1:1", endurance: Endurance(attempt: 0, deliveries: 15))
        let status = try end(blind, plan: plan)
        #expect(status.conditions.map(\.type) == ["Note", "Cancelled", "RestoreFailed"], "\(status)")
        #expect(status.error?.hasPrefix("enough; then: ") == true && status.error?.contains("a, b") == true, "\(status)")
    }

    @Test func aHookAfterASessionWhoseEndKillsWorkersIsNotRunAndHasFailed() throws {
        let status = StatusEvent(of: Samples.command(), phase: .failed, source: .final)
        for (deliveries, words) in [(14, "it needs exactly one of"), (15, "killed workers again and again")] {
            let effects = try effects(endurance: Endurance(attempt: 0, deliveries: deliveries))
            let reply = try effects.perform(
                .run(.hook(Hook(), .postBackup), Samples.begin(), .init(status, attempt: 1)), begin: Samples.begin(), plan: nil)
            guard case .ran(let report) = reply else { throw WorkerError(.refused, "no hook but \(reply)") }
            #expect(!report.succeeded && report.message.contains(words), "\(report)")
        }
    }

    /// Stash's `waitTimeout`: without it the first failure is the message's.
    @Test func aClusterIsWaitedForAsLongAsTheTaskSays() throws {
        let server = try StubServer { _ in .init(503, "{}") }
        let hasty = try effects(url: server.url, waitTimeout: "0")
        #expect(code { try hasty.waitForCluster() } == .missingHere)
        // It comes up when one more round of requests is spent than a message has without waiting.
        let round = server.requests.count
        let tries = Lock(0)
        let patient = try StubServer { _ in
            let number = tries.withLock { tries in
                tries += 1
                return tries
            }
            return number <= round
                ? .init(503, "{}")
                : .init(200, #"{"cluster_name":"c","cluster_uuid":"u","version":{"number":"8.19.0","build_flavor":"default"}}"#)
        }
        try effects(url: patient.url, waitTimeout: "60").waitForCluster()
        #expect(patient.requests.count == round + 1)
        let calm = try effects(url: server.url)
        try calm.waitForCluster()
        #expect(server.requests.count == round, "without waitTimeout nothing is asked")
    }

    /// A session's message sits on a thread that others need.
    @Test func aWaitForTheClusterEndsWithItsSession() throws {
        let server = try StubServer { _ in .init(503, "{}") }
        let start = ContinuousClock.now
        var begin = Samples.begin()
        begin.deadline = .now() + .seconds(1)
        let overdue = try effects(url: server.url, waitTimeout: "60")
        #expect(code { try overdue.waitForCluster(begin) } == .deadlineExceeded)

        let cancelled = try effects(url: server.url, waitTimeout: "60")
        begin.deadline = .now() + .seconds(60)
        #expect(try cancelled.journal.put(.begin(begin), at: .begin) == .created)
        #expect(try cancelled.journal.put(.outcome(Samples.abort), at: .outcome) == .created)
        cancelled.parts.endedSessions.insert(cancelled.command.id)
        #expect(code { try cancelled.waitForCluster(begin) } == .sessionEnded)
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test func aSessionWaitsOnceHoweverOftenItComesToTheCluster() throws {
        let server = try StubServer { _ in .init(503, "{}") }
        let effects = try effects(url: server.url, waitTimeout: "1")
        #expect(code { try effects.waitForCluster() } == .missingHere)
        let asked = server.requests.count
        #expect(code { try effects.waitForCluster() } == .missingHere)
        #expect(server.requests.count == asked + 1)
    }

    @Test func aRestoreThatHasEndedHoldsItsSnapshotNoMore() throws {
        let store = try effects().repository.store
        let restore = try effects(.restore, url: "http://127.0.0.1:1")
        let snapshot = SnapshotID(startedAt: Samples.time, session: Samples.session)
        for name in [restore.command.id.text, "another"] {
            try Pins(store).put(.reading(snapshot), name: name, for: .seconds(60), reason: name)
        }
        let blind = try effects(.restore, url: "http://127.0.0.1:1", endurance: Endurance(attempt: 0, deliveries: 15))
        let reply = try blind.perform(
            .finish(Samples.abort, Samples.begin(), Samples.plan(slices: [])), begin: Samples.begin(),
            plan: Samples.plan(slices: []))
        guard case .finished(let final) = reply else { throw WorkerError(.refused, "not finished but \(reply)") }
        restore.release(with: [])
        #expect(try Pins(store).all().count == 2)
        restore.release(with: [.final(final)])
        #expect(try Pins(store).all().map { $0.pin?.reason } == ["another"])
    }
}
