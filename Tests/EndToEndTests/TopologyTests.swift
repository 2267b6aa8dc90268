import AMQP
import Bus
import Foundation
import Runtime
import Testing

extension EndToEnd {
    /// A broker that is not as it should be.
    @Suite struct TopologyTests {
        /// Runs the body with the queue declared otherwise, and with the topology as it should be on every way out.
        private func with(
            _ queues: [String], arguments: HeaderTable, _ body: (Site) async throws -> Void
        ) async throws {
            try await Site.use { site in
                let connection = try await Broker.open("sheaf-e2e changer")
                for queue in queues {
                    try await connection.deleteQueue(queue)
                    if !arguments.isEmpty { try await connection.declareQueue(queue, arguments: arguments) }
                }
                let result: Result<Void, any Error>
                do {
                    result = .success(try await body(site))
                } catch {
                    result = .failure(error)
                }
                for queue in queues { try await connection.deleteQueue(queue) }
                try await Topology().declare(on: connection)
                await connection.close()
                try result.get()
                let checked = try await site.sheaf(["topology", "check"])
                #expect(checked.exit == .code(0), "\(checked)")
            }
        }

        @Test(.timeLimit(.minutes(2))) func everyDifferenceIsToldWithBothValuesAndTheWayOut() async throws {
            let queues = [WorkQueue.query.name, WorkQueue.backupUnit.name]
            let arguments: HeaderTable = [
                "x-queue-type": "quorum", "x-delivery-limit": 7, "x-dead-letter-exchange": "sheaf.dead",
                "x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish", "x-consumer-timeout": 21_600_000,
            ]
            try await with(queues, arguments: arguments) { site in
                let check = try await site.sheaf(["topology", "check", "--output", "json"])
                #expect(check.exit == .code(5), "\(check)")
                let message = try #require(try check.last["message"]?.string)
                for queue in queues {
                    #expect(message.contains("queue \(queue) exists with 'x-delivery-limit' 7 instead of 20"), "\(message)")
                    #expect(message.contains("rabbitmqctl delete_queue \(queue) --if-empty"), "\(message)")
                }
                #expect(message.hasSuffix("sheaf topology apply"))
                #expect(try await site.sheaf(["topology", "apply"]).exit == .code(5))

                // Programs look too, and end.
                try site.declare(.defaultEngine, url: "http://127.0.0.1:9")
                let programs = [
                    ["worker", "--resources", site.workerResources, "--spool", site.folder + "/spool"],
                    [
                        "scheduler", "--resources", site.schedulerResources, "--state", site.folder + "/s", "--listen",
                        "127.0.0.1:0",
                    ],
                ]
                for program in programs {
                    let ended = try await site.sheaf(program)
                    #expect(ended.exit == .code(5), "\(ended)")
                    #expect(ended.errors.contains { $0.contains("'x-delivery-limit' 7 instead of 20") }, "\(ended)")
                }
            }
        }

        @Test(.timeLimit(.minutes(1))) func whatIsMissingIsNamedWithTheCommandThatDeclaresIt() async throws {
            try await with([WorkQueue.query.name], arguments: [:]) { site in
                let check = try await site.sheaf(["topology", "check", "--output", "json"])
                #expect(try check.exit == .code(4) && check.last["code"] == "notFound", "\(check)")
                #expect(check.output.last?.contains("sheaf.query") == true, "\(check)")
                #expect(check.output.last?.contains("sheaf topology apply") == true, "\(check)")
            }
        }

        @Test(.timeLimit(.minutes(1))) func lettersWithoutTheirQueueAreExitCodeFourWithTheWayOut() async throws {
            try await with([Topology.dead], arguments: [:]) { site in
                let listed = try await site.sheaf(["dead", "list", "--output", "json"])
                #expect(try listed.exit == .code(4) && listed.last["code"] == "notFound", "\(listed)")
                #expect(listed.errors.last?.contains("sheaf topology apply") == true, "\(listed)")
            }
        }

        /// What an earlier version declared goes on filling.
        @Test(.timeLimit(.minutes(1))) func aQueueOfAnEarlierVersionIsNamed() async throws {
            try await Site.use { site in
                let connection = try await Broker.open("sheaf-e2e earlier")
                try await connection.declareQueue("sheaf.trigger", arguments: ["x-queue-type": "quorum"])
                let check = try await site.sheaf(["topology", "check", "--output", "json"])
                try await connection.deleteQueue("sheaf.trigger")
                #expect(try check.exit == .code(0) && check.last["surplus"] == ["sheaf.trigger"], "\(check)")
                #expect(check.errors.contains { $0.contains("rabbitmqctl delete_queue sheaf.trigger") }, "\(check)")
                let clean = try await site.sheaf(["topology", "check", "--output", "json"])
                #expect(try clean.last["surplus"] == [] && clean.last["isCompared"] == true && clean.errors.isEmpty, "\(clean)")
                await connection.close()
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: ["a b", "-a", ".a", "a/b", ""])
        func aNameThatIsNoPlainWordIsAMistake(name: String) async throws {
            try await Site.use { site in
                let folders = ["--resources", site.schedulerResources, "--name", name]
                let commands = [
                    ["scheduler", "--state", site.folder + "/s"] + folders,
                    ["worker", "--spool", site.folder + "/spool"] + folders,
                    ["topology", "apply", "--scheduler", name],
                ]
                for command in commands {
                    #expect(try await site.sheaf(command).exit == .code(2), "\(command)")
                }
                let missing = try await site.sheaf(["topology", "definitions", "--passwords", site.folder + "/nothing"])
                #expect(missing.exit == .code(2) && missing.output.isEmpty, "\(missing)")
            }
        }

        /// By it outsiders reach a queue over whose messages the broker crashes.
        @Test(.timeLimit(.minutes(1))) func aBindingOfAnEarlierVersionIsTakenAway() async throws {
            try await Site.use { site in
                let connection = try await Broker.open("sheaf-e2e earlier")
                try await connection.bindQueue(WorkQueue.abort.name, to: Topology.trigger, routingKey: "trigger.cancel.#")
                #expect(try await site.sheaf(["topology", "apply"]).exit == .code(0))
                try await connection.publish(
                    OutgoingMessage(
                        exchange: Topology.trigger, routingKey: "trigger.cancel.a", properties: MessageProperties(messageID: "m"),
                        body: [], mandatory: true))
                #expect(try await connection.declareQueue(WorkQueue.abort.name, passive: true).messages == 0)
                await connection.close()
            }
        }

        @Test(.timeLimit(.minutes(1))) func aMissingBindingIsMadeAgain() async throws {
            try await Site.use { site in
                let connection = try await Broker.open("sheaf-e2e unbinder")
                try await connection.unbindQueue(WorkQueue.query.name, from: Topology.command, routingKey: "query.#")
                #expect(try await site.sheaf(["topology", "check"]).exit == .code(0))
                try await connection.publish(
                    OutgoingMessage(
                        exchange: Topology.command, routingKey: "query.snapshots", properties: MessageProperties(messageID: "m"),
                        body: [], mandatory: true))
                await connection.close()
            }
        }
    }
}
