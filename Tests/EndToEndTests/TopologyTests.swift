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
