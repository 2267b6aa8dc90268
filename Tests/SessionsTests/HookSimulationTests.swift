import Messages
import Runtime
import Testing

@testable import Sessions

/// Hooks under crashes around them: before, within, and between a hook and the entry that tells of it.
@Suite struct HookSimulationTests {
    static let terms = Simulation.Terms(hasHooks: true)
    static let seeds = SimulationTests.firstSeed..<(SimulationTests.firstSeed + SimulationTests.count)

    /// What holds whatever happens.
    private func checked(_ kind: SessionKind, seed: UInt64, faults: Simulation.Faults) -> Simulation {
        let simulation = SimulationTests.checked(kind, seed: seed, faults: faults, terms: Self.terms)
        let (before, after) = (simulation.runs(kind.preHook), simulation.runs(kind.postHook))
        guard case .outcome(let outcome)? = simulation.journal[.outcome], case .final(let final)? = simulation.journal[.final]
        else { return simulation }
        // One claim, one run; and a claim after the first needs a delivery that nobody answered.
        let attempts = after.compactMap(\.attempt)
        #expect(attempts.count == after.count && Set(attempts).count == attempts.count, "seed \(seed): attempts \(attempts)")
        if faults.duplicate == 0, faults.lostMessage == 0 {
            #expect(
                after.count <= 1 + simulation.losses, "seed \(seed): \(after.count) runs, \(simulation.losses) deliveries lost")
        }
        // Two that hold one message at the same time may both look before the end is put.
        if faults.lostConnection == 0, faults.duplicate == 0 {
            #expect(after.allSatisfy { !$0.hadFinal }, "seed \(seed): the end stood, and the hook before it ran again")
        }
        let conditions = final.status.conditions
        let told = conditions.first { $0.type == kind.postHook.condition }
        #expect(after.allSatisfy { $0.hadOutcome && $0.status?.phase.isFinal == true }, "seed \(seed): too early")
        #expect(before.allSatisfy { $0.status == nil }, "seed \(seed)")
        if case .plan(let plan)? = simulation.journal[.plan] {
            #expect(plan.preHook?.succeeded == true, "seed \(seed): planned without its hook")
        }
        // Somebody may put the plan of a session after another has ended it.
        if outcome.isCommit {
            #expect(conditions.contains { $0.type == kind.preHook.condition && $0.status == "True" }, "seed \(seed)")
        }
        if outcome.isOfFailedHook {
            #expect(after.isEmpty && told == nil, "seed \(seed): the hook after a session that its first hook ended")
            #expect(simulation.transfers == 0 && simulation.journal[.plan] == nil || before.count > 1, "seed \(seed)")
        } else {
            #expect(told != nil && !after.isEmpty, "seed \(seed): the hook after the session is not told of")
            #expect(after.contains { $0.succeeded == (told?.status == "True") }, "seed \(seed)")
            if told?.status == "False" { #expect(final.status.phase == .failed, "seed \(seed)") }
        }
        return simulation
    }

    @Test(arguments: SessionKind.allCases)
    func anUndisturbedSessionRunsEachHookOnceAndInOrder(kind: SessionKind) {
        for seed in Self.seeds.prefix(50) {
            let simulation = checked(kind, seed: seed, faults: .init())
            #expect(simulation.hookRuns.map(\.action.slot) == [kind.preHook, kind.postHook], "seed \(seed)")
            #expect(simulation.hookRuns.map(\.hadPlan) == [false, true], "seed \(seed)")
            #expect(simulation.hookRuns.allSatisfy { !$0.hadFinal }, "seed \(seed)")
            #expect(simulation.finalEvents.count == 1 && simulation.rescues == 0, "seed \(seed)")
        }
    }

    /// A crash loses no hook, and repeats one only where no entry tells of it yet.
    @Test(arguments: SessionKind.allCases)
    func crashesRepeatHooksThatAreNotToldOfAndNoOthers(kind: SessionKind) {
        var repeated = (before: 0, after: 0)
        for seed in Self.seeds {
            let simulation = checked(kind, seed: seed, faults: .init(crash: 60))
            let before = simulation.runs(kind.preHook)
            #expect(before.allSatisfy { !$0.hadPlan }, "seed \(seed): the plan stood, and the hook before it ran again")
            repeated.before += before.count > 1 ? 1 : 0
            repeated.after += simulation.runs(kind.postHook).count > 1 ? 1 : 0
            #expect(simulation.rescues == 0, "seed \(seed)")
        }
        #expect(repeated.before > 0 && repeated.after > 0, "\(repeated): no crash came between a hook and its entry")
    }

    /// All that are at work then find the session decided; one of them runs the hook.
    @Test(arguments: SessionKind.allCases)
    func aCancelRunsTheHookAfterTheSessionOnce(kind: SessionKind) {
        for seed in Self.seeds {
            let simulation = checked(kind, seed: seed, faults: .init(isCancelled: true))
            let runs = simulation.runs(kind.postHook)
            #expect(runs.count == 1 && runs.first?.attempt == 1, "seed \(seed): \(runs.count) runs")
            _ = checked(kind, seed: seed, faults: .init(crash: 60, isCancelled: true))
        }
    }

    @Test(arguments: SessionKind.allCases)
    func failingHooksEndTheSessionOrFailIt(kind: SessionKind) {
        var (ended, failed, whole) = (0, 0, 0)
        for seed in Self.seeds {
            let simulation = checked(
                kind, seed: seed, faults: .init(crash: 30, duplicate: 50, lostPutReply: 20, failingHook: 300))
            guard case .outcome(let outcome)? = simulation.journal[.outcome], case .final(let final)? = simulation.journal[.final]
            else { continue }
            if outcome.isOfFailedHook { ended += 1 } else if final.status.phase == .failed { failed += 1 } else { whole += 1 }
        }
        #expect(ended > 0 && failed > 0 && whole > 0, "\(ended) ended, \(failed) failed, \(whole) whole")
    }

    @Test(arguments: SessionKind.allCases)
    func everythingAtOnceStillTellsOfTheHooks(kind: SessionKind) {
        for seed in Self.seeds {
            _ = checked(
                kind, seed: seed,
                faults: .init(
                    crash: 30, duplicate: 50, lostPutReply: 20, lostConnection: 20, lostView: 15, lostMessage: 20,
                    isCancelled: seed.isMultiple(of: 2), failingHook: 100))
        }
    }

    /// Steps of a Task stand between the hooks and the work, under every fault at once.
    @Test(arguments: SessionKind.allCases)
    func stepsKeepTheirPlaceAndAreToldOf(kind: SessionKind) {
        var (failedBefore, failedAfter, whole) = (0, 0, 0)
        for seed in Self.seeds {
            let simulation = SimulationTests.checked(
                kind, seed: seed,
                faults: .init(crash: 30, duplicate: 30, lostPutReply: 20, isCancelled: seed.isMultiple(of: 4), failingHook: 60),
                terms: Simulation.Terms(hasHooks: true, hasSteps: true))
            guard case .outcome(let outcome)? = simulation.journal[.outcome], case .final(let final)? = simulation.journal[.final]
            else { continue }
            let (before, after) = (simulation.stepRuns(isBefore: true), simulation.stepRuns(isBefore: false))
            #expect(after.allSatisfy { $0.hadOutcome && $0.status?.phase == .succeeded }, "seed \(seed): a step too early")
            if case .plan(let plan)? = simulation.journal[.plan] {
                #expect(plan.preHook?.succeeded == true && plan.preSteps?.map(\.succeeded) == [true, true], "seed \(seed)")
            }
            let told = final.status.conditions.filter { $0.type == SessionAction.stepCondition }
            if case .abort(let abort) = outcome.verdict, abort.isOfFailedStep {
                failedBefore += 1
                #expect(before.contains { !$0.succeeded } && after.isEmpty, "seed \(seed)")
                #expect(!simulation.runs(kind.postHook).isEmpty, "seed \(seed): the hook after a failed step")
            } else if outcome.isCommit, final.status.phase == .failed {
                // All steps after it up to the one that failed, or all of them and the hook.
                #expect(told.prefix(2).allSatisfy { $0.status == "True" } && told.count > 2, "seed \(seed): \(told)")
                failedAfter += told.contains { $0.status == "False" } ? 1 : 0
            } else if outcome.isCommit {
                #expect(told.map(\.status) == ["True", "True", "True", "True"], "seed \(seed)")
                whole += 1
            }
        }
        #expect(failedBefore > 0 && failedAfter > 0 && whole > 0, "\(failedBefore), \(failedAfter), \(whole)")
    }
}
