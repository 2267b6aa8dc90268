import Foundation
import Runtime
import Testing

extension EndToEnd {
    /// What a worker and a Scheduler cost that have nothing to do, after they had something to do.
    @Suite struct IdleTests {
        /// Of both, in MiB, libraries and code that they share counted twice.
        private static let mostMemory = 60.0
        /// Of a core, each. The kernel counts in steps of 10 ms, so that a window of 12 s shows 0.1 %.
        private static let mostCPU = 0.005
        /// Longer than a worker takes to give back what its work took.
        private static let window = Duration.seconds(12)

        @Test(.requiresReleaseBuild, .timeLimit(.minutes(3)))
        func anIdlePairCostsNextToNothing() async throws {
            try await Site.use { site in
                let stub = try await site.startStub(.init(documents: 20_000))
                try site.declare(.defaultEngine, url: stub.url)
                try site.declarePlan("nightly", indices: "docs-0")
                let programs = [try await site.startScheduler(), try await site.startWorker("one")]
                let session = try await site.backup("nightly").session
                #expect(session.phase == "Succeeded" && session.documents == stub.shape.documentsOfTarget, "\(session.json)")

                let used = try programs.map { try $0.cpuSeconds() }
                let start = ContinuousClock.now
                // The clock itself is what is measured against here: nothing else marks the end of a window of idleness.
                try await Task.sleep(for: Self.window)
                let seconds = (ContinuousClock.now - start).inSeconds
                let shares = try zip(programs, used).map { (try $0.cpuSeconds() - $1) / seconds }
                let memory = try programs.map { Double(try $0.residentMemory()) / 1_048_576 }
                print(
                    String(
                        format: "FIGURE idle: %.1f MiB together (scheduler %.1f, worker %.1f), %.1f %% and %.1f %% of a core",
                        memory[0] + memory[1], memory[0], memory[1], shares[0] * 100, shares[1] * 100))
                #expect(memory[0] + memory[1] < Self.mostMemory)
                for (program, share) in zip(programs, shares) {
                    #expect(share < Self.mostCPU, "the idle \(program.name) takes \(share * 100) % of a core")
                }
            }
        }
    }
}
