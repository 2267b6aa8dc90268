import AMQP
import Foundation
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// How throughput grows with the workers. It compares runs of one machine with each other, never with a clock.
    @Suite struct ScaleTests {
        private static let sessions = 60
        /// Throughput is measured between the ends of these sessions: while there is work for all, not while the first are planned or
        /// the last worker ends the last slice.
        private static let measured = 8...54
        /// The engine's answers take most of a worker's time, so that four of them find room on two cores.
        private static let shape = StubEngine.Shape(
            targets: 8, shards: 2, documents: 750, bytes: 100, pageLimit: 250, latency: 0.06)
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
            try await ends.ends(Self.measured.lowerBound, within: .seconds(240))
            let from = ContinuousClock.now
            try await ends.ends(Self.measured.upperBound, within: .seconds(240))
            let window = (ContinuousClock.now - from).inSeconds
            try await ends.ends(Self.sessions, within: .seconds(60))
            let seconds = (ContinuousClock.now - start).inSeconds
            let shares = zip(try await crew.cpuSeconds(), used).map { ($0 - $1) / seconds }
            let read = try await stub.counts().since(before).documentsRead
            await connection.close()

            let shareText = shares.map { String(format: "%.0f %%", $0 * 100) }.joined(separator: ", ")
            print(
                String(format: "scale: %ld workers took %.1f s, %.1f s of them measured, and ", workers, seconds, window)
                    + shareText + " of a core")
            #expect(shares.allSatisfy { $0 < Self.mostCPU }, "the workers' own work, not the engine, is what is measured")
            #expect(read == Self.sessions * Self.shape.documentsOfTarget)
            for end in ends.finals.values.flatMap({ $0 }) { #expect(end.status.phase == .succeeded, "\(end.status)") }
            try await ends.close()
            try await crew.stop()
            return Double((Self.measured.count - 1) * Self.shape.documentsOfTarget) / window
        }
    }
}
