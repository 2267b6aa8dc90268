import Foundation
import Runtime
import Testing

extension EndToEnd {
    /// What a worker and a Scheduler cost that have nothing to do, after they had something to do.
    @Suite struct IdleTests {
        /// Of both together, in MiB: what each has of its own, and once the program and the libraries that both run. (Counted twice, these are most
        /// of the sum, and grow with the program and the page cache, not with what either does.)
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
                let memory = try programs.map { try $0.residentMemory() }
                func mebibytes(_ bytes: Int) -> Double { Double(bytes) / 1_048_576 }
                let own = memory.map { mebibytes($0.own) }
                let shared = mebibytes(memory.map(\.file).max() ?? 0)
                let together = own[0] + own[1] + shared
                print(
                    String(
                        format:
                            "FIGURE idle: %.1f MiB together (scheduler %.1f, worker %.1f, program and libraries %.1f; RSS added up %.1f), %.1f %% and %.1f %% of a core",
                        together, own[0], own[1], shared, mebibytes(memory.reduce(0) { $0 + $1.own + $1.file }), shares[0] * 100,
                        shares[1] * 100))
                #expect(together < Self.mostMemory)
                for (program, share) in zip(programs, shares) {
                    #expect(share < Self.mostCPU, "the idle \(program.name) takes \(share * 100) % of a core")
                }
            }
        }
    }
}
