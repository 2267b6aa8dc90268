import AMQP
import Bus
import Foundation
import Glibc
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// A session whose messages are gone from the broker: only a Scheduler can bring it back.
    @Suite struct RescueTests {
        @Test(.timeLimit(.minutes(1))) func aSessionWhoseUnitsAreLostIsPublishedAgain() async throws {
            try await Site.use { site in
                let stub = try await site.startStub(.init(shards: 3, documents: 200, pageLimit: 50))
                try site.declare(.defaultEngine, url: stub.url)
                try site.declarePlan("nightly", indices: "docs-0")
                let scheduler = try await site.startScheduler(arguments: ["--rescue-after", "2s"])
                let tap = try await Tap()
                let victim = try await site.startWorker(
                    "victim", ["--unit-bytes", "10KiB"], failpoint: "\(Failpoint(.putPart, .after)):2")
                let command = try await site.command(["backup", "nightly", "--wait", "--output", "json"])
                #expect(try await victim.exit(within: .seconds(20)) == .signal(SIGKILL))
                let connection = try await Broker.open()
                try await Broker.wait(forConsumersOf: WorkQueue.backupUnit.name, toBe: 0, on: connection)
                try await Broker.wait(forConsumersOf: WorkQueue.backupSession.name, toBe: 0, on: connection)
                for queue in [WorkQueue.backupUnit, .backupSession] { try await connection.purgeQueue(queue.name) }
                await connection.close()

                try await site.startWorker("heir")
                let session = try await command.result(within: .seconds(40)).session
                #expect(session.phase == "Succeeded" && session.documents == 600, "\(session.json)")
                let attempts = tap.messages.elements.filter { $0.event(.backupSession, SessionCommand.self) != nil }
                    .map { $0.properties.headers[Envelope.Header.attempt]?.integer ?? 0 }
                #expect(attempts.contains(1), "\(attempts)")
                #expect(scheduler.log.elements.contains { $0.contains("a quiet session was published again") })
                await tap.close()
            }
        }
    }
}
