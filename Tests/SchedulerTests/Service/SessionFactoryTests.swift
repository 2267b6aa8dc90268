import Manifests
import Messages
import Runtime
import Testing

@testable import Scheduler

/// The command of a session follows from what asked for it and from the resources alone.
@Suite struct SessionFactoryTests {
    static let now = Timestamp(millisecondsSinceEpoch: 1_764_000_000_000)

    static func manifests(url: String = "http://es.example:9200", usage: String = "") -> String {
        """
        apiVersion: appcatalog.appscode.com/v1alpha1
        kind: AppBinding
        metadata: {name: es, namespace: demo}
        spec: {clientConfig: {url: "\(url)"}, secret: {name: es-auth}}
        ---
        apiVersion: stash.appscode.com/v1alpha1
        kind: Repository
        metadata: {name: disk, namespace: store}
        spec:
          backend: {local: {mountPath: /srv/backups}}
          \(usage)
        ---
        apiVersion: stash.appscode.com/v1beta1
        kind: BackupConfiguration
        metadata: {name: nightly, namespace: demo}
        spec:
          target: {ref: {apiVersion: appcatalog.appscode.com/v1alpha1, kind: AppBinding, name: es}}
          repository: {name: disk, namespace: store}
          timeOut: 90m
        """
    }

    static let usable = "usagePolicy: {allowedNamespaces: {from: All}}"

    private func factory(_ yaml: String = manifests(usage: usable), now: Timestamp = now) throws -> SessionFactory {
        let loaded = ResourceLoader().load(text: yaml, name: "test.yaml")
        try #require(loaded.errors.isEmpty, "\(loaded.errors)")
        return SessionFactory(resources: loaded.resources, now: now)
    }

    private func command(_ made: SessionFactory.Made) throws -> SessionCommand {
        guard case .command(let command) = made else {
            throw SchedulerError(.invalidSchedule, "no command was made: \(made)")
        }
        return command
    }

    private func failure(_ made: SessionFactory.Made) throws -> StatusEvent {
        guard case .failed(let status, _) = made else { throw SchedulerError(.invalidSchedule, "it did not fail: \(made)") }
        return status
    }

    /// The labels are those that a Namespace among the resources declares, beside the one that Kubernetes gives to each.
    @Test(arguments: [
        ("matchLabels: {team: search}", "team: search", true), ("matchLabels: {team: search}", "team: shop", false),
        ("matchLabels: {team: search}", nil, false), ("matchLabels: {kubernetes.io/metadata.name: demo}", nil, true),
        ("matchExpressions: [{key: team, operator: Exists}]", "team: any", true),
    ])
    func aUsagePolicySelectsByTheLabelsOfNamespaces(selector: String, labels: String?, isAllowed: Bool) throws {
        let usage = "usagePolicy: {allowedNamespaces: {from: Selector, selector: {\(selector)}}}"
        let namespace = labels.map { "\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: demo, labels: {\($0)}}\n" } ?? ""
        let made = try factory(Self.manifests(usage: usage) + namespace).backup(
            namespace: "demo", name: "nightly", key: .given("k"))
        if isAllowed { _ = try command(made) } else { #expect(try failure(made).conditions.map(\.type) == ["RepositoryFound"]) }
    }

    @Test func aCommandCarriesAllThatAWorkerNeedsButTheSecrets() throws {
        let command = try command(
            try factory().backup(namespace: "demo", name: "nightly", key: .slot(Self.now), notAfter: Self.now + .seconds(60)))
        #expect(command.kind == .backup && command.name == "nightly-1764000000" && command.namespace == "demo")
        #expect(command.requestedAt == Self.now && command.notAfter == Self.now + .seconds(60) && command.timeOutSeconds == 5400)
        #expect(command.target.metadata.name == "es" && command.repository.metadata.name == "disk")
        #expect(command.configuration?.metadata.name == "nightly" && command.restore == nil)
        #expect(command.id.text.count == 32)
    }

    @Test func theSameTriggerIsTheSameSessionAndTheSameRequestHoweverLate() throws {
        let first = try command(
            try factory().backup(namespace: "demo", name: "nightly", key: .slot(Self.now), notAfter: Self.now))
        let again = try command(
            try factory(now: Self.now + .seconds(9)).backup(namespace: "demo", name: "nightly", key: .slot(Self.now)))
        #expect(first.id == again.id)
        #expect(first != again)
        #expect(try MessageCoding.encode(first.request) == MessageCoding.encode(again.request))
    }

    private static let withTask = """
        \(manifests(usage: usable))
          task: {name: around}
        ---
        apiVersion: stash.appscode.com/v1beta1
        kind: Function
        metadata: {name: freeze}
        spec: {command: [freeze], args: ["${BACKUP_SESSION}", "${TARGET_NAME}"]}
        ---
        apiVersion: stash.appscode.com/v1beta1
        kind: Task
        metadata: {name: around}
        spec: {steps: [{name: freeze}, {name: elasticsearch-backup-8.2.0, params: [{name: indices, value: a}]}]}
        """

    /// Two Schedulers at one slot name the session differently, and ask for the same.
    @Test func aCommandCarriesTheStepsOfItsTask() throws {
        let first = try command(try factory(Self.withTask).backup(namespace: "demo", name: "nightly", key: .slot(Self.now)))
        #expect(
            first.task
                == SessionTask(
                    name: "around", params: [.init(name: "indices", value: "a")],
                    before: [.init(number: 1, function: "freeze", command: ["freeze", "{{ .Name }}", "es"])]))
        let again = try command(
            try factory(Self.withTask, now: Self.now + .seconds(9)).backup(
                namespace: "demo", name: "nightly", key: .slot(Self.now)))
        #expect(first.name != again.name)
        #expect(try MessageCoding.encode(first.request) == MessageCoding.encode(again.request))
    }

    @Test(arguments: [
        ("task: {name: around}", "task: {name: none}", "spec.task: there is no Task none for a backup"),
        ("${TARGET_NAME}", "${NOTHING}", "there is no variable NOTHING"),
        ("{name: freeze},", "{name: other},", "names Function other"),
    ])
    func aTaskThatCannotBeHadFailsTheSession(good: String, bad: String, cause: String) throws {
        let yaml = Self.withTask.replacing(good, with: bad)
        try #require(yaml != Self.withTask)
        let status = try failure(try factory(yaml).backup(namespace: "demo", name: "nightly", key: .given("k")))
        #expect(status.phase == .failed && status.conditions.map(\.type) == ["ValidationPassed"])
        #expect(status.error?.contains(cause) == true, "\(status.error ?? "")")
    }

    @Test func anotherSlotAnotherNameOrAnotherClusterIsAnotherSession() throws {
        let first = try command(try factory().backup(namespace: "demo", name: "nightly", key: .slot(Self.now))).id
        #expect(
            try command(try factory().backup(namespace: "demo", name: "nightly", key: .slot(Self.now + .seconds(60)))).id != first
        )
        let elsewhere = Self.manifests(url: "http://other.example:9200", usage: Self.usable)
        #expect(try command(try factory(elsewhere).backup(namespace: "demo", name: "nightly", key: .slot(Self.now))).id != first)
        let renamed = Self.manifests(usage: Self.usable).replacing("nightly", with: "weekly")
        #expect(try command(try factory(renamed).backup(namespace: "demo", name: "weekly", key: .slot(Self.now))).id != first)
    }

    @Test func aRestoreOfTheSameNameIsAnotherSession() throws {
        let restore = RestoreSession(
            metadata: ObjectMeta(name: "nightly", namespace: "demo"),
            spec: .init(
                target: .init(ref: TargetRef(name: "es")), repository: ObjectReference(name: "disk", namespace: "store")))
        let command = try command(try factory().restore(restore, key: .slot(Self.now)))
        #expect(command.kind == .restore && command.restore == restore && command.configuration == nil)
        #expect(try command.id != self.command(try factory().backup(namespace: "demo", name: "nightly", key: .slot(Self.now))).id)
    }

    @Test func anUnknownConfigurationIsRefusedAndTheKnownOnesAreNamed() throws {
        guard case .refused(.notFound, let message) = try factory().backup(namespace: "demo", name: "x", key: .given("k")) else {
            Issue.record("it was not refused")
            return
        }
        #expect(message.contains("demo/x") && message.contains("demo/nightly"))
    }

    @Test func aMissingTargetFailsTheSessionWithStashsCondition() throws {
        let yaml = Self.manifests(usage: Self.usable).split(separator: "---").dropFirst().joined(separator: "---")
        let status = try failure(try factory(yaml).backup(namespace: "demo", name: "nightly", key: .given("k")))
        #expect(status.phase == .failed && status.source == .scheduler && status.finishedAt == Self.now)
        #expect(status.conditions.map(\.type) == ["BackupTargetFound"] && status.conditions.map(\.status) == ["False"])
        #expect(status.error?.contains("demo/es") == true)
    }

    @Test func aMissingRepositoryFailsTheSessionWithStashsCondition() throws {
        let documents = Self.manifests().split(separator: "---")
        let status = try failure(
            try factory("\(documents[0])---\(documents[2])").backup(namespace: "demo", name: "nightly", key: .given("k")))
        #expect(status.conditions.map(\.type) == ["RepositoryFound"])
        #expect(status.error?.contains("store/disk") == true)
    }

    @Test(arguments: [
        ("", false), ("usagePolicy: {allowedNamespaces: {from: Same}}", false), (usable, true),
    ])
    func theUsagePolicyDecidesWhichNamespacesMayUseARepository(policy: String, isAllowed: Bool) throws {
        let made = try factory(Self.manifests(usage: policy)).backup(namespace: "demo", name: "nightly", key: .given("k"))
        guard !isAllowed else {
            _ = try command(made)
            return
        }
        #expect(try failure(made).error?.contains("may not be used from namespace demo") == true)
    }

    @Test func aPlansRetriesAreInItsSessionsAndARetryHasItsOwn() throws {
        let yaml = Self.manifests(usage: Self.usable) + "\n  retryConfig: {maxRetry: 3, delay: 1m}\n"
        let first = try command(try factory(yaml).backup(namespace: "demo", name: "nightly", key: .given("by hand")))
        #expect(first.retryLeft == 3)
        #expect(try command(try factory().backup(namespace: "demo", name: "nightly", key: .given("k"))).retryLeft == nil)
        let ids = try [Self.now, Self.now + .seconds(5)].map { now in
            let retry = try command(
                try factory(yaml, now: now).backup(
                    namespace: "demo", name: "nightly", key: .retry(of: first.id.text), retryLeft: 2))
            #expect(retry.retryLeft == 2)
            return retry.id
        }
        #expect(ids[0] == ids[1] && ids[0] != first.id, "two Schedulers make one retry")
    }

    /// Or whoever may trigger a plan could take its slots away, by asking for them before their time.
    @Test func noGivenKeyIsASlotsOrAnEvents() throws {
        let slot = try command(try factory().backup(namespace: "demo", name: "nightly", key: .slot(Self.now))).id
        let keys: [SessionFactory.Key] = [
            .given("slot \(Self.now)"), .given("\(Self.now)"), .given("slot"), .event(source: "slot", id: "\(Self.now)"),
            .given("/shop|1"), .event(source: "/shop", id: "1"), .event(source: "/shop|1", id: ""),
            .retry(of: "slot"), .retry(of: "\(Self.now)"),
        ]
        let ids = try keys.map { try command(try factory().backup(namespace: "demo", name: "nightly", key: $0)).id }
        #expect(Set(ids + [slot]).count == keys.count + 1)
    }
}
