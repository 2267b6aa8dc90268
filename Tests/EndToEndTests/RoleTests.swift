import AMQP
import Bus
import Foundation
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// The broker's users with the rights that `sheaf topology definitions` gives them.
    @Suite struct RoleTests {
        /// Users of a broker of the test's own, made by importing what the program printed.
        struct Users {
            let broker: OwnBroker

            static let outsiders = ["sheaf-outsider", "shop"]

            func url(_ user: String) -> String { broker.url(user, password: "pass-\(user)") }

            func open(_ user: String) async throws -> BrokerConnection {
                try await BrokerConnection.open(try BrokerAddress(url(user)), name: "sheaf-e2e \(user)")
            }
        }

        /// The file as it is printed, with a password for each user.
        private func definitions(_ site: Site) async throws -> String {
            let passwords = site.folder + "/passwords"
            try FileManager.default.createDirectory(atPath: passwords, withIntermediateDirectories: true)
            for user in ["sheaf-admin", "sheaf-scheduler", "sheaf-worker", "sheaf-outsider"] {
                try Data("pass-\(user)\n".utf8).write(to: URL(filePath: "\(passwords)/\(user)"))
            }
            let printed = try await site.sheaf(["topology", "definitions", "--passwords", passwords])
            try #require(printed.exit == .code(0), "\(printed)")
            let text = printed.output.joined(separator: "\n")
            #expect(!text.contains("pass-"))
            return text
        }

        /// A broker with all users: those of the imported file, and `shop`, an outsider held to the plan `orders` by the printed commands.
        private func use(_ body: (Site, Users) async throws -> Void) async throws {
            try await OwnBroker.use { broker in
                try await Site.use(amqpURL: broker.url()) { site in
                    let file = site.folder + "/definitions.json"
                    try Data(try await definitions(site).utf8).write(to: URL(filePath: file))
                    try await broker.control("import_definitions", file)
                    let lines = try await site.sheaf(["topology", "permissions", "--user", "outsider=shop", "--plan", "orders"])
                    try await broker.shell(
                        ["rabbitmqctl add_user shop pass-shop"] + lines.output.filter { $0.contains(" shop ") })
                    try await body(site, Users(broker: broker))
                }
            }
        }

        @Test(.requires(.defaultEngine), .timeLimit(.minutes(4)))
        func theWholeWorkIsDoneWithTheLeastRights() async throws {
            let engine = try Engine(.defaultEngine)
            try await use { site, users in
                let admin = ["--amqp-url", users.url("sheaf-admin")]
                for command in ["apply", "check"] {
                    let result = try await site.sheaf(["topology", command] + admin)
                    #expect(result.exit == .code(0) && result.errors.isEmpty, "\(result)")
                }
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: 6_000, filling: 1_500)
                    try site.declare(.defaultEngine)
                    try site.declarePlan("orders", indices: index)
                    let scheduler = try await site.startScheduler(arguments: [
                        "--amqp-url", users.url("sheaf-scheduler"), "--log-level", "debug",
                    ])
                    let worker = try await site.startWorker(
                        "one",
                        [
                            "--amqp-url", users.url("sheaf-worker"), "--log-level", "debug", "--unit-bytes", "100KiB", "--slots",
                            "1",
                        ])
                    for program in [scheduler, worker] {
                        #expect(program.log.elements.filter { $0.contains("looked over in part") }.count == 1)
                    }
                    for user in Users.outsiders {
                        let session = try await site.backup("orders", ["--amqp-url", users.url(user)]).session
                        #expect(session.phase == "Succeeded" && session.documents == 6_000, "\(session.json)")
                    }
                    let restored = try await site.sheaf(["snapshots", "--output", "json"] + admin)
                    #expect(restored.exit == .code(0) && restored.output.count == 2, "\(restored)")

                    let outsider = ["--amqp-url", users.url("sheaf-outsider")]
                    let running = try await site.command(["backup", "orders", "--wait", "--output", "json"] + outsider)
                    let status = try await running.process.output.first("the session to run", within: .seconds(60)) {
                        $0.contains("\"phase\":\"Running\"")
                    }
                    let id = try #require(try JSONValue(parsing: status)["id"]?.string)
                    let cancel = try await site.sheaf(["cancel", id] + outsider)
                    #expect(cancel.exit == .code(0), "\(cancel)")
                    let end = try await running.result(within: .seconds(60)).session
                    #expect(end.phase == "Failed" && end.error.contains("cancelled"), "\(end.json)")

                    for denied in [["backup", "other"], ["backup", "other", "--wait"], ["cancel", id]] {
                        let result = try await site.sheaf(denied + ["--amqp-url", users.url("shop")])
                        #expect(result.exit == .code(5), "\(result)")
                    }
                    #expect(scheduler.isRunning && worker.isRunning)
                }
            }
        }

        @Test(.timeLimit(.minutes(2))) func whatARoleMustNotDoIsRefused() async throws {
            try await use { _, users in
                for denial in Denial.outsiders + Denial.held + Denial.programs + Denial.each {
                    let connection = try await users.open(denial.user)
                    let error = await #expect(throws: AMQPError.self, "\(denial.testDescription)") {
                        try await denial.attempt(connection)
                    }
                    #expect(error?.replyCode == 403, "\(denial.testDescription): \(error?.message ?? "")")
                    await connection.close()
                }
                // What it may do shows that it is not the connection that is refused.
                for user in Users.outsiders {
                    let connection = try await users.open(user)
                    let queue = try await connection.declareQueue("", durable: false, exclusive: true).name
                    try await connection.bindQueue(queue, to: Topology.event, routingKey: "backup.orders.#")
                    _ = try await connection.consume(queue: queue, prefetch: 1)
                    try await connection.publish(
                        OutgoingMessage(
                            exchange: Topology.trigger, routingKey: "trigger.backup.orders",
                            properties: MessageProperties(messageID: "m"), body: [], mandatory: true))
                    await connection.close()
                }
            }
        }

        /// The Scheduler publishes the letter under another user than the one that the message names.
        @Test(.timeLimit(.minutes(2))) func poisonThatNamesItsUserIsADeadLetterToo() async throws {
            try await use { site, users in
                let scheduler = try await site.startScheduler(arguments: ["--amqp-url", users.url("sheaf-scheduler")])
                let admin = try await users.open("sheaf-admin")
                let letters = try await admin.consume(queue: Topology.dead, prefetch: 1)
                let outsider = try await users.open("sheaf-outsider")
                try await outsider.publish(
                    OutgoingMessage(
                        exchange: Topology.trigger, routingKey: "trigger.backup.orders",
                        properties: MessageProperties(messageID: "m", userID: "sheaf-outsider"), body: [1], mandatory: true))
                var iterator = letters.makeAsyncIterator()
                let letter = try #require(try await iterator.next())
                #expect(
                    letter.properties.userID == nil && letter.properties.headers["sheaf-origin"]?.string == Topology.triggerQueue)
                #expect(scheduler.isRunning)
                await outsider.close()
                await admin.close()
            }
        }

        /// The broker asks for no right on the key of what it moves, so an outsider may have its own queue's letters sent to `sheaf.trigger`.
        @Test(.timeLimit(.minutes(2))) func whatAnOutsidersQueueGaveUpIsNoRequest() async throws {
            try await use { site, users in
                let scheduler = try await site.startScheduler(arguments: ["--amqp-url", users.url("sheaf-scheduler")])
                let shop = try await users.open("shop")
                let queue = try await shop.declareQueue(
                    "", durable: false, exclusive: true,
                    arguments: [
                        "x-dead-letter-exchange": .string(Topology.trigger), "x-dead-letter-routing-key": "trigger.backup.other",
                        "x-message-ttl": 0,
                    ]
                ).name
                try await shop.bindQueue(queue, to: Topology.event, routingKey: "backup.orders.#")
                let admin = try await users.open("sheaf-admin")
                let event: JSONValue = [
                    "specversion": "1.0", "id": "m1", "source": "/shop", "type": .string(MessageType.trigger.rawValue),
                    "data": OutsideSystem.backup("other"),
                ]
                try await admin.publish(
                    OutgoingMessage(
                        exchange: Topology.event, routingKey: "backup.orders.x",
                        properties: MessageProperties(contentType: "application/cloudevents+json", messageID: "m1"),
                        body: event.serializedBytes(), mandatory: true))
                var letters = try await admin.consume(queue: Topology.dead, prefetch: 10).makeAsyncIterator()
                let letter = try #require(try await letters.next())
                // The Scheduler's copy of the event is no event either.
                let other =
                    letter.properties.headers["sheaf-origin"]?.string == Topology.triggerQueue ? letter : try await letters.next()
                let reason = other?.properties.headers["sheaf-last-error"]?.string
                #expect(reason?.contains("dead-letter exchange") == true, "\(reason ?? "")")
                #expect(scheduler.isRunning)
                await shop.close()
                await admin.close()
            }
        }

        /// A right that is missing is another matter than a login.
        @Test(.timeLimit(.minutes(2))) func aMissingRightIsExitCodeFive() async throws {
            try await use { site, users in
                try site.declare(.defaultEngine, url: "http://127.0.0.1:9")
                let commands = [
                    ["topology", "apply"], ["dead", "list"], ["apply", "-f", site.schedulerResources],
                    ["worker", "--resources", site.workerResources, "--spool", site.folder + "/spool"],
                    [
                        "scheduler", "--resources", site.schedulerResources, "--state", site.folder + "/s", "--listen",
                        "127.0.0.1:0",
                    ],
                ]
                let admin = try await users.open("sheaf-admin")
                try await admin.publish(
                    OutgoingMessage(
                        exchange: Topology.dead, routingKey: "a", properties: MessageProperties(messageID: "m"), body: [],
                        mandatory: true))
                await admin.close()
                for command in commands {
                    let denied = try await site.sheaf(command + ["--amqp-url", users.url("sheaf-outsider")])
                    #expect(denied.exit == .code(5), "\(denied)")
                    let unknown = try await site.sheaf(command + ["--amqp-url", users.broker.url("nobody")])
                    #expect(unknown.exit == .code(6), "\(unknown)")
                }
                for held in [["cancel", "abc"], ["backup", "other", "--wait"]] {
                    let denied = try await site.sheaf(held + ["--amqp-url", users.url("shop")])
                    #expect(denied.exit == .code(5), "\(denied)")
                }
                let check = try await site.sheaf([
                    "topology", "check", "--output", "json", "--amqp-url", users.url("sheaf-worker"),
                ])
                #expect(try check.exit == .code(0) && check.last["isCompared"] == false, "\(check)")
            }
        }

        @Test(.timeLimit(.minutes(2))) func aBrokerThatImportsTheFileAtBootIsReady() async throws {
            try await Site.use(amqpURL: "amqp://nobody@127.0.0.1:9/") { site in
                let text = try await definitions(site)
                try await OwnBroker.use(definitions: text) { broker in
                    let users = Users(broker: broker)
                    let admin = try await site.sheaf(["topology", "check", "--amqp-url", users.url("sheaf-admin")])
                    #expect(admin.exit == .code(0) && admin.errors.isEmpty, "\(admin)")
                    let worker = try await site.sheaf(["topology", "check", "--amqp-url", users.url("sheaf-worker")])
                    #expect(worker.exit == .code(0) && worker.errors.first?.contains("may not declare") == true, "\(worker)")
                    let guest = try await site.sheaf(["topology", "check", "--amqp-url", broker.url()])
                    #expect(guest.exit == .code(6), "\(guest)")
                }
            }
        }
    }
}
