import FoundationEssentials
import Manifests
import Messages
import Runtime
import Testing

@testable import Scheduler

/// Resources with the status that Stash would give them.
@Suite final class ResourceViewTests {
    private let path: String
    private let ledger: Ledger

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "view-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        ledger = try Ledger(path: "\(path)/ledger.sqlite")
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    private func write(_ text: String, to file: String = "plan.yaml") throws {
        try Data(text.utf8).write(to: URL(filePath: "\(path)/\(file)"))
    }

    private func ask(_ kind: String, namespace: String? = nil, name: String? = nil) async throws -> Reply {
        let folder = try ResourceFolder(path: path, logger: Logger(label: "test", level: .critical, handler: JSONLogHandler()))
        return try await ResourceView(ledger: ledger, folder: folder)
            .answer(kind: kind, namespace: namespace, name: name, at: SessionFactoryTests.now)
    }

    private func objects(_ kind: String, namespace: String? = nil, name: String? = nil) async throws -> [JSONValue] {
        let reply = try await ask(kind, namespace: namespace, name: name)
        guard case .resources(let objects) = reply else { throw SchedulerError(.invalidSchedule, "\(reply)") }
        return objects
    }

    private func conditions(_ object: JSONValue?) -> [String: String] {
        let all = object?[path: ["status", "conditions"]]?.array ?? []
        return Dictionary(uniqueKeysWithValues: all.map { ($0["type"]?.string ?? "", $0["status"]?.string ?? "") })
    }

    @Test func aPlanWhoseNamesLeadSomewhereIsReady() async throws {
        try write(SessionFactoryTests.manifests(usage: SessionFactoryTests.usable) + "\n  schedule: '0 2 * * *'\n")
        let plan = try #require(try await objects("BackupConfigurations").first)
        #expect(plan[path: ["status", "phase"]] == "Ready" && plan[path: ["spec", "timeOut"]] == "90m")
        #expect(
            conditions(plan) == [
                "RepositoryFound": "True", "ValidationPassed": "True", "CronJobCreated": "True", "BackupTargetFound": "True",
            ])
        #expect(plan[path: ["status", "nextRun"]]?.string?.hasSuffix("T02:00:00.000Z") == true, "\(plan)")
        let binding = try #require(try await objects("appbinding", namespace: "demo", name: "es").first)
        #expect(binding["status"] == nil && binding[path: ["spec", "clientConfig", "url"]] == "http://es.example:9200")
    }

    @Test(arguments: [
        ("repository: {name: disk, namespace: store}", "repository: {name: gone}", "RepositoryFound"),
        ("usagePolicy: {allowedNamespaces: {from: All}}", "", "RepositoryFound"),
        ("kind: AppBinding, name: es}", "kind: AppBinding, name: gone}", "BackupTargetFound"),
        ("timeOut: 90m", "schedule: 'at noon'", "CronJobCreated"),
    ])
    func whatIsMissingIsSaid(good: String, bad: String, condition: String) async throws {
        let manifests = SessionFactoryTests.manifests(usage: SessionFactoryTests.usable)
        let changed = manifests.replacing(good, with: bad)
        try #require(changed != manifests)
        try write(changed)
        let plan = try #require(try await objects("backupconfiguration", name: "nightly").first)
        #expect(plan[path: ["status", "phase"]] == "NotReady")
        #expect(conditions(plan).filter { $0.value == "False" }.map(\.key) == [condition], "\(plan)")
    }

    private static let task = """

        ---
        apiVersion: stash.appscode.com/v1beta1
        kind: Function
        metadata: {name: freeze}
        spec: {command: [freeze], args: ["${BACKUP_SESSION}"]}
        ---
        apiVersion: stash.appscode.com/v1beta1
        kind: Task
        metadata: {name: around}
        spec: {steps: [{name: freeze}, {name: elasticsearch-backup-8.2.0}]}
        """

    @Test func functionsAndTasksAreOfNoNamespace() async throws {
        try write(String(Self.task.dropFirst(5)))
        for (word, name) in [("functions", "freeze"), ("tasks", "around"), ("Task", "around")] {
            let object = try #require(try await objects(word, namespace: "demo", name: name).first)
            #expect(object[path: ["metadata", "name"]]?.string == name && object["status"] == nil, "\(object)")
        }
    }

    @Test func aTaskThatThereIsNotMakesAPlanInvalid() async throws {
        let plan = SessionFactoryTests.manifests(usage: SessionFactoryTests.usable) + "\n  task: {name: around}"
        try write(plan)
        let invalid = try #require(try await objects("backupconfiguration", name: "nightly").first)
        #expect(invalid[path: ["status", "phase"]] == "Invalid", "\(invalid)")
        #expect(conditions(invalid).filter { $0.value == "False" }.map(\.key) == ["ValidationPassed"])
        let messages = (invalid[path: ["status", "conditions"]]?.array ?? []).compactMap { $0["message"]?.string }
        #expect(messages.contains { $0.hasPrefix("spec.task: there is no Task around for a backup") }, "\(messages)")
        try write(plan + Self.task)
        let ready = try #require(try await objects("backupconfiguration", name: "nightly").first)
        #expect(ready[path: ["status", "phase"]] == "Ready", "\(ready)")
    }

    @Test func aManifestWithAnErrorIsInvalidAndSaysWhereAndWhy() async throws {
        try write(SessionFactoryTests.manifests().replacing("timeOut: 90m", with: "timeOut: soon"))
        let plan = try #require(try await objects("backupconfiguration", name: "nightly").first)
        #expect(plan[path: ["status", "phase"]] == "Invalid" && conditions(plan) == ["ValidationPassed": "False"])
        let message = plan[path: ["status", "conditions"]]?[0]?["message"]?.string
        #expect(message?.contains("plan.yaml:19:12: error: spec.timeOut: expected a duration") == true, "\(message ?? "")")
    }

    @Test func secretsAreShownWithoutWhatIsInThem() async throws {
        try write("apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: demo}\nstringData: {password: hunter2}\n")
        let secret = try #require(try await objects("secrets").first)
        #expect(!secret.serialized().contains("hunter2") && secret[path: ["stringData", "password"]] == "<secret>")
        try write(
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: demo}\nstringData: [hunter2]\ndata: {x: '!hunter2'}\n")
        let broken = try await objects("secrets")
        #expect(broken.count == 1 && !broken[0].serialized().contains("hunter2"))
    }

    /// A password in a URL is why the manifest is refused.
    @Test func ofWhatIsRefusedNothingIsShownButWhy() async throws {
        try write(SessionFactoryTests.manifests(url: "https://elastic:hunter2@es:9200"))
        let reply = try await ask("appbinding")
        #expect(!"\(reply)".contains("hunter2"))
        guard case .resources(let objects) = reply, let binding = objects.first else {
            throw SchedulerError(.invalidSchedule, "\(reply)")
        }
        #expect(
            binding["spec"] == nil && binding[path: ["metadata", "name"]] == "es"
                && conditions(binding) == ["ValidationPassed": "False"])
    }

    /// However many came after it.
    @Test func anOldSessionIsFoundByItsName() async throws {
        var events: [LedgerEvent] = []
        for number in 0..<1_005 {
            let at = SessionFactoryTests.now + .seconds(number)
            let identity = LedgerSession.Identity(
                kind: .backup, name: "nightly-\(number)", namespace: "demo",
                invoker: Invoker(kind: "BackupConfiguration", name: "nightly"),
                repository: "disk", target: "es")
            events.append(LedgerEvent(session: "s\(number)", time: at, content: .request(.init(identity: identity))))
        }
        try await ledger.apply(events)
        #expect(try await objects("backupsession", namespace: "demo", name: "nightly-0").count == 1)
        #expect(try await objects("backupsessions").count == 1_000)
    }

    @Test func sessionsAreStashsObjects() async throws {
        try write(SessionFactoryTests.manifests(usage: SessionFactoryTests.usable))
        let loaded = ResourceLoader().load(text: SessionFactoryTests.manifests(usage: SessionFactoryTests.usable), name: "t")
        let factory = SessionFactory(resources: loaded.resources, now: SessionFactoryTests.now)
        let made = try factory.backup(namespace: "demo", name: "nightly", key: .given("k"))
        guard case .command(var command) = made else { throw SchedulerError(.invalidSchedule, "\(made)") }
        command.retryLeft = 2
        let event = CloudEvent(
            id: "1", source: "/t", type: .backupSession, subject: command.id.text, time: command.requestedAt, data: command)
        try await ledger.apply([
            LedgerEvent(request: command, message: try MessageCoding.encode(event), publishedAt: command.requestedAt)
        ])
        let end = StatusEvent(
            of: command, phase: .succeeded, source: .final, startedAt: command.requestedAt,
            finishedAt: command.requestedAt + .seconds(90), snapshot: SnapshotID("20251124T160000Z-one"),
            indices: [IndexResult(name: "logs", expectedDocuments: 5, documents: 5, bytes: 2048, storedBytes: 1024)])
        try await ledger.apply([LedgerEvent(end, at: command.requestedAt + .seconds(90))])
        let session = try #require(try await objects("backupsessions", namespace: "demo").first)
        #expect(session["kind"] == "BackupSession" && session[path: ["metadata", "name"]] == "nightly-1764000000")
        #expect(
            session["spec"] == [
                "invoker": ["apiGroup": "stash.appscode.com", "kind": "BackupConfiguration", "name": "nightly"], "retryLeft": 2,
            ])
        let status = try #require(session["status"])
        #expect(status["phase"] == "Succeeded" && status["sessionDuration"] == "1m30s")
        let target = try #require(status["targets"]?[0])
        #expect(
            target["totalHosts"] == 1 && target[path: ["ref", "name"]] == "es" && target[path: ["ref", "namespace"]] == "demo")
        let stats = try #require(target["stats"]?[0])
        #expect(stats["hostname"] == "host-0" && stats["phase"] == "Succeeded" && stats["documents"] == 5)
        #expect(
            stats["snapshots"]?[0]?["name"] == "20251124T160000Z-one"
                && stats["snapshots"]?[0]?["uploaded"] == .string("\(ByteCount(1024))"))
    }

    @Test func aBatchsSessionIsOneObjectOfAllTargets() async throws {
        try write(BatchFactoryTests.manifests())
        let factory = try BatchFactoryTests.factory()
        let members = try BatchFactoryTests.commands(try factory.batch(namespace: "demo", name: "all", key: .given("k")))
        for (member, phase) in zip(members, [Phase.succeeded, .failed]) {
            let end = StatusEvent(
                of: member, phase: phase, source: .final, startedAt: member.requestedAt,
                finishedAt: member.requestedAt + .seconds(90),
                conditions: [Condition(type: "Note", reason: "R", message: "m", lastTransitionTime: member.requestedAt)],
                error: phase == .failed ? "no" : nil)
            try await ledger.apply([
                LedgerEvent(request: member, message: nil, publishedAt: member.requestedAt),
                LedgerEvent(end, at: member.requestedAt + .seconds(90)),
            ])
        }
        let sessions = try await objects("backupsessions", namespace: "demo")
        let session = try #require(sessions.first)
        #expect(sessions.count == 1 && session[path: ["metadata", "name"]] == "all-1764000000")
        #expect(session[path: ["metadata", "uid"]]?.string == members[0].parent?.id.text)
        let status = try #require(session["status"])
        #expect(status["phase"] == "Failed" && status["conditions"] == nil)
        let targets = try #require(status["targets"]?.array)
        #expect(targets.map { $0["phase"] } == ["Succeeded", "Failed"])
        #expect(targets.map { $0[path: ["ref", "name"]] } == ["es", "other"])
        #expect(targets.allSatisfy { $0["conditions"]?[0]?["type"] == "Note" })
        let batch = try #require(try await objects("backupbatches").first)
        #expect(batch[path: ["status", "phase"]] == "Ready" && batch[path: ["status", "memberConditions"]]?.array?.count == 2)

        try write(BatchFactoryTests.manifests(second: "gone"))
        let broken = try #require(try await objects("backupbatch", name: "all").first)
        #expect(broken[path: ["status", "phase"]] == "NotReady")
        #expect(conditions(broken).filter { $0.value == "False" }.map(\.key) == ["BackupTargetFound"])
    }

    @Test func aRepositoryIsAsAWorkerLastSaidOfIt() async throws {
        try write(SessionFactoryTests.manifests())
        #expect(try await objects("repository").first?["status"] == nil)
        let status = RepositoryStatus(lastBackupTime: SessionFactoryTests.now, size: 4096, snapshotCount: 3, integrity: true)
        let event = RepositoryEvent(
            name: "disk", namespace: "store", repository: try #require(RepositoryID(String(repeating: "a", count: 32))),
            status: status, worker: "w", time: SessionFactoryTests.now)
        try await ledger.save(event, session: nil)
        let shown = try #require(try await objects("repository").first?["status"])
        #expect(shown["snapshotCount"] == 3 && shown["integrity"] == true && shown["lastBackupTime"] != nil)
        #expect(shown["firstBackupTime"] == nil && shown["totalSize"] == .string("\(ByteCount(4096))"))
    }

    @Test func whatThereIsNotIsRefused() async throws {
        try write(SessionFactoryTests.manifests())
        guard case .refused(.invalid, let kinds) = try await ask("pods") else { throw SchedulerError(.invalidSchedule, "pods") }
        #expect(kinds.contains("backupconfiguration"))
        guard case .refused(.notFound, let text) = try await ask("repository", namespace: "demo", name: "disk") else {
            throw SchedulerError(.invalidSchedule, "of another namespace")
        }
        #expect(text.contains("in namespace demo"))
        #expect(try await objects("repositories", namespace: "demo").isEmpty)
    }
}
