import Messages
import Runtime
import Testing

@testable import Sessions

#if canImport(Glibc)
    import Glibc
#endif

/// The protocol under crashes, duplicates, late and lost deliveries. `SHEAF_SIMULATION_SEED` and `SHEAF_SIMULATION_COUNT` widen it.
@Suite struct SimulationTests {
    static let firstSeed = environmentNumber("SHEAF_SIMULATION_SEED") ?? 1
    static let count = environmentNumber("SHEAF_SIMULATION_COUNT") ?? 400

    static func environmentNumber(_ name: String) -> UInt64? {
        getenv(name).flatMap { UInt64(String(cString: $0)) }
    }

    static func checked(
        _ kind: SessionKind, seed: UInt64, faults: Simulation.Faults, terms: Simulation.Terms = .init()
    ) -> Simulation {
        var random = SeededGenerator(seed: seed &* 31)
        let shards = (0..<(1 + random.index(below: 9))).map { _ in random.index(below: 40) }
        var simulation = Simulation(
            kind: kind, shards: shards, window: 1 + random.index(below: 4), seed: seed, faults: faults, terms: terms)
        let rested = simulation.run()
        #expect(rested, "seed \(seed): the session did not come to rest; \(simulation.queue.count) messages wait")
        guard case .outcome(let outcome)? = simulation.journal[.outcome], case .final(let final)? = simulation.journal[.final]
        else {
            Issue.record("seed \(seed): no outcome or no final entry")
            return simulation
        }
        if case .commit(let commit) = outcome.verdict {
            let flaws = simulation.composed.flatMap { $0 }.compactMap(\.flaw)
            #expect(flaws.isEmpty, "seed \(seed)")
            let isComposed = simulation.composed.contains {
                $0.count == shards.count && $0.reduce(0) { $0 + $1.documents } == commit.summary.documents
            }
            #expect(isComposed, "seed \(seed): the outcome is not what was composed")
            if kind == .restore {
                #expect(
                    commit.summary.isPartial || commit.summary.documents == shards.reduce(0, +),
                    "seed \(seed): a committed restore misses documents")
            }
            #expect(!commit.summary.isPartial || terms.allowsPartial, "seed \(seed): a part was committed unasked")
            let isFailed = commit.summary.isPartial || final.status.conditions.contains { $0.status == "False" }
            #expect(final.status.phase == (isFailed ? .failed : .succeeded))
        } else if case .abort(let abort) = outcome.verdict {
            let isLostView = faults.lostView > 0 && abort.message.contains("was lost 4 times")
            let isLostDocument = simulation.lostDocuments > 0 && abort.message.contains("documents were moved where")
            let isCancelled = faults.isCancelled && abort.condition == "Cancelled"
            let isUnreadable = faults.unreadable > 0 && !terms.allowsPartial && abort.message.hasSuffix("cannot be read")
            let isRefused = faults.refusedDocument > 0 && !terms.allowsPartial && abort.message.contains("refused 1 of")
            let isFailedHook = faults.failingHook > 0 && (abort.failedHook != nil || abort.isOfFailedStep)
            #expect(
                isLostView || isLostDocument || isCancelled || isUnreadable || isRefused || isFailedHook,
                "seed \(seed): a session was aborted for nothing: \(abort.message)")
            #expect(final.status.phase == .failed)
        }
        #expect(simulation.earlyBirds.isEmpty, "seed \(seed): a slice began before the one it comes after was done")
        #expect(simulation.finalEvents.allSatisfy { $0 == final }, "seed \(seed): two different final events")
        return simulation
    }

    @Test(arguments: SessionKind.allCases)
    func anUndisturbedSessionDoesEachUnitOnceAndEndsWithOneFinalEvent(kind: SessionKind) {
        for seed in Self.firstSeed..<(Self.firstSeed + 50) {
            let simulation = Self.checked(kind, seed: seed, faults: .init())
            let parts = simulation.journal.keys.filter { if case .part = $0 { true } else { false } }.count
            #expect(simulation.transfers == parts, "seed \(seed): units were done more than once")
            #expect(simulation.finalEvents.count == 1, "seed \(seed)")
            #expect(simulation.rescues == 0, "seed \(seed): an undisturbed session needed a rescue")
            #expect(simulation.writesAfterFinal.isEmpty, "seed \(seed)")
            #expect(simulation.openViews.isEmpty, "seed \(seed): points in time were left open")
            #expect(simulation.mostOpenViews <= simulation.window, "seed \(seed): more points in time than the window has slices")
        }
    }

    @Test(arguments: SessionKind.allCases)
    func sessionsSurviveCrashesWithoutAnyRescue(kind: SessionKind) {
        for seed in Self.firstSeed..<(Self.firstSeed + Self.count) {
            let simulation = Self.checked(kind, seed: seed, faults: .init(crash: 40))
            #expect(simulation.rescues == 0, "seed \(seed): a crash alone lost the token of a slice")
            // One may be opened by a worker that dies before it is put: nobody knows of it, and it expires.
            #expect(simulation.openViews.isDisjoint(with: simulation.knownViews), "seed \(seed): points in time were left open")
        }
    }

    @Test(arguments: SessionKind.allCases)
    func duplicatesMergeInsteadOfMultiplying(kind: SessionKind) {
        var (deliveries, units) = (0, 0)
        for seed in Self.firstSeed..<(Self.firstSeed + Self.count) {
            let simulation = Self.checked(kind, seed: seed, faults: .init(duplicate: 200))
            units += simulation.journal.keys.filter { if case .part = $0 { true } else { false } }.count
            deliveries += simulation.deliveries
        }
        // A fifth of the messages comes twice, and half of the copies are followed by a successor, whose first look ends it.
        #expect(deliveries <= units * 8 / 5, "\(deliveries) deliveries for \(units) units")
    }

    @Test(arguments: SessionKind.allCases)
    func everythingAtOnceStillEndsInOneOutcome(kind: SessionKind) {
        for seed in Self.firstSeed..<(Self.firstSeed + Self.count) {
            _ = Self.checked(
                kind, seed: seed,
                faults: .init(crash: 30, duplicate: 50, lostPutReply: 20, lostConnection: 20, lostView: 15, lostMessage: 20))
        }
    }

    /// The cancel overtakes the session's message, meets it at work, or comes too late; either way there is one end.
    @Test(arguments: SessionKind.allCases)
    func aCancelEndsTheSessionWheneverItComes(kind: SessionKind) {
        var (cancelled, unbegun, committed) = (0, 0, 0)
        for seed in Self.firstSeed..<(Self.firstSeed + Self.count) {
            let simulation = Self.checked(
                kind, seed: seed,
                faults: .init(
                    crash: 30, duplicate: 50, lostPutReply: 20, lostConnection: 20, lostView: 15, isCancelled: true))
            guard case .outcome(let outcome)? = simulation.journal[.outcome] else { continue }
            if outcome.isCommit { committed += 1 } else { cancelled += 1 }
            if simulation.journal[.plan] == nil { unbegun += 1 }
            // Whoever dies is followed by whoever gets its message.
            #expect(simulation.openViews.isDisjoint(with: simulation.knownViews), "seed \(seed): points in time were left open")
            #expect(outcome.isCommit || !simulation.hasIndices, "seed \(seed): a cancelled restore left its index")
        }
        #expect(cancelled > 0 && unbegun > 0 && committed > 0, "\(cancelled), \(unbegun) of them unbegun, \(committed) committed")
    }

    /// Nobody dies, so nothing at all may be left of a session that was ended while others were at work on it.
    @Test(arguments: SessionKind.allCases)
    func whoeverWorksOnACancelledSessionCleansUpAfterIt(kind: SessionKind) {
        var late = 0
        for seed in Self.firstSeed..<(Self.firstSeed + Self.count) {
            let simulation = Self.checked(kind, seed: seed, faults: .init(duplicate: 50, isCancelled: true))
            guard case .outcome(let outcome)? = simulation.journal[.outcome] else { continue }
            #expect(simulation.openViews.isEmpty, "seed \(seed): points in time were left open")
            #expect(outcome.isCommit || !simulation.hasIndices, "seed \(seed): a cancelled restore left its index")
            // What a handling does between two looks at the outcome ends in one entry.
            for (nonce, entries) in simulation.writesAfterFinal {
                late += 1
                #expect(entries.count == 1, "seed \(seed): \(nonce) wrote \(entries) into a session that is over")
            }
        }
        #expect(late > 0, "nobody was at work when a session ended")
    }

    /// The index is created after the session was cancelled and finished, by a worker that may then die.
    @Test func anIndexThatComesAfterTheCancelIsDropped() {
        for seed in Self.firstSeed..<(Self.firstSeed + Self.count) {
            let simulation = Self.checked(
                .restore, seed: seed,
                faults: .init(crash: 30, duplicate: 50, isCancelled: true, cancelWithin: 12, slowCreation: 900))
            guard case .outcome(let outcome)? = simulation.journal[.outcome], !outcome.isCommit else { continue }
            #expect(!simulation.hasIndices, "seed \(seed): a cancelled restore left its index")
        }
    }

    @Test(arguments: SessionKind.allCases)
    func aDocumentThatTheEngineLeavesOutIsNeverCommitted(kind: SessionKind) {
        for seed in Self.firstSeed..<(Self.firstSeed + Self.count / 4) {
            let simulation = Self.checked(kind, seed: seed, faults: .init(crash: 20, duplicate: 50, lostDocument: 60))
            guard case .outcome(let outcome)? = simulation.journal[.outcome] else { continue }
            let lost = simulation.journal.values.contains {
                if case .part(let part) = $0 {
                    part.end.map { Int($0) != (part.begin.flatMap { Int($0) } ?? 0) + part.documents } ?? false
                } else {
                    false
                }
            }
            if lost { #expect(!outcome.isCommit, "seed \(seed): a session that lost documents was committed") }
        }
    }

    @Test func aViewLostTooOftenAbortsInsteadOfLoopingForEver() {
        var simulation = Simulation(kind: .backup, shards: [30], window: 1, seed: 7, faults: .init(lostView: 1000))
        let rested = simulation.run()
        #expect(rested)
        guard case .outcome(let outcome)? = simulation.journal[.outcome], case .abort(let abort) = outcome.verdict else {
            Issue.record("the session was not aborted")
            return
        }
        #expect(abort.message.contains("lost 4 times"))
    }
}
