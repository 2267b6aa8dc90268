import Manifests
import Messages
import Runtime
import Testing

@testable import Scheduler

/// The sessions of a batch follow from what asked for it and from the resources alone.
@Suite struct BatchFactoryTests {
    static let now = SessionFactoryTests.now

    static func manifests(second: String = "other", order: String = "Sequential", extra: String = "") -> String {
        SessionFactoryTests.manifests(usage: SessionFactoryTests.usable) + """

            ---
            apiVersion: appcatalog.appscode.com/v1alpha1
            kind: AppBinding
            metadata: {name: other, namespace: demo}
            spec: {clientConfig: {url: "http://other.example:9200"}}
            ---
            apiVersion: stash.appscode.com/v1beta1
            kind: BackupBatch
            metadata: {name: all, namespace: demo}
            spec:
              repository: {name: disk, namespace: store}
              schedule: "0 2 * * *"
              timeOut: 2h
              retryConfig: {maxRetry: 2, delay: 1m}
              executionOrder: \(order)
              members:
              - {target: {ref: {kind: AppBinding, name: es}}, task: {name: elasticsearch-backup-8.2.0, params: [{name: indices, value: a}]}}
              - target: {ref: {kind: AppBinding, name: \(second)}}
            \(extra)
            """
    }

    static let restores = """
        ---
        apiVersion: stash.appscode.com/v1beta1
        kind: RestoreBatch
        metadata: {name: back, namespace: demo}
        spec:
          repository: {name: disk, namespace: store}
          members:
          - target: {ref: {kind: AppBinding, name: es}, rules: [{snapshots: [latest]}]}
          - target: {ref: {kind: AppBinding, name: other}}
        """

    static func factory(_ yaml: String = manifests(), now: Timestamp = now) throws -> SessionFactory {
        let loaded = ResourceLoader().load(text: yaml, name: "test.yaml")
        try #require(loaded.errors.isEmpty, "\(loaded.errors)")
        return SessionFactory(resources: loaded.resources, now: now)
    }

    static func commands(_ made: SessionFactory.Made) throws -> [SessionCommand] {
        guard case .batch(_, let members) = made else { throw Unmade() }
        return members.compactMap { if case .command(let command) = $0 { command } else { nil } }
    }

    private struct Unmade: Error {}

    @Test func eachMemberIsASessionOfTheOneParent() throws {
        let made = try Self.factory().batch(
            namespace: "demo", name: "all", key: .slot(Self.now), notAfter: Self.now + .seconds(60))
        let commands = try Self.commands(made)
        let parents = commands.compactMap(\.parent)
        #expect(parents.map(\.place) == [0, 1] && parents.map(\.count) == [2, 2] && parents.map(\.batch) == ["all", "all"])
        #expect(Set(parents.map(\.id)) == [try #require(made.session)] && parents.allSatisfy { $0.order == .sequential })
        #expect(Set(commands.map(\.id)).count == 2 && !commands.map(\.id).contains(parents[0].id))
        #expect(commands.map(\.target.metadata.name) == ["es", "other"])
        #expect(commands.allSatisfy { $0.invoker == Invoker(kind: "BackupBatch", name: "all") && $0.name == "all-1764000000" })
        #expect(commands.allSatisfy { $0.timeOutSeconds == 7_200 && $0.retryLeft == 2 && $0.notAfter == Self.now + .seconds(60) })
        #expect(commands[0].configuration?.spec.task?["indices"] == "a")
        #expect(
            commands.map(\.planName) == Array(repeating: PlanName(kind: .backupBatch, namespace: "demo", name: "all"), count: 2))
    }

    @Test func theSameRequestIsTheSameBatch() throws {
        let first = try Self.commands(try Self.factory().batch(namespace: "demo", name: "all", key: .slot(Self.now)))
        let later = Self.now + .seconds(9)
        let again = try Self.commands(
            try Self.factory(now: later).batch(namespace: "demo", name: "all", key: .slot(Self.now), notAfter: later))
        #expect(first.map(\.id) == again.map(\.id) && first.map(\.request) == again.map(\.request))
        let others = [SessionFactory.Key.slot(later), .given("k"), .retry(of: "x")]
        for key in others {
            let other = try Self.commands(try Self.factory().batch(namespace: "demo", name: "all", key: key))
            #expect(Set(other.map(\.id)).isDisjoint(with: first.map(\.id)))
        }
        // What is left of the batch's time depends on when a member's turn comes.
        var released = first[1]
        released.timeOutSeconds = 60
        #expect(released.request == first[1].request)
    }

    @Test func aMemberWithoutItsTargetFailsAlone() throws {
        let made = try Self.factory(Self.manifests(second: "gone")).batch(namespace: "demo", name: "all", key: .given("k"))
        guard case .batch(let id, let members) = made, case .command(let first) = members[0],
            case .failed(let status, let retryLeft) = members[1]
        else { throw Unmade() }
        #expect(first.parent?.id == id && status.parent?.id == id && status.parent?.place == 1)
        #expect(status.conditions.map(\.type) == ["BackupTargetFound"] && status.invoker.kind == "BackupBatch" && retryLeft == 2)
    }

    @Test func aNameThatBothKindsHaveIsAskedAbout() throws {
        let both = Self.manifests().replacing("name: nightly", with: "name: all")
        let factory = try Self.factory(both)
        guard
            case .refused(.invalid, let message) = try factory.plan(
                namespace: "demo", name: "all", kind: nil, key: .given("k"))
        else { throw Unmade() }
        #expect(message.contains("--kind BackupBatch"))
        let batch = try factory.plan(namespace: "demo", name: "all", kind: "backupbatch", key: .given("k"))
        #expect(try Self.commands(batch).count == 2)
        guard
            case .command(let plan) = try factory.plan(
                namespace: "demo", name: "all", kind: "BackupConfiguration", key: .given("k"))
        else { throw Unmade() }
        #expect(plan.parent == nil && plan.invoker.kind == "BackupConfiguration")
        guard case .refused(.invalid, _) = try factory.plan(namespace: "demo", name: "all", kind: "Pod", key: .given("k")) else {
            throw Unmade()
        }
        #expect(
            try Self.commands(try Self.factory().plan(namespace: "demo", name: "all", kind: nil, key: .given("k"))).count == 2)
        guard
            case .refused(.notFound, _) = try Self.factory().plan(
                namespace: "demo", name: "x", kind: "BackupBatch", key: .given("k"))
        else { throw Unmade() }
    }

    @Test func aBackupSessionNamesItsSession() throws {
        let made = try Self.factory().plan(
            namespace: "demo", name: "all", kind: "BackupBatch", key: .given("BackupSession demo/now"), retryLeft: 0,
            objectName: "now")
        #expect(try Self.commands(made).map(\.name) == ["now", "now"] && Self.commands(made).map(\.retryLeft) == [0, 0])
    }

    @Test func aRestoreBatchRestoresEachMember() throws {
        let factory = try Self.factory(Self.manifests() + Self.restores)
        let commands = try Self.commands(try factory.restore(namespace: "demo", name: "back", key: .given("k")))
        #expect(commands.map(\.kind) == [.restore, .restore] && commands.map(\.target.metadata.name) == ["es", "other"])
        #expect(
            commands.allSatisfy { $0.invoker == Invoker(kind: "RestoreBatch", name: "back") && $0.parent?.order == .parallel })
        #expect(commands[0].restore?.rule?.snapshots == ["latest"] && commands[1].restore?.rule == nil)
    }
}
