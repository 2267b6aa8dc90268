import AMQP
import Bus
import Foundation
import Glibc
import Messages
import Runtime
import Scheduler
import Testing

extension EndToEnd {
    /// Two Schedulers on one broker, with the same resources: there is no leader, and none is needed.
    @Suite struct TwoSchedulersTests {
        /// Takes up to a minute and a bit: schedules have whole minutes.
        @Test(.requires(.defaultEngine, .elasticsearch), .timeLimit(.minutes(4)))
        func oneSlotIsOneSessionAndBothLedgersAgree() async throws {
            let engine = try Engine(TestServer.present([.elasticsearch]).first ?? .defaultEngine)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                let declared = try await site.sheaf(["topology", "apply", "--scheduler", "east", "--scheduler", "west"])
                try #require(declared.exit == .code(0), "\(declared)")
                try await Broker.purge(Topology(schedulers: ["east", "west"]))
                try await engine.use([index]) {
                    try await engine.fill(index, documents: 300, filling: 300, shards: 2)
                    try site.declare(engine.server)
                    try site.declarePlan("nightly", indices: index, schedule: "* * * * *")
                    try site.declarePlan("asked", indices: index)
                    let tap = try await Tap()
                    let schedulers = [try await site.startScheduler("east"), try await site.startScheduler("west")]

                    // Both publish the slot; it is one session. The worker comes later, so that neither can be too late.
                    let isSlot: @Sendable (Tap.Message) -> SessionCommand? = { message in
                        let command = message.event(.backupSession, SessionCommand.self)
                        return command?.invoker.name == "nightly" ? command : nil
                    }
                    let first = try await tap.messages.first("the slot's session", within: .seconds(90)) { isSlot($0) != nil }
                    let id = try #require(isSlot(first)?.id)
                    let commands = Feed<SessionCommand>()
                    _ = try await tap.messages.first("the other Scheduler's message", within: .seconds(30)) { message in
                        guard let command = isSlot(message) else { return false }
                        commands.append(command)
                        return commands.elements.count == 2
                    }
                    #expect(commands.elements.allSatisfy { $0.id == id }, "one slot became two sessions")

                    // One dies, before it hears how the session goes; the other starts sessions alone.
                    try await schedulers[1].kill()
                    try await site.startWorker("one")
                    _ = try await tap.messages.first("the session's end", within: .seconds(60)) {
                        $0.status?.session == id && $0.status?.phase == .succeeded
                    }
                    #expect(try await site.backup("asked").session.phase == "Succeeded")
                    // And the other way round.
                    let west = try await site.startScheduler("west")
                    try await schedulers[0].kill()
                    #expect(try await site.backup("asked").session.phase == "Succeeded")
                    let east = try await site.startScheduler("east")

                    let snapshots = try FileManager.default.contentsOfDirectory(atPath: site.repository + "/outcomes")
                    #expect(snapshots.filter { $0.hasSuffix(id.text) }.count == 1, "\(snapshots)")
                    try await compareLedgers(["east", "west"], site)
                    for scheduler in [east, west] {
                        scheduler.send(signal: SIGTERM)
                        #expect(try await scheduler.exit(within: .seconds(40)) == .code(0))
                    }
                    await tap.close()
                }
            }
        }

        /// Reads both until they say the same of all sessions, which have ended.
        private func compareLedgers(_ names: [String], _ site: Site) async throws {
            let ledgers = try names.map { try Ledger(path: "\(site.stateFolder(of: $0))/ledger.sqlite") }
            let deadline = ContinuousClock.now + .seconds(40)
            while true {
                let told = [try await ledgers[0].sessions(limit: 100), try await ledgers[1].sessions(limit: 100)]
                if told[0].count >= 3, told[0].allSatisfy({ $0.phase.isFinal }), told[0] == told[1] { return }
                try #require(.now < deadline, "the ledgers differ: \(told)")
                await Task.yield()
            }
        }
    }
}
