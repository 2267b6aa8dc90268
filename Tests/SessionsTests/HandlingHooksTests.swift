import Messages
import Runtime
import Testing

@testable import Sessions

/// What a delivery does about hooks in each state of the journal (docs/hooks.md).
@Suite struct HandlingHooksTests {
    static func begin(_ kind: SessionKind = .backup, policy: Hook.ExecutionPolicy? = nil, retryLeft: Int? = nil) -> Entry {
        var begin = Samples.begin()
        begin.command = .hooked(kind, policy: policy, retryLeft: retryLeft)
        return .begin(begin)
    }

    static func session(
        _ description: String, fresh: Bool = true, _ journal: [EntryName: Entry] = [:],
        appearing: [String: [EntryName: Entry]] = [:], failing: Set<HookSlot> = [], plan: PlanEntry = Samples.plan(nonce: "mine"),
        gives trace: [String]
    ) -> ScriptedDelivery {
        var delivery = ScriptedDelivery.session(
            description, fresh: fresh, journal, appearing: appearing, plan: plan, gives: trace)
        delivery.subject = .session(Samples.opening(hooks: true))
        delivery.failingHooks = failing
        return delivery
    }

    static let started = ["plan", "put plan", "prepare", "publish running, unit 0/0-0, unit 1/0-0", "ack"]
    static let ended = ["put final", "publish final of mine", "ack"]

    static let deliveries: [ScriptedDelivery] = [
        session("the hook runs between begin and plan", gives: ["put begin", "run preBackup"] + started),
        session(
            "a hook that fails ends the session, without the hook after it", failing: [.preBackup],
            gives: [
                "put begin", "run preBackup", "put outcome", "finish PreBackupHookExecutionSucceeded: hook preBackup",
            ] + ended),
        session("fresh, and another has begun", [.begin: begin()], gives: ["ack"]),
        session(
            "not fresh, and whoever ran the hook is gone", fresh: false, [.begin: begin()], gives: ["run preBackup"] + started),
        session(
            "planned: the hook has run", fresh: false, [.begin: begin(), .plan: .plan(Samples.plan())],
            gives: ["prepare", "publish running, unit 0/0-0 attempt 1, unit 1/0-0 attempt 1", "ack"]),
        session(
            "the session is ended while the hook runs", appearing: ["run preBackup": [.outcome: .outcome(Samples.aborted())]],
            gives: ["put begin", "run preBackup", "plan", "finish Cancelled: enough", "claim 0", "run postBackup after Failed"]
                + ended),
        session(
            "a commit, and the hook after it", plan: Samples.plan(slices: 0, nonce: "mine"),
            gives: [
                "put begin", "run preBackup", "plan", "put plan", "prepare", "publish running", "compose []", "put outcome",
                "finish commit", "claim 0", "run postBackup after Succeeded",
            ] + ended),
        session(
            "decided, and whoever claims the hook runs it", [.begin: begin(), .outcome: .outcome(Samples.committed())],
            gives: ["finish commit", "claim 0", "run postBackup after Succeeded"] + ended),
        session(
            "another runs the hook: its asker is answered later",
            [.begin: begin(), .outcome: .outcome(Samples.committed()), .claim(0): .claim(Samples.claim())],
            gives: ["finish commit", "claim 0", "retry later"]),
        session(
            "not fresh either", fresh: false,
            [.begin: begin(), .outcome: .outcome(Samples.committed()), .claim(0): .claim(Samples.claim())],
            gives: ["finish commit", "claim 0", "retry later"]),
        session(
            "fresh, and a copy of it runs the hook",
            [.begin: begin(), .outcome: .outcome(Samples.committed()), .claim(0): .claim(Samples.claim("mine"))],
            gives: ["finish commit", "claim 0", "retry later"]),
        session(
            "handed out again: whoever ran the hook is gone", fresh: false,
            [
                .begin: begin(), .outcome: .outcome(Samples.committed()), .claim(0): .claim(Samples.claim("mine")),
                .claim(1): .claim(Samples.claim("mine")),
            ],
            gives: ["finish commit", "claim 0", "claim 1", "claim 2", "run postBackup after Succeeded attempt 3"] + ended),
        session(
            "the claim is past: its message was lost",
            [
                .begin: begin(), .outcome: .outcome(Samples.committed()),
                .claim(0): .claim(Samples.claim(at: Samples.start - .seconds(120))),
            ], gives: ["finish commit", "claim 0", "claim 1", "run postBackup after Succeeded attempt 2"] + ended),
        session(
            "another puts the end right before the claim", fresh: false,
            [.begin: begin(), .outcome: .outcome(Samples.committed())], appearing: ["claim 0": [.final: .final(Samples.final())]],
            gives: ["finish commit", "claim 0", "publish final of other", "ack"]),
        session(
            "over: nothing runs again", fresh: false,
            [.begin: begin(), .outcome: .outcome(Samples.committed()), .final: .final(Samples.final())],
            gives: ["publish final of other", "ack"]),
        session(
            "fresh, and another puts the end while the hook runs", [.begin: begin(), .outcome: .outcome(Samples.committed())],
            appearing: ["run postBackup after Succeeded": [.final: .final(Samples.final())]],
            gives: ["finish commit", "claim 0", "run postBackup after Succeeded", "put final", "ack"]),
    ]

    @Test(arguments: deliveries)
    func aSessionMessageDoes(delivery: ScriptedDelivery) {
        #expect(delivery.play().trace == delivery.trace, "\(delivery)")
    }

    /// Its message comes again when its worker dies, and no unit owes anybody an answer.
    @Test(arguments: [true, false])
    func aUnitLeavesTheHookToWhoeverClaimedIt(isFresh: Bool) {
        let delivery = ScriptedDelivery.unit(
            "", fresh: isFresh,
            [.begin: Self.begin(), .outcome: .outcome(Samples.committed()), .claim(0): .claim(Samples.claim())], gives: [])
        #expect(delivery.play().trace == ["finish commit", "claim 0", "ack"])
    }

    @Test func aHookThatNeverEndsIsGivenUp() throws {
        var journal: [EntryName: Entry] = [.begin: Self.begin(), .outcome: .outcome(Samples.committed())]
        for number in 0..<100 { journal[.claim(number)] = .claim(Samples.claim("mine")) }
        let delivery = Self.session("", fresh: false, journal, gives: [])
        #expect(
            try #require(final(delivery.play(most: 150).journal)).error
                == "hook postBackup was begun 100 times, and never came to an end")
    }

    private func final(_ journal: [EntryName: Entry]) -> StatusEvent? {
        if case .final(let final)? = journal[.final] { final.status } else { nil }
    }

    @Test func theEndTellsWhatBothHooksDid() throws {
        var delivery = Self.session("", plan: Samples.plan(slices: 0, nonce: "mine"), gives: [])
        delivery.failingHooks = [.postBackup]
        let status = try #require(final(delivery.play().journal))
        #expect(
            status.conditions.map { "\($0.type) \($0.status) \($0.reason)" } == [
                "PreBackupHookExecutionSucceeded True SuccessfullyExecutedPreBackupHook",
                "PostBackupHookExecutionSucceeded False FailedToExecutePostBackupHook",
            ])
        #expect(status.phase == .failed && status.error == "hook postBackup")
    }

    @Test func anAbortAndAFailedHookAreBothTold() throws {
        var delivery = Self.session("", [.begin: Self.begin(), .outcome: .outcome(Samples.aborted())], gives: [])
        delivery.failingHooks = [.postBackup]
        let (trace, journal) = delivery.play()
        #expect(trace.contains("run postBackup after Failed"))
        #expect(try #require(final(journal)).phase == .failed)
    }

    @Test(
        arguments: [
            (Hook.ExecutionPolicy?.none, nil, true, true), (.always, nil, true, true), (.onSuccess, nil, true, false),
            (.onFailure, nil, false, true), (.onFinalRetryFailure, nil, false, true), (.onFinalRetryFailure, 0, false, true),
            (.onFinalRetryFailure, 1, false, false),
        ] as [(Hook.ExecutionPolicy?, Int?, Bool, Bool)])
    func thePolicyDecides(policy: Hook.ExecutionPolicy?, retryLeft: Int?, onSuccess: Bool, onFailure: Bool) {
        for (outcome, isRun) in [(Samples.committed(), onSuccess), (Samples.aborted(), onFailure)] {
            let begin = Self.begin(policy: policy, retryLeft: retryLeft)
            let trace = Self.session("", [.begin: begin, .outcome: .outcome(outcome)], gives: []).play().trace
            #expect(trace.contains { $0.hasPrefix("run postBackup") } == isRun, "\(trace)")
            #expect(trace.suffix(3) == Self.ended[...])
        }
    }

    @Test func aRestoreHasHooksOfItsOwn() {
        var delivery = Self.session(
            "", fresh: false, [.begin: Self.begin(.restore), .outcome: .outcome(Samples.committed())], gives: [])
        delivery.kind = .restore
        #expect(delivery.play().trace == ["finish commit", "claim 0", "run postRestore after Succeeded"] + Self.ended)
    }
}
