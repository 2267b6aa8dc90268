import Bus
import FoundationEssentials
import Messages
import Runtime
import Testing

@testable import AMQP
@testable import Scheduler

/// What a Scheduler makes of requests before it publishes anything: the broker of these tests is not there.
@Suite final class TriggerHandlerTests {
    private let path: String
    private let ledger: Ledger
    private let handler: TriggerHandler

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "triggers-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data(SessionFactoryTests.manifests(usage: SessionFactoryTests.usable).utf8)
            .write(to: URL(filePath: "\(path)/plan.yaml"))
        let restore = """
            apiVersion: stash.appscode.com/v1beta1
            kind: RestoreSession
            metadata: {name: back, namespace: demo}
            spec:
              target: {ref: {apiVersion: appcatalog.appscode.com/v1alpha1, kind: AppBinding, name: es}}
              repository: {name: disk, namespace: store}
            """
        try Data(restore.utf8).write(to: URL(filePath: "\(path)/restore.yaml"))
        let logger = Logger(label: "test", level: .critical, handler: JSONLogHandler())
        ledger = try Ledger(path: "\(path)/ledger.sqlite")
        let publisher = MessagePublisher(address: try BrokerAddress("amqp://127.0.0.1:9/"), name: "test", attempts: 1)
        handler = TriggerHandler(
            folder: try ResourceFolder(path: path, logger: logger),
            starter: SessionStarter(
                publisher: publisher, envelope: Envelope(source: "/sheaf/scheduler/test", appID: "test"), ledger: ledger,
                logger: logger), ledger: ledger)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A message as an outsider's few tools would write it.
    private func delivery(
        _ type: MessageType, _ data: JSONValue, key: String, replyTo: String? = nil, property: Bool = true, time: String? = nil
    ) throws -> Delivery {
        var event: JSONValue = ["specversion": "1.0", "id": "1", "source": "/shop", "type": .string(type.rawValue), "data": data]
        if let time { event["time"] = .string(time) }
        let start = MessageStart.delivery(
            consumerTag: "c", deliveryTag: 1, isRedelivered: false, exchange: Topology.trigger, routingKey: key)
        let properties = MessageProperties(
            contentType: "application/cloudevents+json", replyTo: replyTo, type: property ? type.rawValue : nil)
        return Delivery(
            MessageAssembler.Message(start: start, properties: properties, body: event.serializedBytes()), tag: 1,
            queue: "requests",
            mailbox: try Mailbox())
    }

    private static func backup(_ name: String, key: String? = nil) -> JSONValue {
        var trigger: JSONValue = ["subject": ["backup": ["namespace": "demo", "name": .string(name)]]]
        if let key { trigger["idempotencyKey"] = .string(key) }
        return trigger
    }

    private static let restore: JSONValue = ["subject": ["restoreSession": ["namespace": "demo", "name": "back"]]]

    private func refusal(_ delivery: Delivery) async throws -> (code: RefusalCode, message: String)? {
        if case .refused(let code, let message) = try await handler.answer(delivery).0 { (code, message) } else { nil }
    }

    /// Understood: it comes as far as the broker that is not there.
    private func reachesTheBroker(_ delivery: Delivery) async throws -> Bool {
        do {
            _ = try await handler.answer(delivery)
            return false
        } catch is AMQPError {
            return true
        }
    }

    @Test(arguments: [nil, "2026-11-24T14:02:11Z"] as [String?], [true, false])
    func aTriggerNeedsNeitherTimeNorThePropertyType(time: String?, property: Bool) async throws {
        let plan = try delivery(
            .trigger, Self.backup("nightly"), key: "trigger.backup.nightly", property: property, time: time)
        #expect(try await reachesTheBroker(plan))
        let restore = try delivery(.trigger, Self.restore, key: "trigger.restore.back", property: property, time: time)
        #expect(try await reachesTheBroker(restore))
    }

    @Test func whatIsNotThereIsRefusedByName() async throws {
        let plan = try await refusal(try delivery(.trigger, Self.backup("nothing"), key: "trigger.backup.nothing"))
        #expect(plan?.code == .notFound && plan?.message.contains("BackupConfiguration demo/nothing") == true)
        let trigger: JSONValue = ["subject": ["restoreSession": ["namespace": "demo", "name": "nothing"]]]
        let restore = try await refusal(try delivery(.trigger, trigger, key: "trigger.restore.nothing"))
        #expect(restore?.code == .notFound && restore?.message.contains("RestoreSession demo/nothing") == true)
    }

    /// Or all who send one would share a session.
    @Test func anEmptyIdempotencyKeyIsRefused() async throws {
        let refused = try await refusal(try delivery(.trigger, Self.backup("nightly", key: ""), key: "trigger.backup.nightly"))
        #expect(refused?.code == .invalid && refused?.message.contains("idempotency key") == true)
    }

    @Test func requestsOfEachKindAreKnownByTheirEventsType() async throws {
        let query = try delivery(.query, ["repositories": [:]], key: "query.repositories", property: false)
        guard case .repositories(let manifests) = try await handler.answer(query).0 else {
            Issue.record("no repositories")
            return
        }
        #expect(manifests.map(\.metadata.name) == ["disk"])
        let apply = try delivery(.apply, ["manifests": "kind: Nothing\n", "fileName": "a"], key: "apply", property: false)
        #expect(try await refusal(apply) != nil)
        let cancel = try delivery(.cancel, ["session": "never"], key: "trigger.cancel.never", property: false)
        #expect(try await handler.answer(cancel).0 == nil, "a worker answers")
    }

    @Test(
        arguments: [
            (.trigger, backup("nightly"), "trigger.backup.weekly"), (.trigger, backup("nightly"), "trigger.restore.nightly"),
            (.trigger, restore, "trigger.backup.back"), (.trigger, backup("nightly"), "apply"),
            (.cancel, ["session": "a"], "trigger.cancel.b"), (.apply, ["manifests": "", "fileName": "a"], "query.sessions"),
            (.query, ["repositories": [:]], "query.sessions"), (.query, ["sessions": ["limit": 1]], "apply"),
        ] as [(MessageType, JSONValue, String)])
    func aKeyThatIsNotTheContentsIsPoison(type: MessageType, data: JSONValue, key: String) async throws {
        let error = await #expect(throws: PoisonError.self) { try await handler.handle(try delivery(type, data, key: key)) }
        #expect(error?.message.contains("came under the key \(key)") == true)
    }

    @Test(arguments: ["sheaf.unit.backup", "sheaf.dead", "sheaf.command"])
    func anAnswerToAQueueOfSheafsOwnIsPoison(queue: String) async throws {
        for (type, data, key) in [
            (.trigger, Self.backup("nightly"), "trigger.backup.nightly"), (.cancel, ["session": "a"], "trigger.cancel.a"),
            (.apply, ["manifests": "", "fileName": "a"], "apply"), (.query, ["repositories": [:]], "query.repositories"),
        ] as [(MessageType, JSONValue, String)] {
            let error = await #expect(throws: PoisonError.self, "\(type)") {
                try await handler.handle(try delivery(type, data, key: key, replyTo: queue))
            }
            #expect(error?.message.contains("reply_to \(queue)") == true)
        }
    }

    /// Workers refuse it; a ledger that knew it would publish it again without its reply_to.
    @Test(arguments: [("sheaf.unit.backup", false), ("mine", true)])
    func aSessionThatWorkersRefuseIsNotKeptForARescue(queue: String, isKept: Bool) async throws {
        let factory = SessionFactory(resources: await handler.folder.resources(), now: .now())
        guard case .command(let command) = try factory.backup(namespace: "demo", name: "nightly", key: .given("k")) else {
            Issue.record("no command")
            return
        }
        let listener = EventListener(ledger: ledger, measurements: Measurements(), feed: EventFeed())
        let data = try JSONValue(parsing: MessageCoding.encode(command))
        let session = try delivery(.backupSession, data, key: "session.backup.nightly", replyTo: queue)
        do {
            try await listener.handle(session)
            #expect(isKept)
        } catch is PoisonError {
            #expect(!isKept)
        }
        #expect(try await (ledger.session(command.id.text) != nil) == isKept)
    }

    /// Every event comes to a Scheduler's queue: one that it makes nothing of must not become a dead letter.
    @Test func aRepositorysStatusIsTakenAndADamagedOneIsPoison() async throws {
        let listener = EventListener(ledger: ledger, measurements: Measurements(), feed: EventFeed())
        guard let id = RepositoryID("0f1e2d3c") else { preconditionFailure("no repository id") }
        let event = RepositoryEvent(
            name: "disk", namespace: "demo", repository: id, status: RepositoryStatus(snapshotCount: 1), worker: "w1",
            time: .now())
        let data = try JSONValue(parsing: MessageCoding.encode(event))
        try await listener.handle(try delivery(.repository, data, key: "repository.disk"))
        await #expect(throws: PoisonError.self) {
            try await listener.handle(try delivery(.repository, ["name": "disk"], key: "repository.disk"))
        }
    }

    /// Whoever gets "accepted" must get what was asked for, not what somebody asked for under that key before.
    @Test(arguments: [false, true]) func aKeyBelongsToTheRequestThatUsedItFirst(isOther: Bool) async throws {
        let factory = SessionFactory(resources: await handler.folder.resources(), now: .now())
        guard case .command(var command) = try factory.backup(namespace: "demo", name: "nightly", key: .given("k")) else {
            Issue.record("there is no such plan")
            return
        }
        if isOther { command.timeOutSeconds = 77 }
        let event = CloudEvent(
            id: "1", source: "/shop", type: .backupSession, subject: command.id.text, time: .now(), data: command)
        try await ledger.apply([LedgerEvent(request: command, message: try MessageCoding.encode(event), publishedAt: .now())])
        let again = try delivery(.trigger, Self.backup("nightly", key: "k"), key: "trigger.backup.nightly")
        if isOther {
            #expect(try await refusal(again)?.code == .refused)
        } else {
            #expect(try await reachesTheBroker(again))
        }
    }
}
