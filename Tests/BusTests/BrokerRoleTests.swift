import Crypto
import Foundation
import Runtime
import Testing

@testable import Bus

/// The least rights of each role, by name. That a real broker keeps to them is shown end to end.
@Suite struct BrokerRoleTests {
    private func isAllowed(_ pattern: String, _ name: String) throws -> Bool {
        try NSRegularExpression(pattern: pattern).firstMatch(in: name, range: NSRange(name.startIndex..., in: name)) != nil
    }

    @Test func onlyTheAdministratorDeclaresTheTopology() throws {
        let topology = Topology(schedulers: ["one"])
        for name in topology.queues.map(\.name) + topology.exchanges.map(\.name) {
            for role in BrokerRole.allCases {
                #expect(try isAllowed(role.rights(schedulers: ["one"]).configure, name) == (role == .admin), "\(role) \(name)")
            }
        }
    }

    @Test func eachQueueIsReadByOneRoleBesidesTheAdministrator() throws {
        let readers: [(BrokerRole, [String])] = [
            (.worker, WorkQueue.allCases.map(\.name)), (.scheduler, [Topology.triggerQueue, "sheaf.reply.one"]), (.outsider, []),
        ]
        let queues = Topology(schedulers: ["one", "two"]).queues.map(\.name)
        for (role, own) in readers {
            let readable = try queues.filter { try isAllowed(role.rights(schedulers: ["one"]).read, $0) }
            #expect(Set(readable) == Set(own), "\(role)")
        }
    }

    /// Whoever may write to a queue may bind it to what it may read, and get all of that into it.
    @Test func anOutsiderMayWriteToNoQueueOfTheTopology() throws {
        let rights = BrokerRole.outsider.rights(schedulers: ["one"])
        for queue in Topology(schedulers: ["one"]).queues { #expect(try !isAllowed(rights.write, queue.name), "\(queue.name)") }
        // Of its own it has only what no exchange can be called.
        #expect(try isAllowed(rights.configure, "amq.gen-abc") && !isAllowed(rights.configure, "mine.amq.gen-abc"))
    }

    @Test(arguments: ["sheafXcommand", "sheaf.command2", "my.sheaf.command", "sheaf.retry.3h", "sheaf.controls"])
    func aPatternIsForWholeNames(name: String) throws {
        let rights = BrokerRole.worker.rights(schedulers: [])
        #expect(try !isAllowed(rights.write, name) && !isAllowed(rights.read, name))
    }

    @Test(
        arguments: [
            ("trigger.backup.orders", true), ("trigger.restore.orders", true), ("query.sessions", true),
            ("trigger.backup.orders2", false), ("trigger.backup.orders.x", false), ("trigger.cancel.abc", false),
            ("trigger.manifest.orders", false), ("apply", false),
        ])
    func anOutsiderHeldToAPlanAsksForThatPlanAlone(key: String, isAllowed expected: Bool) throws {
        let rights = try #require(BrokerRole.outsider.topicRights(plans: ["orders"]).first { $0.exchange == Topology.trigger })
        #expect(try isAllowed(rights.write, key) == expected)
    }

    /// The bindings that `sheaf backup --wait` makes are keys too.
    @Test(
        arguments: [
            ("backup.orders.#", true), ("metric.orders.sheaf_unit_seconds", true), ("backup.*.succeeded", false), ("#", false),
            ("backup.other.#", false),
        ])
    func anOutsiderHeldToAPlanFollowsThatPlanAlone(key: String, isAllowed expected: Bool) throws {
        let rights = try #require(BrokerRole.outsider.topicRights(plans: ["orders"]).first { $0.exchange == Topology.event })
        #expect(try isAllowed(rights.read, key) == expected && !isAllowed(rights.write, "backup.orders.succeeded"))
    }

    @Test func noOutsiderHandsManifestsOver() throws {
        let rights = try #require(BrokerRole.outsider.topicRights(plans: []).first { $0.exchange == Topology.trigger })
        #expect(try !isAllowed(rights.write, RoutingKey.apply) && isAllowed(rights.write, "trigger.cancel.abc"))
        #expect(try isAllowed(rights.write, "trigger.manifest.back"))
    }

    /// The example of RabbitMQ's own documentation of its password hash: salt 908DC60A, password test12.
    @Test func thePasswordHashIsRabbitMQs() throws {
        let hash = try BrokerUser.passwordHash(Sensitive("test12"), salt: [0x90, 0x8D, 0xC6, 0x0A])
        #expect(hash == "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR")
    }

    @Test func theFileHoldsTheTopologyAndNoUserWithoutAPassword() throws {
        let users = [
            BrokerUser(role: .worker, name: "w", password: Sensitive("geheim")), BrokerUser(role: .outsider, name: "o"),
        ]
        let file = try TopologyDefinitions(schedulers: ["one"], users: users).file()
        let topology = Topology(schedulers: ["one"])
        #expect(file["exchanges"]?.array?.compactMap { $0["name"]?.string } == topology.exchanges.map(\.name))
        #expect(file["queues"]?.array?.compactMap { $0["name"]?.string } == topology.queues.map(\.name))
        #expect(file["bindings"]?.array?.count == topology.bindings.count)
        #expect(file["users"]?.array?.compactMap { $0["name"]?.string } == ["w"])
        #expect(file["permissions"]?.array?.compactMap { $0["user"]?.string } == ["w"])
        #expect(!file.serialized().contains("geheim"))
    }

    @Test func theCommandsAreShellWords() {
        let users = [BrokerUser(role: .outsider, name: "o")]
        let lines = TopologyDefinitions(schedulers: [], users: users, virtualHost: "it's").commands
        #expect(lines.count == 3)
        #expect(
            lines.first
                == #"rabbitmqctl set_permissions -p 'it'\''s' o '^(amq\.gen-.*)$' '^(sheaf\.trigger|amq\.gen-.*)$' "#
                + #"'^(sheaf\.event|amq\.gen-.*)$'"#)
    }
}
