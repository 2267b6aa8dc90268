import AMQP
import Bus
import Testing

extension EndToEnd.RoleTests {
    /// What a role must not do, as one call on a connection of its user.
    struct Denial: Sendable, CustomTestStringConvertible {
        let user: String
        let testDescription: String
        let attempt: @Sendable (BrokerConnection) async throws -> Void

        init(_ user: String, _ what: String, _ attempt: @escaping @Sendable (BrokerConnection) async throws -> Void) {
            self.user = user
            testDescription = "\(user): \(what)"
            self.attempt = attempt
        }

        static func publish(_ user: String, _ exchange: String, _ key: String) -> Denial {
            Denial(user, "publish \(key) to '\(exchange)'") {
                try await $0.publish(OutgoingMessage(exchange: exchange, routingKey: key, body: [], mandatory: false))
            }
        }

        static func read(_ user: String, _ queue: String) -> Denial {
            Denial(user, "read \(queue)") { _ = try await $0.consume(queue: queue, prefetch: 1) }
        }

        static func delete(_ user: String, _ queue: String) -> Denial {
            Denial(user, "delete \(queue)") { try await $0.deleteQueue(queue) }
        }

        static func declare(_ user: String, _ queue: String) -> Denial {
            Denial(user, "declare \(queue)") { try await $0.declareQueue(queue) }
        }

        static func bind(_ user: String, _ queue: String, _ exchange: String, _ key: String) -> Denial {
            Denial(user, "bind \(queue.isEmpty ? "its own queue" : queue) to \(exchange) by \(key)") {
                let name = queue.isEmpty ? try await $0.declareQueue("", durable: false, exclusive: true).name : queue
                try await $0.bindQueue(name, to: exchange, routingKey: key)
            }
        }

        static let outsiders: [Denial] = Users.outsiders.flatMap { user in
            [
                publish(user, Topology.command, "session.backup.orders"),
                publish(user, Topology.event, "backup.orders.failed"),
                publish(user, Topology.dead, "unit.backup.orders"), publish(user, Topology.control, ""),
                publish(user, "sheaf.retry.10s", "unit.backup.orders"), publish(user, "", Topology.triggerQueue),
                publish(user, Topology.trigger, RoutingKey.apply), read(user, WorkQueue.backupUnit.name),
                read(user, Topology.triggerQueue), read(user, Topology.dead), read(user, "sheaf.reply.scheduler"),
                delete(user, "sheaf.reply.scheduler"), delete(user, Topology.triggerQueue), declare(user, "mine"),
                declare(user, "sheaf.reply.cli-mine"), bind(user, Topology.triggerQueue, Topology.event, "backup.orders.#"),
                bind(user, Topology.dead, Topology.event, "backup.orders.#"), bind(user, "", Topology.command, "#"),
                bind(user, "", Topology.trigger, "#"), bind(user, "", Topology.control, ""),
                Denial(user, "declare an exchange under a name of its own queues") {
                    try await $0.declareExchange("amq.gen-mine", type: "fanout")
                },
                Denial(user, "have what expires in its own queue sent on as a command") {
                    try await $0.declareQueue("", exclusive: true, arguments: ["x-dead-letter-exchange": "sheaf.command"])
                },
                Denial(user, "have what expires in its own queue sent on as a letter") {
                    try await $0.declareQueue("", exclusive: true, arguments: ["x-dead-letter-exchange": "sheaf.dead"])
                },
                Denial(user, "empty a queue") { try await $0.purgeQueue(Topology.triggerQueue) },
            ]
        }

        static let held: [Denial] = [
            publish("shop", Topology.trigger, "trigger.backup.other"),
            publish("shop", Topology.trigger, "trigger.restore.other"),
            publish("shop", Topology.trigger, "trigger.manifest.orders"),
            publish("shop", Topology.trigger, "trigger.cancel.abc"), bind("shop", "", Topology.event, "#"),
            bind("shop", "", Topology.event, "backup.other.#"), bind("shop", "", Topology.event, "backup.*.failed"),
        ]

        static let programs: [Denial] = ["sheaf-worker", "sheaf-scheduler"].flatMap { user in
            [
                declare(user, WorkQueue.backupUnit.name), declare(user, "mine"), delete(user, WorkQueue.backupUnit.name),
                delete(user, Topology.dead), read(user, Topology.dead),
                publish(user, Topology.trigger, "trigger.backup.orders"),
                bind(user, Topology.dead, Topology.event, "#"), bind(user, WorkQueue.query.name, Topology.command, "#"),
                Denial(user, "declare an exchange") { try await $0.declareExchange(Topology.event, type: "topic") },
            ]
        }

        static let each: [Denial] = [
            read("sheaf-worker", Topology.triggerQueue), read("sheaf-worker", "sheaf.reply.scheduler"),
            delete("sheaf-worker", "sheaf.reply.scheduler"), read("sheaf-scheduler", WorkQueue.backupSession.name),
            read("sheaf-scheduler", "sheaf.reply.other"), delete("sheaf-scheduler", "sheaf.reply.scheduler"),
            publish("sheaf-scheduler", Topology.control, ""), publish("sheaf-scheduler", "sheaf.retry.10s", "unit.backup.a"),
            declare("sheaf-scheduler", "sheaf.control.mine"),
            bind("sheaf-scheduler", "", Topology.event, "#"), bind("sheaf-scheduler", "", Topology.command, "#"),
        ]
    }
}
