import AMQP
import Archive
import Bus
import FoundationEssentials
import Manifests
import Messages
import Runtime
import Sessions
import Snapshots
import Testing

@testable import Worker

/// The retention policy of a plan at the end of a backup, and what is told of the repository then.
@Suite struct PlanRetentionTests {
    let folder: TemporaryFolder
    let store: RepositoryStore

    init() throws {
        folder = try TemporaryFolder()
        store = try OpenRepository.create(try LocalStore(try folder.makeFolder("repository")), protection: .none, now: Date())
            .store
    }

    private func command(_ policy: RetentionPolicy?) -> SessionCommand {
        var command = Samples.command()
        command.repository.spec.backend = Backend(.local(.init(mountPath: "\(folder.path)/repository")))
        command.configuration?.spec.retentionPolicy = policy
        return command
    }

    /// - Parameter minutes: after `Samples.time`.
    @discardableResult
    private func add(_ session: String, after minutes: Int, by invoker: String? = nil) throws -> SnapshotID {
        let command = command(nil)
        let time = Samples.time + .seconds(60 * minutes)
        let id = SnapshotID(startedAt: time, session: Samples.makeID(session))
        let summary = SnapshotSummary(
            id: id, repository: "disk", namespace: command.namespace, target: command.target.metadata.name,
            invoker: invoker.map { Invoker(kind: "BackupConfiguration", name: $0) } ?? command.invoker, time: time, indices: [])
        let outcome = OutcomeEntry(
            nonce: "o", decidedAt: time, verdict: .commit(result: .init(summary: summary, manifests: [], partsByWorker: [:])))
        _ = try store.put(try EntryCoding.encode(.outcome(outcome)), at: ObjectKey("outcomes/\(id)"))
        return id
    }

    private func applied(_ policy: RetentionPolicy?, isGivenUp: Bool = false) -> Condition? {
        PlanRetention(store: store, command: command(policy)).condition(isGivenUp: isGivenUp)
    }

    @Test func aPlanWithoutAPolicyHasNoCondition() throws {
        try add("a1", after: 0)
        #expect(applied(nil) == nil)
    }

    @Test func theConditionTellsWhatWasForgottenAlsoWhenTheMessageComesAgain() throws {
        let ids = try (0..<4).map { try add("a\($0)", after: $0) }
        let other = try add("b0", after: 0, by: "another-plan")
        let policy = RetentionPolicy(name: "keep-2", keepLast: 2)
        for _ in 0..<2 {
            let condition = try #require(applied(policy))
            #expect(condition.type == "RetentionPolicyApplied" && condition.status == "True")
            #expect(condition.reason == "SuccessfullyAppliedRetentionPolicy")
            #expect(condition.message == "retention policy keep-2 forgot 2 snapshots, 2 are kept: \(ids[0]), \(ids[1])")
        }
        #expect(try SnapshotCatalog(store: store).records().map(\.id) == [other, ids[2], ids[3]].sorted())
    }

    @Test func aDryRunTellsWhatWouldGo() throws {
        let ids = try (0..<3).map { try add("a\($0)", after: $0) }
        let condition = try #require(applied(RetentionPolicy(name: "p", keepLast: 2, dryRun: true)))
        #expect(condition.status == "True")
        #expect(condition.message == "retention policy p would forget 1 snapshot, 2 are kept: \(ids[0])")
        #expect(try SnapshotCatalog(store: store).records().count == 3)
    }

    @Test func whatFailsIsFalseAndNamesItsCause() throws {
        try add("a0", after: 0)
        try add("a1", after: 1)
        var wrong = RetentionPolicy(name: "tags")
        wrong.keepTags = ["wekly"]
        let refused = try #require(applied(wrong))
        #expect(refused.status == "False" && refused.reason == "FailedToApplyRetentionPolicy")
        #expect(refused.message.contains("retention policy tags was not applied: no rule of the policy keeps any"))
        #expect(try Forgetting(store: store).snapshots().isEmpty)
    }

    @Test func aSnapshotThatCannotBeReadHindersNoOtherAndIsNamed() throws {
        let ids = try (0..<2).map { try add("a\($0)", after: $0) }
        _ = try store.put(Array("[]".utf8), at: ObjectKey("outcomes/20200101T000000Z-damaged"))
        let condition = try #require(applied(RetentionPolicy(name: "p", keepLast: 1)))
        #expect(condition.status == "True")
        #expect(
            condition.message == "retention policy p forgot 1 snapshot, 1 is kept: \(ids[0]); "
                + "left as they are, since they cannot be read: 20200101T000000Z-damaged")
        #expect(try Forgetting(store: store).snapshots() == [ids[0]])
    }

    @Test func nothingIsRiskedWhereTheEndKillsWorkers() throws {
        try add("a0", after: 0)
        try add("a1", after: 1)
        let condition = try #require(applied(RetentionPolicy(name: "p", keepLast: 1), isGivenUp: true))
        #expect(condition.status == "False" && condition.message.contains("again and again"))
        #expect(try Forgetting(store: store).snapshots().isEmpty)
    }

    /// The whole way: the effects of a commit put the condition into the final entry, and the phase stays.
    @Test func aCommittedBackupSucceedsWithItsCondition() throws {
        let old = try add("a0", after: 0)
        let id = try add(Samples.session.text, after: 1)
        let effects = try effects(RetentionPolicy(name: "keep-1", keepLast: 1))
        let records = try SnapshotCatalog(store: store).records()
        let commit = try #require(records.first { $0.id == id }).commit
        let outcome = OutcomeEntry(nonce: "o", decidedAt: Samples.time, verdict: .commit(result: commit))
        let begin = Samples.begin(startedAt: Samples.time + .seconds(60))
        guard case .finished(let final) = try effects.perform(.finish(outcome, begin, nil), begin: begin, plan: nil) else {
            Issue.record("it did not finish")
            return
        }
        #expect(final.status.phase == .succeeded && final.status.snapshot == id)
        #expect(final.status.conditions.map(\.type) == ["RetentionPolicyApplied"])
        #expect(final.status.conditions.first?.message.contains("forgot 1 snapshot, 1 is kept: \(old)") == true)
    }

    @Test func theAnnouncementIsTheRepositorysStatus() throws {
        try add("a0", after: 0)
        try add("a1", after: 1)
        let repository = try OpenRepository.open(LocalStore("\(folder.path)/repository"), protection: .none, for: .reading)
        let announcement = RepositoryAnnouncement(parts: try parts(), command: command(nil), repository: repository)
        let message = try announcement.message()
        #expect(message.exchange == Topology.event && message.routingKey == RoutingKey.repository("disk"))
        let event = try MessageCoding.decode(CloudEvent<RepositoryEvent>.self, from: message.body)
        #expect(event.type == MessageType.repository.rawValue && event.data.repository.text == repository.id)
        #expect(event.data.status.snapshotCount == 2 && event.data.status.lastBackupTime == Samples.time + .seconds(60))
        #expect(event.data.name == "disk" && event.data.worker == "w1")
    }

    private func effects(_ policy: RetentionPolicy) throws -> SessionEffects {
        try SessionEffects(
            try parts(), command: command(policy), repositoryID: nil, endurance: Endurance(attempt: 0, deliveries: 0),
            isOurs: { true })
    }

    private func parts() throws -> WorkerParts {
        let key = command(nil).repository.key
        let resources = resources(
            """
            apiVersion: stash.appscode.com/v1alpha1
            kind: Repository
            metadata: {name: \(key.name), namespace: \(key.namespace), annotations: {sheaf.dev/encryption: none}}
            spec: {backend: {local: {mountPath: "\(folder.path)/repository"}}}
            """)
        // The broker's address is never used.
        return WorkerParts(
            settings: WorkerSettings(name: "w1"), resources: resources, secrets: SecretSource(resources: resources),
            spool: try Spool(in: "\(folder.path)/spool-\(UUID().uuidString)", limit: 1 << 20),
            broker: try BrokerAddress("amqp://nowhere.invalid"), logger: Logger(label: "test", handler: JSONLogHandler()))
    }
}
