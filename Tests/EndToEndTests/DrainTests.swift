import AMQP
import Bus
import Foundation
import Glibc
import Runtime
import Testing

extension EndToEnd {
    /// Workers that are told to stop, and workers that stop by themselves.
    @Suite struct DrainTests {
        /// The first signal waits for the work in hand, however long an engine lets it wait; the second does not.
        @Test(.timeLimit(.minutes(1))) func aSecondSignalEndsAWorkerAtOnce() async throws {
            let silent = try SilentServer()
            try await Site.use { site in
                try site.declare(.elasticsearch, url: silent.url)
                try site.declarePlan("nightly", indices: "any")
                try await site.startScheduler()
                let worker = try await site.startWorker("one")
                let command = try await site.command(["backup", "nightly", "--output", "json"])
                try await command.process.exit(within: .seconds(20))
                try await silent.accepted()
                worker.send(signal: SIGTERM)
                _ = try await worker.log.first("the worker to drain", within: .seconds(10)) {
                    $0.contains("draining") && $0.contains(#""inHand":"1""#)
                }
                #expect(worker.isRunning, "it does not wait for what it has in hand")
                worker.send(signal: SIGTERM)
                #expect(try await worker.exit(within: .seconds(5)) != .code(0))
                // What it had in hand is there for the next.
                let connection = try await Broker.open()
                try await Broker.wait(for: .backupSession, toHold: 1, on: connection)
                await connection.close()
            }
        }

        @Test(.requires(.defaultEngine, .elasticsearch), .timeLimit(.minutes(2)))
        func aWorkerThatRunsOnceTakesWhatThereIsAndEnds() async throws {
            let engine = try Engine(TestServer.present([.elasticsearch]).first ?? .defaultEngine)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: 500, filling: 500, shards: 2)
                    try site.declare(engine.server)
                    try site.declarePlan("nightly", indices: index)
                    try await site.startScheduler()
                    let idle = try await site.startWorker("idle", ["--once"])
                    #expect(try await idle.exit(within: .seconds(30)) == .code(0))

                    let command = try await site.command(["backup", "nightly", "--wait", "--output", "json"])
                    let connection = try await Broker.open()
                    try await Broker.wait(for: .backupSession, toHold: 1, on: connection)
                    await connection.close()
                    let once = try await site.startWorker("once", ["--once", "--unit-bytes", "40KiB"])
                    #expect(try await once.exit(within: .seconds(60)) == .code(0))
                    let session = try await command.result(within: .seconds(10)).session
                    #expect(session.phase == "Succeeded" && session.documents == 500, "\(session.json)")
                    #expect(session.partsByWorker["once"] ?? 0 > 2, "\(session.partsByWorker)")
                }
            }
        }
    }
}
