import AMQP
import Bus
import Foundation
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// What systems that are not Sheaf's may ask for, and what they may not.
    @Suite struct TriggerTests {
        @Test(.requires(.defaultEngine), .timeLimit(.minutes(2))) func twoSystemsWithOneKeyStartOneSession() async throws {
            try await withBackup { site, tap in
                let (shop, ledger) = (try await OutsideSystem("shop"), try await OutsideSystem("ledger"))
                async let one = shop.triggerBackup("nightly", idempotencyKey: "release 41")
                async let other = ledger.triggerBackup("nightly", idempotencyKey: "release 41")
                let sessions = try await [one, other].map(\.acceptedSession)
                let session = try #require(sessions[0])
                #expect(sessions[1] == session)
                #expect(try await tap.end(of: session).phase == .succeeded)
                #expect(try await shop.triggerBackup("nightly", idempotencyKey: "release 41").acceptedSession == session)
                let third = try #require(try await shop.triggerBackup("nightly", idempotencyKey: "release 42").acceptedSession)
                #expect(third != session)
                #expect(try await tap.end(of: third).phase == .succeeded)
                #expect(try await site.snapshots().count == 2)
                await shop.close()
                await ledger.close()
            }
        }

        @Test(.requires(.defaultEngine), .timeLimit(.minutes(2))) func resourcesAndSessionsAreShownAsKubectlWould() async throws {
            try await withBackup { site, tap in
                #expect(try await site.backup("nightly").session.phase == "Succeeded")
                let plans = try await site.sheaf(["get", "backupconfiguration", "-o", "json", "-A"])
                let line = try #require(plans.output.first { $0.contains("nightly") }, "\(plans)")
                #expect(try JSONValue(parsing: line)[path: ["status", "phase"]] == "Ready", "\(plans)")
                let sessions = try await site.sheaf(["get", "backupsessions", "-o", "yaml"])
                #expect(
                    sessions.output.contains("kind: BackupSession") && sessions.output.contains("  phase: Succeeded"),
                    "\(sessions)")
                let described = try await site.sheaf(["describe", "backupconfiguration", "nightly"])
                #expect(described.output.contains { $0.hasPrefix("RepositoryFound True") }, "\(described)")
                #expect(try await site.sheaf(["get", "backupconfiguration", "gone"]).exit == .code(4))
                #expect(try await site.sheaf(["get", "pods"]).exit == .code(2))
            }
        }

        @Test(.requires(.defaultEngine), .timeLimit(.minutes(2))) func aRestoreSessionIsRunByItsName() async throws {
            try await withBackup { site, tap in
                let system = try await OutsideSystem("shop")
                let backup = try #require(try await system.triggerBackup("nightly").acceptedSession)
                #expect(try await tap.end(of: backup).phase == .succeeded)
                let engine = try Engine(.defaultEngine)
                try await engine.delete("\(site.prefix)-numbered")
                try site.declareRestore("back")
                let answer = try await system.ask(
                    .trigger, ["subject": ["restoreSession": ["namespace": "default", "name": "back"]]],
                    key: "trigger.restore.back")
                let end = try await tap.end(of: try #require(answer.acceptedSession))
                #expect(end.phase == .succeeded && end.kind == .restore, "\(end)")
                #expect(end.invoker == Invoker(kind: "RestoreSession", name: "back"))
                #expect(try await engine.count("\(site.prefix)-numbered") == 300)
                await system.close()
            }
        }

        /// No reply_to, no property `type`, no time in the envelope: what the fewest tools can set.
        @Test(.requires(.defaultEngine), .timeLimit(.minutes(2))) func theBarestTriggerStartsASession() async throws {
            try await withBackup { _, tap in
                let system = try await OutsideSystem("shop")
                try await system.publish(
                    .trigger, OutsideSystem.backup("nightly"), to: Topology.trigger, key: "trigger.backup.nightly", replyTo: nil,
                    property: false)
                let end = try await tap.messages.first("the end of the session", within: .seconds(60)) {
                    $0.status?.phase.isFinal == true
                }
                #expect(end.status?.phase == .succeeded && end.status?.invoker.name == "nightly")
                #expect(system.answers.elements.isEmpty)
                await system.close()
            }
        }

        /// Debian's amqp-publish cannot set the property.
        @Test(.timeLimit(.minutes(1))) func requestsOfAllKindsAreKnownWithoutThePropertyType() async throws {
            try await Site.use { site in
                try site.declare(.defaultEngine, url: "http://127.0.0.1:9")
                try await site.startScheduler()
                try await site.startWorker("one")
                let system = try await OutsideSystem("shop")
                let repositories = try await system.ask(.query, ["repositories": [:]], key: "query.repositories", property: false)
                guard case .repositories(let manifests) = repositories else { throw Missed(what: "repositories", after: nil) }
                #expect(manifests.map(\.metadata.name) == [site.repositoryName])
                let applied = try await system.ask(
                    .apply, ["manifests": "kind: Nothing\n", "fileName": "a.yaml"], key: "apply", property: false)
                guard case .refused = applied else { throw Missed(what: "a refusal", after: nil) }
                let id = try await system.publish(
                    .cancel, ["session": "never-was"], to: Topology.trigger, key: "trigger.cancel.never-was",
                    replyTo: system.queue,
                    property: false)
                #expect(!id.isEmpty)
                let answer = try await system.answers.first("the cancel's answer", within: .seconds(40)) {
                    $0.properties.messageID == "never-was/cancel/reply"
                }
                // Its cluster does not answer, so that nobody can say that the session never was.
                guard case .refused(.unreachable, _)? = answer.event(.reply, Reply.self) else {
                    throw Missed(what: "the refusal of the cancel", after: nil)
                }
                await system.close()
            }
        }

        @Test(.timeLimit(.minutes(1))) func whatCannotBeDoneIsRefusedWithAReason() async throws {
            try await Site.use { site in
                try site.declare(.defaultEngine, url: "http://127.0.0.1:9")
                try site.declarePlan("nightly", indices: "anything")
                try await site.startScheduler()
                let system = try await OutsideSystem("shop")
                guard case .refused(.notFound, let plan) = try await system.triggerBackup("nothing") else {
                    throw Missed(what: "a refusal", after: nil)
                }
                #expect(plan.contains("BackupConfiguration default/nothing") && plan.contains("nightly"), "\(plan)")
                let restore: JSONValue = ["subject": ["restoreSession": ["namespace": "default", "name": "nothing"]]]
                guard case .refused(.notFound, let name) = try await system.ask(.trigger, restore, key: "trigger.restore.nothing")
                else {
                    throw Missed(what: "a refusal", after: nil)
                }
                #expect(name.contains("RestoreSession default/nothing"), "\(name)")
                guard case .refused(.invalid, let key) = try await system.triggerBackup("nightly", idempotencyKey: "") else {
                    throw Missed(what: "a refusal", after: nil)
                }
                #expect(key.contains("idempotency key"), "\(key)")
                #expect(try await site.sheaf(["sessions", "--output", "json"]).output.isEmpty)
                await system.close()
            }
        }

        @Test(
            .timeLimit(.minutes(1)),
            arguments: ["trigger.backup.weekly", "trigger.restore.nightly", "trigger.cancel.nightly", "apply", "query.sessions"])
        func aKeyThatIsNotTheContentsIsADeadLetter(key: String) async throws {
            try await Site.use { site in
                try site.declare(.defaultEngine, url: "http://127.0.0.1:9")
                for plan in ["nightly", "weekly"] { try site.declarePlan(plan, indices: "anything") }
                try await site.startScheduler()
                let (tap, system) = (try await Tap(), try await OutsideSystem("shop"))
                let id = try await system.publish(
                    .trigger, OutsideSystem.backup("nightly"), to: Topology.trigger, key: key, replyTo: system.queue,
                    id: "\(site.prefix)-1")
                let letter = try await tap.messages.first("the dead letter", within: .seconds(30)) { $0.isDeadLetter(of: id) }
                #expect(letter.properties.headers[Envelope.Header.lastError]?.string?.contains(key) == true)
                #expect(letter.properties.headers[Envelope.Header.origin]?.string == Requests.triggerQueue)
                // What is answered now was asked after it.
                #expect(try await site.sheaf(["sessions", "--output", "json"]).output.isEmpty)
                #expect(system.answers.elements.isEmpty)
                // But for what a Scheduler with a new ledger asks workers by itself.
                #expect(
                    !tap.messages.elements.contains {
                        $0.exchange == Topology.command && $0.properties.type != MessageType.query.rawValue
                    })
                await system.close()
                await tap.close()
            }
        }

        /// An answer in a queue of Sheaf's would be taken for work.
        @Test(.timeLimit(.minutes(1)), arguments: Requests.allCases, [WorkQueue.backupUnit.name, Topology.dead])
        func noAnswerGoesToAQueueOfSheafsOwn(_ request: Requests, queue: String) async throws {
            try await Site.use { site in
                try await site.startScheduler()
                try await site.startWorker("one")
                let tap = try await Tap()
                let system = try await OutsideSystem("shop")
                let message = try request.message(id: "\(site.prefix)-1")
                let id = try await system.publish(
                    message.type, message.data, to: message.exchange, key: message.key, replyTo: queue, id: "\(site.prefix)-1")
                for origin in message.readers {
                    let letter = try await tap.messages.first("the dead letter of \(origin)", within: .seconds(30)) {
                        $0.isDeadLetter(of: id) && $0.properties.headers[Envelope.Header.origin]?.string == origin
                    }
                    #expect(letter.properties.headers[Envelope.Header.lastError]?.string?.contains("reply_to \(queue)") == true)
                }
                // Both programs have dealt with all that came before this.
                _ = try await site.sheaf(["sessions", "--output", "json"])
                let repository: JSONValue = [
                    "apiVersion": "stash.appscode.com/v1alpha1", "kind": "Repository", "metadata": ["name": "unknown"],
                    "spec": ["backend": ["local": ["mountPath": "/unknown"]]],
                ]
                _ = try await system.ask(
                    .query, ["snapshots": ["repository": repository]], to: Topology.command, key: "query.snapshots")
                let letters = tap.messages.elements.filter { $0.exchange == Topology.dead }
                #expect(letters.count == message.readers.count, "\(letters.map(\.properties))")
                #expect(try await Broker.messages(named: Topology.dead) == message.readers.count)
                let events = tap.messages.elements.filter { $0.exchange == Topology.event }
                #expect(events.allSatisfy { $0.properties.type == MessageType.heartbeat.rawValue })
                #expect(try await site.sheaf(["sessions", "--output", "json"]).output.isEmpty)
                await system.close()
                await tap.close()
            }
        }

        private func withBackup(_ body: (Site, Tap) async throws -> Void) async throws {
            let engine = try Engine(.defaultEngine)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: 300, filling: 40)
                    try site.declare(.defaultEngine)
                    try site.declarePlan("nightly", indices: index)
                    try await site.startScheduler()
                    try await site.startWorker("one")
                    let tap = try await Tap()
                    try await body(site, tap)
                    await tap.close()
                }
            }
        }
    }
}

/// Each way to ask Sheaf's programs for something, as the pinned messages do it.
enum Requests: CaseIterable {
    case trigger, apply, schedulerQuery, workerQuery, cancel, session, unit

    struct Message {
        var type: MessageType
        var data: JSONValue
        var exchange: String
        var key: String
        /// Queues whose readers look at it.
        var readers: [String]
    }

    /// The queue in which Schedulers find what outsiders send.
    static let triggerQueue = Topology().bindings.first { $0.exchange == Topology.trigger && $0.key == "#" }?.queue ?? ""

    func message(id: String) throws -> Message {
        let scheduler = Topology.replyQueue(of: Topology.defaultScheduler)
        switch self {
        case .trigger:
            return Message(
                type: .trigger, data: OutsideSystem.backup("nightly"), exchange: Topology.trigger, key: "trigger.backup.nightly",
                readers: [Self.triggerQueue])
        case .apply:
            return Message(
                type: .apply, data: ["manifests": "", "fileName": "a.yaml"], exchange: Topology.trigger, key: "apply",
                readers: [Self.triggerQueue])
        case .schedulerQuery:
            return Message(
                type: .query, data: ["repositories": [:]], exchange: Topology.trigger, key: "query.repositories",
                readers: [Self.triggerQueue])
        case .workerQuery:
            return Message(
                type: .query, data: try pinned("query-snapshots"), exchange: Topology.command, key: "query.snapshots",
                readers: [WorkQueue.query.name])
        case .cancel:
            return Message(
                type: .cancel, data: ["session": .string(id)], exchange: Topology.trigger, key: "trigger.cancel.\(id)",
                readers: [Self.triggerQueue, WorkQueue.cancel.name])
        case .session:
            // The Scheduler's ledger must not know it either, or it would be rescued.
            return Message(
                type: .backupSession, data: try pinned("session-backup"), exchange: Topology.command,
                key: "session.backup.nightly",
                readers: [WorkQueue.backupSession.name, scheduler])
        case .unit:
            return Message(
                type: .unit, data: try pinned("unit"), exchange: Topology.command, key: "unit.backup.nightly",
                readers: [WorkQueue.backupUnit.name])
        }
    }

    private func pinned(_ name: String) throws -> JSONValue {
        let file = "\(Surroundings.packageFolder)/Tests/MessagesTests/Golden/\(name).json"
        return try JSONValue(parsing: Array(Data(contentsOf: URL(filePath: file))))["data"] ?? .null
    }
}

extension Tap.Message {
    func isDeadLetter(of id: String) -> Bool {
        guard exchange == Topology.dead else { return false }
        // What is no JSON is another message.
        return (try? JSONValue(parsing: body))?["id"]?.string == id
    }
}
