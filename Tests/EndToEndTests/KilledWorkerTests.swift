import Bus
import Glibc
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// Workers that die (SIGKILL) or are told to stop (SIGTERM) while they have work in hand.
    @Suite struct KilledWorkerTests {
        /// `SHEAF_TEST_SEED` repeats the moments of an earlier run, `SHEAF_TEST_KILLS` says how many rounds there are.
        private static let seed = UInt64(Surroundings.number("SHEAF_TEST_SEED", default: Int.random(in: 1...1_000_000)))
        private static let rounds = Surroundings.number("SHEAF_TEST_KILLS", default: 2)
        private static let documents = 8_000

        @Test(.requires(TestServer.open), .timeLimit(.minutes(15)), arguments: TestServer.present(TestServer.open))
        func aKilledWorkersSessionIsFinishedByTheOther(_ server: TestServer) async throws {
            let engine = try Engine(server)
            print("kills on \(server.testDescription): SHEAF_TEST_SEED=\(Self.seed) SHEAF_TEST_KILLS=\(Self.rounds)")
            var generator = SeededGenerator(seed: Self.seed)
            for _ in 0..<Self.rounds {
                try await Site.use { site in
                    let index = "\(site.prefix)-numbered"
                    try await engine.use([index]) { try await kill(site, engine, index, &generator) }
                }
            }
        }

        /// A worker is killed in the backup, another one in its restore, and what comes back is what was there.
        private func kill(_ site: Site, _ engine: Engine, _ index: String, _ generator: inout SeededGenerator) async throws {
            try await engine.fill(index, documents: Self.documents, filling: 1_500, shards: 2)
            let before = try await engine.observe(index, isNumbered: true)
            try site.declare(engine.server)
            try site.declarePlan("nightly", indices: index)
            try await site.startScheduler()

            let backup = try await killed(
                "one", in: try await site.command(["backup", "nightly", "--wait", "--output", "json"]), site, &generator)
            #expect(backup.phase == "Succeeded", "\(backup.json)")
            #expect(backup.documents == Self.documents)
            try await engine.delete(index)

            let file = try site.restoreFile("back")
            let restore = try await killed(
                "three", in: try await site.command(["restore", "-f", file, "--wait", "--output", "json"]), site, &generator)
            #expect(restore.phase == "Succeeded", "\(restore.json)")
            #expect(restore.documents == Self.documents)
            #expect(try await engine.observe(index, isNumbered: true) == before)
        }

        /// Starts two workers, of which one is killed at its n-th pass of a step, and waits for the session's end.
        private func killed(
            _ victim: String, in command: RunningCommand, _ site: Site, _ generator: inout SeededGenerator
        ) async throws -> SessionLine {
            let units = ["--unit-bytes", "100KiB", "--unit-seconds", "600"]
            let survivor = victim == "one" ? "two" : "four"
            let steps: [Failpoint.Step] = [.transfer, .putPart, .publishUnit, .ackUnit]
            let point = Failpoint(
                try #require(steps.randomElement(using: &generator)),
                try #require(Failpoint.Moment.allCases.randomElement(using: &generator)))
            let passes = Int.random(in: 4...12, using: &generator)
            let first = try await site.startWorker(victim, units, failpoint: "\(point):\(passes)")
            let second = try await site.startWorker(survivor, units)
            #expect(try await first.exit(within: .seconds(60)) == .signal(SIGKILL), "\(point):\(passes) was not reached")
            let session = try await command.result(within: .seconds(180)).session
            #expect(session.partsByWorker[victim] ?? 0 > 0, "parts of the dead worker count: \(session.partsByWorker)")
            #expect(session.partsByWorker[survivor] ?? 0 > 0, "parts by both: \(session.partsByWorker)")
            try await second.kill()
            return session
        }

        @Test(.requires(TestServer.two), .timeLimit(.minutes(3)), arguments: TestServer.present(TestServer.two))
        func aStoppedWorkerKeepsItsPartAndAnotherGoesOn(_ server: TestServer) async throws {
            let engine = try Engine(server)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: Self.documents, filling: 1_500)
                    try site.declare(server)
                    try site.declarePlan("nightly", indices: index)
                    try await site.startScheduler()
                    let tap = try await Tap()
                    let first = try await site.startWorker("one", ["--unit-bytes", "100KiB"])
                    let command = try await site.command(["backup", "nightly", "--wait", "--output", "json"])
                    _ = try await tap.messages.first("a part of worker one", within: .seconds(60)) {
                        $0.progress?.state == .stored
                    }
                    first.send(signal: SIGTERM)
                    #expect(try await first.exit(within: .seconds(30)) == .code(0))
                    let stopped = tap.storedParts.count
                    try await site.startWorker("two")
                    let session = try await command.result(within: .seconds(120)).session
                    #expect(session.phase == "Succeeded", "\(session.json)")
                    #expect(session.documents == Self.documents)
                    #expect((session.partsByWorker["one"] ?? 0) >= stopped)
                    #expect(session.partsByWorker["two"] ?? 0 > 0)
                    await tap.close()
                }
            }
        }
    }
}

/// SplitMix64: the same moments for the same seed everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
