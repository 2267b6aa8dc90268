import Foundation
import Runtime
import Testing

extension EndToEnd {
    /// Whatever an engine answers: a session has succeeded with every document, or it has failed and says why.
    @Suite(.serialized) struct EngineFaultTests {
        private static let servers: [TestServer] = [.elasticsearch, .opensearch, .elasticsearch7]
        /// Rounds at once on each; most of a round is waiting.
        private static let lanes = 3

        @Test(.requires(servers), .requiresReleaseBuild, .timeLimit(.minutes(15)))
        func nothingIsLostWithoutAWord() async throws {
            let seed = UInt64(Surroundings.environment["SHEAF_TEST_SEED"] ?? "") ?? UInt64.random(in: 1...999_999)
            let random = Surroundings.number("SHEAF_TEST_FAULT_ROUNDS", default: 6)
            let servers = TestServer.present(Self.servers)
            let tally = try await run(Round.all(random: random, seed: seed), servers)
            print(
                "FIGURE faults: \(servers.count) engines, \(FaultEngine.Fault.allCases.count) kinds of fault each forced, "
                    + "\(random) random rounds each (SHEAF_TEST_SEED=\(seed)); \(tally.faults) faults met, "
                    + "\(tally.succeeded) sessions succeeded with every document, \(tally.failed) failed with a reason, "
                    + "0 lost or doubled a document")
        }

        private func run(_ rounds: [Round], _ servers: [TestServer]) async throws -> Tally {
            let tally = Lock(Tally())
            try await Site.use { site in
                try site.declare(try #require(servers.first))
                var lanes: [(lane: FaultLane, waiting: Lock<[(Int, Round)]>)] = []
                let result: Result<Void, any Error>
                do {
                    for server in servers {
                        let waiting = Lock(rounds.enumerated().reversed().map { ($0.offset, $0.element) })
                        for _ in 0..<Self.lanes {
                            lanes.append((try await FaultLane(lanes.count, server, on: site), waiting))
                        }
                    }
                    try await site.startScheduler()
                    let arguments = ["--unit-bytes", "100KiB", "--slots", "\(lanes.count)"]
                    for worker in ["one", "two"] { try await site.startWorker(worker, arguments, attempts: 6) }
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for (lane, waiting) in lanes {
                            group.addTask {
                                while let (number, round) = waiting.withLock({ $0.popLast() }) {
                                    let result = try await self.play(round, number, lane)
                                    tally.withLock { $0.add(result) }
                                }
                            }
                        }
                        try await group.waitForAll()
                    }
                    result = .success(())
                } catch {
                    result = .failure(error)
                }
                for (lane, _) in lanes { try await lane.remove() }
                try result.get()
            }
            return tally.withLock { $0 }
        }

        /// A backup and a restore under faults, each with a check of the engine itself after it.
        private func play(_ round: Round, _ number: Int, _ lane: FaultLane) async throws -> Tally {
            let server = lane.server
            var tally = Tally()
            let start = ContinuousClock.now
            try await lane.faults.seed(round.seed)
            try await round.begin(.backup, on: lane.faults)
            let (backup, snapshot) = try await lane.backup("\(round), backup of \(server)")
            tally.add(backup)
            try await lane.remove()
            try await round.begin(.restore, on: lane.faults)
            let restore = try await lane.restore(snapshot, "\(round), restore to \(server)", round: number)
            tally.add(restore)
            let counts = try await lane.faults.counts()
            tally.faults = counts.values.reduce(0, +)
            round.check(counts, backup, restore, readsByScroll: server == .elasticsearch7)
            let seconds = Int((ContinuousClock.now - start).inSeconds)
            let ends = [("backup", backup), ("restore", restore)].map { what, session in
                "\(what) \(session.phase == "Failed" ? "failed because \(session.error)" : session.phase.lowercased())"
            }
            print("\(round) on \(server), \(seconds) s, \(tally.faults) faults: \(ends.joined(separator: ", "))")
            return tally
        }
    }
}

private struct Round: CustomStringConvertible {
    typealias Fault = FaultEngine.Fault

    enum Phase { case backup, restore }

    /// nil: all that a session can get over, at random.
    let forced: Fault?
    let seed: UInt64
    /// Not twice, but whenever a request fits.
    var isLasting = false

    init(forced: Fault?, seed: UInt64, isLasting: Bool = false) {
        self.forced = forced
        self.seed = seed
        self.isLasting = isLasting
    }

    /// The longest ones first.
    static func all(random: Int, seed: UInt64) -> [Round] {
        let lasting: [Fault] = [.tooLarge, .failedShard, .swapped]
        return lasting.map { Round(forced: $0, seed: seed, isLasting: true) }
            + (0..<random).map { Round(forced: nil, seed: seed &+ UInt64($0)) }
            + ([.stalled] + Fault.allCases.filter { ![.tooLarge, .stalled].contains($0) }).map { Round(forced: $0, seed: seed) }
    }

    var description: String { forced.map { $0.rawValue + (isLasting ? " at every request" : "") } ?? "seed \(seed)" }

    func begin(_ phase: Phase, on engine: FaultEngine) async throws {
        guard let forced else {
            let kinds = Fault.allCases.filter { !$0.isLie && ![.tooLarge, .refusedForGood].contains($0) }
            return try await engine.plan(kinds, rate: 0.2, documents: 8, others: 4)
        }
        guard phase == .backup ? !forced.isOfBulk : !forced.isOfPages else { return }
        // Whoever sees a fault twice may give up the third time.
        try await engine.plan([forced], documents: isLasting ? 1_000_000 : 2, others: 2)
    }

    func check(_ counts: [String: Int], _ backup: SessionLine, _ restore: SessionLine, readsByScroll: Bool) {
        guard let forced else { return }
        #expect(counts[forced.rawValue] ?? 0 > 0, "no request met \(forced.rawValue)")
        // That a document is missing only the view's total tells, and not from which page: nothing can be repeated. Of a scroll it is
        // no surprise (two deliveries may have taken pages from each other), so the shard is read again.
        let failsBackup = (forced == .leftOut && !readsByScroll) || (isLasting && forced.isOfPages)
        #expect(backup.phase == (failsBackup ? "Failed" : "Succeeded"), "\(self): \(backup.json)")
        #expect(restore.phase == (forced == .refusedForGood ? "Failed" : "Succeeded"), "\(self): \(restore.json)")
    }
}

private struct Tally {
    var succeeded = 0
    var failed = 0
    var faults = 0

    mutating func add(_ other: Tally) {
        succeeded += other.succeeded
        failed += other.failed
        faults += other.faults
    }

    mutating func add(_ session: SessionLine) {
        if session.phase == "Succeeded" { succeeded += 1 } else { failed += 1 }
    }
}
