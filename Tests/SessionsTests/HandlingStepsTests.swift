import Messages
import Runtime
import Testing

@testable import Sessions

/// What a delivery does about a Task's steps (docs/functions.md).
@Suite struct HandlingStepsTests {
    /// A Task of five steps, the third of which is built in, with hooks around it.
    private static func delivery(
        policy: Hook.ExecutionPolicy? = nil, _ journal: [EntryName: Entry] = [:],
        failing steps: Set<Int> = [], hooks: Set<HookSlot> = [], slices: Int = 0
    ) -> ScriptedDelivery {
        var delivery = ScriptedDelivery.session(
            "steps", journal, plan: Samples.plan(slices: slices, nonce: "mine"), gives: [])
        let command = SessionCommand.hooked(.backup, policy: policy, hasSteps: true)
        delivery.subject = .session(Opening(command, digest: "d"))
        (delivery.failingSteps, delivery.failingHooks) = (steps, hooks)
        return delivery
    }

    private static let before = ["put begin", "run preBackup", "run step 1", "run step 2"]
    private static let work = ["plan", "put plan", "prepare", "publish running", "compose []", "put outcome", "finish commit"]
    private static let ended = ["put final", "publish final of mine", "ack"]

    private func status(_ journal: [EntryName: Entry]) throws -> StatusEvent {
        guard case .final(let final)? = journal[.final] else { throw RuntimeError(code: .badFormat, message: "no end") }
        return final.status
    }

    private func told(_ status: StatusEvent) -> [String] {
        status.conditions.map { "\($0.type) \($0.status) \($0.reason): \($0.message)" }
    }

    @Test func hooksStandAroundStepsAndStepsAroundTheWork() throws {
        let (trace, journal) = Self.delivery().play()
        let after = [
            "claim 0", "run step 4 after Succeeded", "run step 5 after Succeeded", "run postBackup after Succeeded",
        ]
        #expect(trace == Self.before + Self.work + after + Self.ended)
        #expect(
            told(try status(journal)) == [
                "PreBackupHookExecutionSucceeded True SuccessfullyExecutedPreBackupHook: hook preBackup",
                "FunctionExecutionSucceeded True SuccessfullyExecutedFunction: step 1",
                "FunctionExecutionSucceeded True SuccessfullyExecutedFunction: step 2",
                "FunctionExecutionSucceeded True SuccessfullyExecutedFunction: step 4",
                "FunctionExecutionSucceeded True SuccessfullyExecutedFunction: step 5",
                "PostBackupHookExecutionSucceeded True SuccessfullyExecutedPostBackupHook: hook postBackup",
            ])
    }

    /// What froze the application before the step may thaw it.
    @Test func aStepThatFailsBeforeTheWorkEndsTheSessionAndTheHookAfterItIsRun() throws {
        let (trace, journal) = Self.delivery(failing: [1]).play()
        let end = [
            "put outcome", "finish FunctionExecutionSucceeded: step 1", "claim 0", "run postBackup after Failed",
        ]
        #expect(trace == ["put begin", "run preBackup", "run step 1"] + end + Self.ended)
        guard case .outcome(let outcome)? = journal[.outcome], case .abort(let abort) = outcome.verdict else {
            Issue.record("no abort")
            return
        }
        #expect(abort.isOfFailedStep && !outcome.isOfFailedHook)
        let condition = abort.condition(at: Samples.start)
        #expect(condition.status == "False" && condition.reason == "FailedToExecuteFunction")
    }

    @Test func aHookThatFailsBeforeTheStepsLeavesThemOut() {
        let (trace, _) = Self.delivery(hooks: [.preBackup]).play()
        let end = ["put outcome", "finish PreBackupHookExecutionSucceeded: hook preBackup"]
        #expect(trace == ["put begin", "run preBackup"] + end + Self.ended)
    }

    @Test(
        arguments: [
            (nil, true), (.always, true), (.onSuccess, false), (.onFailure, true),
        ] as [(Hook.ExecutionPolicy?, Bool)])
    func aStepThatFailsAfterTheWorkFailsTheSessionForTheHookToo(policy: Hook.ExecutionPolicy?, runsHook: Bool) throws {
        let (trace, journal) = Self.delivery(policy: policy, failing: [4]).play()
        let after = ["claim 0", "run step 4 after Succeeded"] + (runsHook ? ["run postBackup after Failed"] : [])
        #expect(trace == Self.before + Self.work + after + Self.ended)
        let status = try status(journal)
        #expect(status.phase == .failed && status.error == "step 4")
        #expect(told(status).contains("FunctionExecutionSucceeded False FailedToExecuteFunction: step 4"))
    }

    /// As Stash's containers: behind one that failed none is started.
    @Test func nothingOfTheTaskFollowsAnAbort() {
        var begin = Samples.begin()
        begin.command = .hooked(.backup, policy: .onSuccess, hasSteps: true)
        let trace = Self.delivery([.begin: .begin(begin), .outcome: .outcome(Samples.aborted())]).play().trace
        #expect(trace == ["finish Cancelled: enough"] + Self.ended)
    }

    @Test func whatThePlanTellsOfStepsIsToldByWhoeverFinishes() throws {
        var begin = Samples.begin()
        begin.command = .hooked(.backup, hasSteps: true)
        var plan = Samples.plan()
        plan.preSteps = [HookReport(succeeded: true, message: "by another", finishedAt: Samples.start)]
        let (trace, journal) = Self.delivery(
            [.begin: .begin(begin), .plan: .plan(plan), .outcome: .outcome(Samples.committed())], failing: [5]
        ).play()
        #expect(
            trace == [
                "finish commit", "claim 0", "run step 4 after Succeeded", "run step 5 after Succeeded",
                "run postBackup after Failed",
            ] + Self.ended)
        #expect(told(try status(journal)).first == "FunctionExecutionSucceeded True SuccessfullyExecutedFunction: by another")
    }

    @Test func stepsThatNeverEndAreGivenUp() throws {
        var begin = Samples.begin()
        begin.command = .hooked(.backup, hasSteps: true)
        var journal: [EntryName: Entry] = [.begin: .begin(begin), .outcome: .outcome(Samples.committed())]
        for number in 0..<100 { journal[.claim(number)] = .claim(Samples.claim("mine")) }
        var delivery = Self.delivery(journal)
        delivery.isFresh = false
        let error = try status(delivery.play(most: 150).journal).error
        #expect(error == "step 4 (Function f4) of Task around was begun 100 times, and never came to an end")
    }
}
