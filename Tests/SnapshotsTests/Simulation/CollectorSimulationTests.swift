import Foundation
import Testing

@testable import Snapshots

/// Garbage collection beside everything else that goes on in a repository, for fourteen days a seed (`make simulate`).
///
/// `SHEAF_TEST_SIMULATION_SEEDS` sets how many seeds, `SHEAF_TEST_SEED` runs one.
@Suite(.serialized) struct CollectorSimulationTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let count = environment["SHEAF_TEST_SIMULATION_SEEDS"].flatMap { Int($0) } ?? 20
    private static let seeds: [UInt64] =
        environment["SHEAF_TEST_SEED"].flatMap { UInt64($0) }.map { [$0] } ?? (1...UInt64(count)).map { $0 }

    @Test func nothingThatIsNeededGoesAndNothingElseStays() throws {
        let start = ContinuousClock.now
        var (calls, deletes, lost, snapshots, crashes) = (0, 0, 0, 0, 0)
        for seed in Self.seeds {
            let result = try Simulation(seed: seed).run()
            for violation in result.violations {
                Issue.record("SHEAF_TEST_SEED=\(seed): \(violation)")
                lost += 1
            }
            calls += result.calls
            deletes += result.deletes
            snapshots += result.snapshots
            crashes += result.crashes
            // A world in which nothing happens shows nothing.
            #expect(result.snapshots >= 20 && result.deletes >= 100 && result.crashes >= 5, "seed \(seed): \(result)")
        }
        print("simulated \(snapshots) snapshots and \(crashes) crashes in \(ContinuousClock.now - start)")
        print(
            "FIGURE simulate: \(Self.seeds.count) seeds, \(Self.seeds.count * Simulation.days) days, \(calls) store calls, "
                + "\(deletes) deletes, \(lost) lost")
    }

    /// The simulation finds a collector that does one thing wrong.
    @Test(arguments: CollectorFlaw.allCases)
    func flawsAreFound(_ flaw: CollectorFlaw) throws {
        for seed in UInt64(1)...20 {
            let result = try Simulation(seed: seed).run(flaw)
            if let first = result.violations.first { return print("\(flaw): seed \(seed), \(first)") }
        }
        Issue.record("no seed found the flaw \(flaw)")
    }
}
