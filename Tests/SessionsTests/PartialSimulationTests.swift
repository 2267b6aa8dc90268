import Messages
import Runtime
import Testing

@testable import Sessions

/// The protocol where slices cannot be read, documents are refused, slices wait for each other, or pages come only once.
@Suite struct PartialSimulationTests {
    static let storm = Simulation.Faults(
        crash: 30, duplicate: 50, lostPutReply: 20, lostConnection: 20, lostView: 15, lostMessage: 20)
    static let seeds = SimulationTests.firstSeed..<(SimulationTests.firstSeed + SimulationTests.count)

    private func outcomes(
        _ kind: SessionKind, _ faults: Simulation.Faults, _ terms: Simulation.Terms
    ) -> (committed: Int, partial: Int, aborted: Int) {
        var (committed, partial, aborted) = (0, 0, 0)
        for seed in Self.seeds {
            let simulation = SimulationTests.checked(kind, seed: seed, faults: faults, terms: terms)
            guard case .outcome(let outcome)? = simulation.journal[.outcome] else { continue }
            if case .commit(let commit) = outcome.verdict {
                if commit.summary.isPartial { partial += 1 } else { committed += 1 }
            } else {
                aborted += 1
            }
        }
        return (committed, partial, aborted)
    }

    @Test func aSliceThatCannotBeReadAbortsOrIsLeftOutAsAsked() {
        var faults = Self.storm
        faults.unreadable = 3
        faults.lostView = 0
        let strict = outcomes(.backup, faults, .init())
        #expect(strict.aborted == Self.seeds.count, "\(strict)")
        let lenient = outcomes(.backup, faults, .init(allowsPartial: true))
        #expect(lenient.partial == Self.seeds.count, "\(lenient)")
    }

    @Test func aRefusedDocumentAbortsOrIsLeftOutAsAsked() {
        var faults = Self.storm
        faults.refusedDocument = 100
        let strict = outcomes(.restore, faults, .init())
        #expect(strict.aborted > 0 && strict.partial == 0, "\(strict)")
        let lenient = outcomes(.restore, faults, .init(allowsPartial: true))
        #expect(lenient.partial > 0 && lenient.aborted == 0, "\(lenient)")
    }

    /// A scroll is read once: whatever is taken from it and lost voids the view, and never leaves a hole.
    @Test func scrollsSurviveCrashesAndDuplicatesOrTheViewIsReadAnew() {
        let calm = outcomes(.backup, .init(), .init(scrolls: true))
        #expect(calm.committed == Self.seeds.count, "\(calm)")
        let stormy = outcomes(.backup, Self.storm, .init(scrolls: true))
        #expect(stormy.committed > Self.seeds.count / 4, "\(stormy)")
    }

    @Test(arguments: SessionKind.allCases)
    func slicesThatComeAfterOthersWaitForThemAndAllAreDone(kind: SessionKind) {
        let calm = outcomes(kind, .init(), .init(isChained: true))
        #expect(calm.committed == Self.seeds.count, "\(calm)")
        var faults = Self.storm
        faults.lostView = 0
        let stormy = outcomes(kind, faults, .init(isChained: true))
        #expect(stormy.committed == Self.seeds.count, "\(stormy)")
    }
}
