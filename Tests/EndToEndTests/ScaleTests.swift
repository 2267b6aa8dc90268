import AMQP
import Foundation
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// How throughput grows with the workers. It compares runs of one machine with each other, never with a clock.
    @Suite struct ScaleTests {
        private static let sessions = 36
        /// The engine's answers take most of a worker's time, so that four of them find room on two cores. Slices are many and short: at
        /// the begin and at the end, when there is not work for all, each worker misses one at most.
        private static let shape = StubEngine.Shape(
            targets: 8, shards: 4, documents: 1_500, bytes: 100, pageLimit: 250, latency: 0.04)
        /// Of a core.
        private static let mostCPU = 0.4
        private static let leastRatio = 3.6

        @Test(.requiresReleaseBuild, .timeLimit(.minutes(10))) func throughputGrowsWithTheWorkers() async throws {
            try await Site.use { site in
                let stub = try await site.startStub(Self.shape)
                try site.declare(stub)
                var rates: [Int: Double] = [:]
                for workers in [1, 2, 4] { rates[workers] = try await documentsPerSecond(workers, site, stub) }
                let one = try #require(rates[1])
                let ratios = try [2, 4].map { try #require(rates[$0]) / one }
                #expect(ratios[1] >= Self.leastRatio)
                print(
                    String(
                        format: "FIGURE scale: throughput of 1, 2, 4 workers is 1 : %.2f : %.2f (%.0f documents/s with 1)",
                        ratios[0],
                        ratios[1], one))
            }
        }

        /// From the first publish to the end of the last session, planning and finishing included.
        private func documentsPerSecond(_ workers: Int, _ site: Site, _ stub: StubEngine) async throws -> Double {
            let crew = Crew(site, ["--slots", "1"])
            try await crew.start(workers)
            let commands = try (0..<Self.sessions).map { number in
                site.backupCommand(
                    try #require(SessionID("\(site.prefix)-\(workers)-\(number)")), of: stub, target: number % Self.shape.targets)
            }
            let ends = try await StatusInbox.ends()
            let connection = try await Broker.open("sheaf-e2e scale")
            let before = try await stub.counts()
            let used = try await crew.cpuSeconds()
            let start = ContinuousClock.now
            try await connection.publish(try commands.map { try $0.message() })
            try await ends.ends(Self.sessions, within: .seconds(240))
            let seconds = (ContinuousClock.now - start).inSeconds
            let shares = zip(try await crew.cpuSeconds(), used).map { ($0 - $1) / seconds }
            let read = try await stub.counts().since(before).documentsRead
            await connection.close()

            let shareText = shares.map { String(format: "%.0f %%", $0 * 100) }.joined(separator: ", ")
            print("scale: \(workers) workers took \(String(format: "%.1f", seconds)) s and \(shareText) of a core")
            #expect(shares.allSatisfy { $0 < Self.mostCPU }, "the workers' own work, not the engine, is what is measured")
            #expect(read == Self.sessions * Self.shape.documentsOfTarget)
            for end in ends.finals.values.flatMap({ $0 }) { #expect(end.status.phase == .succeeded, "\(end.status)") }
            try await ends.close()
            try await crew.stop()
            return Double(read) / seconds
        }
    }
}
