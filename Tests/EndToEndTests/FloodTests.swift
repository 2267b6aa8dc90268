import AMQP
import Bus
import Foundation
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// Many complete sessions at once, straight to the workers, some of which are killed: none is lost, none is done twice.
    ///
    /// `SHEAF_TEST_FLOOD` sets the number of messages, `SHEAF_TEST_SEED` repeats the choices of an earlier run.
    @Suite struct FloodTests {
        private static let seed = UInt64(Surroundings.number("SHEAF_TEST_SEED", default: Int.random(in: 1...1_000_000)))
        private static let messages = Surroundings.number("SHEAF_TEST_FLOOD", default: 1000)
        private static let workers = 4
        private static let slots = 2
        private static let kills = 3
        private static let limit = Duration.seconds(600)

        /// Each slice takes more than one unit, so that a kill may come between two of them.
        private static let shape = StubEngine.Shape(
            targets: 50, shards: 2, documents: 100, bytes: 1000, pageLimit: 40, latency: 0.002)
        private static let units = ["--slots", "\(slots)", "--unit-bytes", "64KiB"]

        /// What a kill may cost at most, in documents read again: the units in hand, each of which is a slice at most; and where the
        /// session message was in hand, what its units read that are published again beside those under way.
        private static var documentsOfAKill: Int { slots * shape.documents + shape.documentsOfTarget }
        /// The same in views: each unit in hand may have opened one that it did not get to name.
        private static let viewsOfAKill = slots + shape.shards

        @Test(.requiresReleaseBuild, .timeLimit(.minutes(15)))
        func aFloodWithKilledWorkersEndsEverySessionOnce() async throws {
            print("flood: SHEAF_TEST_SEED=\(Self.seed) SHEAF_TEST_FLOOD=\(Self.messages)")
            var generator = SeededGenerator(seed: Self.seed)
            try await Site.use { site in
                let stub = try await site.startStub(Self.shape)
                try site.declare(stub, isEncrypted: false)
                let crew = Crew(site, Self.units)
                try await crew.start(Self.workers)

                let calm = try await flood(
                    "calm", messages: max(40, Self.messages / 5), kills: 0, site, stub, crew, &generator)
                let wild = try await flood("wild", messages: Self.messages, kills: Self.kills, site, stub, crew, &generator)
                #expect(wild.seconds < Self.limit.inSeconds)

                // Whatever is still on its way, duplicates and late units, is answered; then nothing is in a hand or a queue.
                try await Broker.drained(within: .seconds(60))
                try await crew.stop()
                try await Broker.drained(within: .seconds(5))
                let counts = try await stub.counts()
                #expect(counts.unknown == 0)
                #expect(counts.viewsOpen <= Self.kills * Self.viewsOfAKill, "views are left open")
                try check(calm, site)
                try check(wild, site)
                let outcomes = try FileManager.default.contentsOfDirectory(atPath: site.repository + "/outcomes")
                #expect(outcomes.count == calm.commands.count + wild.commands.count)
                compare(wild, with: calm)
            }
        }

        // MARK: - One flood

        /// What came of a flood.
        private struct Flood {
            let commands: [SessionCommand]
            let messages: Int
            /// From the first publish to the end of the last session.
            var seconds = 0.0
            var work = StubEngine.Counts()
            var ends: [SessionID: [StatusInbox.Arrival]] = [:]
            var replies: [SessionID: [StatusInbox.Arrival]] = [:]

            func replyQueue(of session: SessionID) -> String { "e2e-reply-\(session)" }

            func perSession(_ count: Int) -> Double { Double(count) / Double(commands.count) }
        }

        private func flood(
            _ name: String, messages: Int, kills: Int, _ site: Site, _ stub: StubEngine, _ crew: Crew,
            _ generator: inout SeededGenerator
        ) async throws -> Flood {
            let distinct = messages * 95 / 100
            let commands = try (0..<distinct).map { number in
                let id = try #require(SessionID("\(site.prefix)-\(name)-\(number)"))
                return site.backupCommand(id, of: stub, target: number % stub.shape.targets)
            }
            var flood = Flood(commands: commands, messages: messages)
            let duplicates = commands.shuffled(using: &generator).prefix(messages - distinct)
            let outgoing = try (commands + duplicates).shuffled(using: &generator).map {
                try $0.message(replyTo: flood.replyQueue(of: $0.id))
            }
            let moments = (0..<kills).map { part in
                let from = distinct * part / kills
                return Int.random(in: from + 1...max(from + 1, distinct * (part + 1) / kills - distinct / 20), using: &generator)
            }
            let victims = (0..<kills).map { _ in Int.random(in: 0..<Self.workers, using: &generator) }

            let ends = try await StatusInbox.ends()
            let replies = try await StatusInbox.replies(to: commands.map { flood.replyQueue(of: $0.id) })
            let before = try await stub.counts()
            let start = ContinuousClock.now
            let connection = try await Broker.open("sheaf-e2e flood")
            async let published: Void = connection.publish(outgoing)
            for (moment, victim) in zip(moments, victims) {
                try await ends.ends(moment, within: Self.limit)
                try await crew.replace(victim)
            }
            try await ends.ends(distinct, within: Self.limit)
            flood.seconds = (ContinuousClock.now - start).inSeconds
            try await published
            await connection.close()
            // The reply is published with the event, after it.
            try await replies.ends(distinct, within: .seconds(30))
            try await Broker.drained(within: .seconds(60))
            flood.work = try await stub.counts().since(before)
            flood.ends = ends.finals
            flood.replies = replies.finals
            try await ends.close()
            try await replies.close()
            print(
                "flood \(name): \(distinct) sessions in \(flood.seconds) s, \(flood.work.documentsRead) documents, \(flood.work.requests)"
            )
            return flood
        }

        // MARK: - What must hold

        private struct FinalEntry: Decodable {
            let status: StatusEvent
        }

        /// Every session is Succeeded with all its documents, and its journal, its events and its replies say the same.
        private func check(_ flood: Flood, _ site: Site) throws {
            #expect(flood.ends.count == flood.commands.count)
            for command in flood.commands {
                let file = "\(site.repository)/sessions/\(command.id)/final"
                let entry = try MessageCoding.decode(FinalEntry.self, from: Data(contentsOf: URL(filePath: file)))
                let final = entry.status
                #expect(final.phase == .succeeded, "\(final)")
                #expect(final.indices.reduce(0) { $0 + $1.documents } == Self.shape.documentsOfTarget, "\(final)")
                let ends = flood.ends[command.id] ?? []
                let replies = flood.replies[command.id] ?? []
                #expect(!ends.isEmpty && !replies.isEmpty, "nobody was told of the end of \(command.id)")
                for arrival in ends + replies {
                    // It may be said again (docs/decisions/0001), but it is the same event.
                    #expect(arrival.event == "\(command.id)/final")
                    #expect(arrival.status == final)
                }
                #expect(replies.allSatisfy { $0.queue == flood.replyQueue(of: command.id) })
            }
        }

        private func compare(_ wild: Flood, with calm: Flood) {
            // Where nobody is killed, a duplicate costs nothing at all, so that what is compared with is no more than the work itself.
            #expect(calm.work.documentsRead == calm.commands.count * Self.shape.documentsOfTarget)
            #expect(calm.work.viewsOpened == calm.commands.count * Self.shape.shards)
            #expect(calm.work.plans == calm.commands.count)
            let sessions = Double(wild.commands.count)
            func most(_ count: Int, kill: Int) -> Double { 1.1 * calm.perSession(count) * sessions + Double(Self.kills * kill) }
            let (work, usual) = (wild.work, calm.work)
            #expect(Double(work.documentsRead) <= most(usual.documentsRead, kill: Self.documentsOfAKill))
            #expect(Double(work.viewsOpened) <= most(usual.viewsOpened, kill: Self.viewsOfAKill))
            // A worker has one session message in hand at most.
            #expect(Double(work.plans) <= most(usual.plans, kill: 1))
            func ratio(_ count: (StubEngine.Counts) -> Int) -> String {
                String(format: "%.3f", wild.perSession(count(work)) / calm.perSession(count(usual)))
            }
            let rate = String(format: "%.1f s, %.1f sessions/s", wild.seconds, sessions / wild.seconds)
            let ratios = "documents \(ratio(\.documentsRead)), views \(ratio(\.viewsOpened)), plans \(ratio(\.plans))"
            print(
                "FIGURE flood: \(wild.commands.count) sessions of \(wild.messages) messages over \(Self.shape.targets) targets in "
                    + "\(rate), \(Self.kills) of \(Self.workers) workers killed; work against an undisturbed run: \(ratios)"
            )
        }
    }
}
