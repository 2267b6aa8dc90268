import AMQP
import Bus
import Foundation
import HTTP
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// Broker and connections fail at random moments of sessions with four workers: all of them end right.
    ///
    /// `SHEAF_TEST_SEED` is the first seed, `SHEAF_TEST_CHAOS` says how many follow each other. A seed is a schedule of faults; each is
    /// set off by the sessions' progress, seen at the broker itself, and lasts as long as the schedule's clock says.
    @Suite struct ChaosTests {
        private static let seed = Surroundings.number("SHEAF_TEST_SEED", default: Int.random(in: 1...1_000_000))
        private static let count = Surroundings.number("SHEAF_TEST_CHAOS", default: Surroundings.isCI ? 4 : 20)
        /// Of every connection through a proxy; the least that an address may ask for.
        private static let heartbeat = 2
        /// A quorum queue that is killed within a second of its declaration may lose messages, which is the broker's fault.
        private static let settlingTime = Duration.seconds(2)

        @Test(.requires(.elasticsearch), .timeLimit(.minutes(60))) func everySessionEndsRightWhateverTheBrokerSuffers()
            async throws
        {
            let engine = try Engine(.elasticsearch)
            let start = ContinuousClock.now
            var tally = Tally()
            print("chaos: SHEAF_TEST_SEED=\(Self.seed) SHEAF_TEST_CHAOS=\(Self.count)")
            try await ChaosBroker.use { broker in
                let connection = try await broker.open("sheaf-chaos")
                try await Topology().declare(on: connection)
                try await ChaosTap.declare(on: connection)
                await connection.close()
                try await Task.sleep(for: Self.settlingTime)
                for seed in Self.seed..<(Self.seed + Self.count) {
                    let begin = ContinuousClock.now
                    let issues = FailureCount.value
                    try await Site.use(amqpURL: broker.url) { site in
                        let trial = try ChaosTrial(
                            seed: UInt64(seed), heartbeat: Self.heartbeat, site: site, engine: engine, broker: broker)
                        try await trial.run(&tally)
                    }
                    let time = (ContinuousClock.now - begin).inSeconds
                    print("chaos: seed \(seed) took \(Int(time.rounded())) s\(FailureCount.value > issues ? " AND FAILED" : "")")
                }
            }
            let seconds = Int((ContinuousClock.now - start).inSeconds.rounded())
            let faults = tally.faults.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
            print("FIGURE chaos: \(Self.count) seeds, \(faults), \(tally.sessions) sessions ended right, \(seconds) s")
        }

        /// What all seeds together did.
        struct Tally {
            var faults: [String: Int] = [:]
            var sessions = 0
        }
    }
}

/// One seed: three backups at once under faults, then three restores at once under faults.
private struct ChaosTrial {
    private static let workers = ["one", "two", "three", "four"]
    private static let documents = 1_500
    /// Bytes of text in each document, and of a unit: about 30 units an index.
    private static let filling = 1_000
    private static let unitBytes = "20KiB"
    /// Units of a phase, at least: documents by the bytes of each, in four indices.
    private static let units = 4 * 1_500 * 1_000 / (40 * 1024)
    /// How long a session may take with all that it suffers.
    private static let patience = Duration.seconds(120)

    private let seed: UInt64
    private let site: Site
    private let engine: Engine
    private let broker: ChaosBroker
    private let tap: ChaosTap
    private let proxies: [FaultProxy]
    private let schedules: [ChaosSchedule]
    private let heartbeat: Int

    /// Indices by plan.
    private var plans: [(name: String, indices: [String])] {
        [
            ("pair", ["\(site.prefix)-pair-a", "\(site.prefix)-pair-b"]), ("wide", ["\(site.prefix)-wide"]),
            ("small", ["\(site.prefix)-small"]),
        ]
    }

    init(seed: UInt64, heartbeat: Int, site: Site, engine: Engine, broker: ChaosBroker) throws {
        self.seed = seed
        self.heartbeat = heartbeat
        self.site = site
        self.engine = engine
        self.broker = broker
        tap = ChaosTap(try BrokerAddress(broker.url))
        proxies = try (0...Self.workers.count).map { _ in try FaultProxy(to: broker.port) }
        var generator = SeededGenerator(seed: seed)
        let harmed = Int.random(in: 0...1, using: &generator)
        schedules = (0...1).map { phase in
            ChaosSchedule(
                programs: Self.workers.count + 1, units: Self.units, heartbeat: .seconds(heartbeat), harmsBroker: phase == harmed,
                using: &generator)
        }
    }

    func run(_ tally: inout EndToEnd.ChaosTests.Tally) async throws {
        try await purge()
        let indices = plans.flatMap(\.indices)
        try await engine.use(indices) {
            try site.declare(engine.server)
            for (plan, indices) in plans {
                try site.declarePlan(plan, indices: indices.joined(separator: ","))
                for index in indices {
                    try await engine.fill(
                        index, documents: Self.documents, filling: Self.filling,
                        shards: plan == "wide" ? 3 : plan == "pair" ? 2 : 1)
                }
            }
            var before: [String: Engine.Observation] = [:]
            for index in indices { before[index] = try await engine.observe(index, isNumbered: true) }
            let programs = try await startPrograms()

            let backups = try await phase(0, &tally) { plan in ["backup", plan] }
            for index in indices { try await engine.delete(index) }
            let restores = try await phase(1, &tally) { plan in
                ["restore", "-f", try site.restoreFile("back-\(plan)", snapshot: backups[plan]?.snapshot?.text ?? "none")]
            }

            for index in indices {
                #expect(try await engine.observe(index, isNumbered: true) == before[index], "\(index) is not what it was")
            }
            try await checkJournals(backups: backups, restores: restores)
            try await checkQueues()
            try await checkLedger(Array(backups.values) + Array(restores.values))
            for program in programs {
                #expect(program.isRunning, "\(program.name) has ended")
                #expect(
                    program.log.elements.contains { $0.contains("no connection to the broker") }, "\(program.name) met no fault")
            }
            for program in programs { program.send(signal: SIGTERM) }
            for program in programs { #expect(try await program.exit(within: .seconds(60)) == .code(0), "\(program.name)") }
            tally.sessions += backups.count + restores.count
        }
        await tap.close()
        for proxy in proxies { proxy.close() }
    }

    private func startPrograms() async throws -> [ChildProcess] {
        func url(_ proxy: FaultProxy) -> String { "amqp://guest:guest@127.0.0.1:\(proxy.port)/?heartbeat=\(heartbeat)" }
        var programs = [try await site.startScheduler(arguments: ["--amqp-url", url(proxies[0])])]
        for (name, proxy) in zip(Self.workers, proxies.dropFirst()) {
            programs.append(
                try await site.startWorker(name, ["--amqp-url", url(proxy), "--unit-bytes", Self.unitBytes], attempts: 5))
        }
        return programs
    }

    // MARK: - Sessions and faults

    /// Starts a session of every plan, lets the schedule loose on them, and waits for all ends.
    private func phase(
        _ number: Int, _ tally: inout EndToEnd.ChaosTests.Tally, _ command: (_ plan: String) throws -> [String]
    ) async throws -> [String: StatusEvent] {
        let schedule = schedules[number]
        print("chaos: seed \(seed) phase \(number): \(schedule)")
        let unitsBefore = tap.unitCount
        let commands = try plans.map { ($0.name, try command($0.name)) }
        let ends = try await withThrowingTaskGroup(of: (String, StatusEvent)?.self) { group in
            group.addTask {
                for step in schedule.steps {
                    try await tap.units(unitsBefore + step.units, within: Self.patience)
                    try await inflict(step.fault)
                }
                return nil
            }
            for (plan, words) in commands {
                group.addTask {
                    // One of them is followed by its command, which has no proxy but the same broker.
                    let follows = plan == "small"
                    let reply = try await answer(
                        words + ["--idempotency-key", "\(site.prefix)-\(number)-\(plan)"] + (follows ? ["--wait"] : []))
                    let line = SessionLine(json: try #require(reply.last))
                    let end = try await tap.end(of: line.id, within: Self.patience)
                    if follows { #expect(line.phase == end.phase.rawValue && line.documents == Self.documents, "\(line.json)") }
                    return (plan, end)
                }
            }
            return try await group.reduce(into: [String: StatusEvent]()) { if let (plan, end) = $1 { $0[plan] = end } }
        }
        for step in schedule.steps { tally.faults[step.fault.kind, default: 0] += 1 }
        for (plan, indices) in plans {
            let end = try #require(ends[plan])
            #expect(end.phase == .succeeded, "\(plan): \(end)")
            #expect(
                Dictionary(uniqueKeysWithValues: end.indices.map { ($0.name, $0.documents) })
                    == Dictionary(uniqueKeysWithValues: indices.map { ($0, Self.documents) }), "\(end)")
        }
        return ends
    }

    private func inflict(_ fault: ChaosSchedule.Fault) async throws {
        func some(_ program: Int?) -> [FaultProxy] { program.map { [proxies[$0]] } ?? proxies }
        switch fault {
        case .brokerRestart:
            try await broker.stop()
            try await broker.start()
        case .brokerKill:
            try broker.kill()
            try await broker.start()
        case .cut(let program, let how, let bytes): proxies[program].order(.cutOne(how, afterBytes: bytes))
        case .cutAll(let how): for proxy in proxies { proxy.order(.cutAll(how)) }
        case .stall(let program, let time): for proxy in some(program) { proxy.order(.stall(time)) }
        case .refuse(let program, let time):
            for proxy in some(program) {
                proxy.order(.refuse(time))
                // Otherwise nobody would want a new one.
                proxy.order(.cutAll(.reset))
            }
        case .trickle(let program, let time): proxies[program].order(.trickle(time))
        }
    }

    /// Asks until the answer comes through: the broker may be away, and the Scheduler too. A session's key makes it one session,
    /// however often it is asked for.
    private func answer(_ words: [String]) async throws -> [JSONValue] {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            let result = try await site.sheaf(words + ["--output", "json"], within: Self.patience)
            if result.exit == .code(0) { return try result.output.map { try JSONValue(parsing: $0) } }
            guard result.exit == .code(6), .now < deadline else {
                throw Missed(what: "an answer: \(result)", after: Self.patience)
            }
        }
    }

    // MARK: - What must be left

    private func checkJournals(backups: [String: StatusEvent], restores: [String: StatusEvent]) async throws {
        let snapshots = try await answer(["snapshots"]).compactMap { $0["id"]?.string }
        #expect(snapshots.sorted() == backups.values.compactMap { $0.snapshot?.text }.sorted())
        for end in backups.values {
            let path = "\(site.repository)/sessions/\(end.session)/final"
            #expect(FileManager.default.fileExists(atPath: path), "\(path) is missing")
        }
        for end in restores.values {
            let entry = try await engine.send("GET", "/.sheaf/_doc/\("\(end.session)/final".percentEncoded)")
            #expect(entry.status == 200, "restore \(end.session) has no final entry")
        }
        for end in Array(backups.values) + Array(restores.values) {
            let finals = tap.messages.elements.compactMap(\.status).filter { $0.session == end.session && $0.phase.isFinal }
            #expect(finals.allSatisfy { $0 == end }, "session \(end.session) ended in different ways")
        }
    }

    /// Duplicates may be on their way still: each is answered by what the journal says and goes.
    private func checkQueues() async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        let names = Topology().queues.map(\.name).filter { $0 != Topology.dead }
        while true {
            let counts = try await broker.messages()
            let left = names.filter { counts[$0] != 0 }
            if left.isEmpty { break }
            guard .now < deadline else {
                Issue.record("left over: \(left.map { "\($0): \(counts[$0].map(String.init) ?? "not there")" })")
                break
            }
        }
        let dead = tap.messages.elements.filter { $0.exchange == Topology.dead && !isWithdrawn($0) }
        #expect(dead.isEmpty, "dead letters: \(dead.map { ($0.key, $0.properties.headers) })")
    }

    /// A request that nobody took in time, of a command that has given up: the broker makes a dead letter of it, and it is asked again.
    private func isWithdrawn(_ message: Tap.Message) -> Bool {
        guard case .array(let deaths)? = message.properties.headers["x-death"], case .table(let death)? = deaths.first else {
            return false
        }
        return death["reason"]?.string == "expired" && death["queue"]?.string == Topology.triggerQueue
    }

    private func checkLedger(_ ends: [StatusEvent]) async throws {
        let phases = try await answer(["sessions"]).map { ($0["id"]?.string ?? "", $0["phase"]?.string ?? "") }
        #expect(
            Dictionary(uniqueKeysWithValues: phases)
                == Dictionary(uniqueKeysWithValues: ends.map { ($0.session.text, "Succeeded") }))
    }

    private func purge() async throws {
        let connection = try await broker.open("sheaf-chaos")
        for queue in Topology().queues { try await connection.purgeQueue(queue.name) }
        await connection.close()
    }
}
