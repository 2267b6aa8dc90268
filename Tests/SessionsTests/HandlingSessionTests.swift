import Messages
import Runtime
import Testing

@testable import Sessions

/// What a session message does in each state of the journal (docs/protocol.md, "The session message").
@Suite struct HandlingSessionTests {
    static let begin: [EntryName: Entry] = [.begin: .begin(Samples.begin())]
    static let planned: [EntryName: Entry] = [.begin: .begin(Samples.begin()), .plan: .plan(Samples.plan())]
    static let late = Samples.deadline + .seconds(1)
    static let started = "publish running, unit 0/0-0, unit 1/0-0"
    static let finishing = ["finish Cancelled: enough", "put final", "publish final of mine", "ack"]
    static let exceeded = [
        "put outcome", "finish DeadlineExceeded: the session was not done 3600 s after it began, which is its timeOut",
        "put final",
        "publish final of mine", "ack",
    ]

    static let beginnings: [ScriptedDelivery] = [
        .session(
            "the first delivery begins, plans and starts a window of slices",
            gives: ["put begin", "plan", "put plan", "prepare", started, "ack"]),
        .session(
            "a plan without slices is committed at once", plan: Samples.plan(slices: 0, nonce: "mine"),
            gives: [
                "put begin", "plan", "put plan", "prepare", "publish running", "compose []", "put outcome", "finish commit",
                "put final",
                "publish final of mine", "ack",
            ]),
        .session("too late to begin", notAfter: Samples.start, gives: ["publish expired", "ack"]),
        .session(
            "notAfter means nothing once the session has begun", fresh: false, notAfter: Samples.start, begin,
            gives: ["plan", "put plan", "prepare", started, "ack"]),
        .session("the id belongs to another request", digest: "x", planned, gives: ["publish identifierInUse", "ack"]),
        .session(
            "the id belonged to another request that is over", digest: "x",
            planned.merging([.final: .final(Samples.final())]) { $1 },
            gives: ["publish identifierInUse", "ack"]),
        .session("fresh, and another has begun", begin, gives: ["ack"]),
        .session(
            "not fresh, and whoever began is gone", fresh: false, begin, gives: ["plan", "put plan", "prepare", started, "ack"]),
        .session("not fresh, begun, and past the deadline", fresh: false, begin, now: late, gives: exceeded),
        .session("not fresh, planned, and past the deadline", fresh: false, planned, now: late, gives: exceeded),
        .session("fresh, and the begin entry is lost to a twin", appearing: ["put begin": begin], gives: ["put begin", "ack"]),
        .session(
            "not fresh, and the begin entry is lost to a twin", fresh: false, appearing: ["put begin": begin],
            gives: ["put begin", "plan", "put plan", "prepare", started, "ack"]),
        .session(
            "the begin entry is lost to another request", digest: "x", appearing: ["put begin": begin],
            gives: ["put begin", "publish identifierInUse", "ack"]),
        .session(
            "fresh, and the plan is lost", appearing: ["put plan": [.plan: .plan(Samples.plan())]],
            gives: ["put begin", "plan", "put plan", "ack"]),
        .session(
            "not fresh, and the plan is lost", fresh: false, begin, appearing: ["put plan": [.plan: .plan(Samples.plan())]],
            gives: ["plan", "put plan", "prepare", "publish running, unit 0/0-0 attempt 1, unit 1/0-0 attempt 1", "ack"]),
        .session(
            "an outcome appears while the plan is made", appearing: ["plan": [.outcome: .outcome(Samples.aborted())]],
            gives: ["put begin", "plan"] + finishing),
    ]

    static let resumptions: [ScriptedDelivery] = [
        .session("fresh, and the plan is there", planned, gives: ["ack"]),
        .session(
            "nothing was done yet", fresh: false, planned,
            gives: ["prepare", "publish running, unit 0/0-0 attempt 1, unit 1/0-0 attempt 1", "ack"]),
        .session(
            "each started slice goes on at its current unit", fresh: false,
            [
                .begin: .begin(Samples.begin()), .plan: .plan(Samples.plan(slices: 5)),
                .done(slice: 0, epoch: 0): .done(Samples.done()),
                .part(slice: 1, epoch: 0, number: 0): .part(Samples.part(nil, "10")),
                .part(slice: 1, epoch: 0, number: 1): .part(Samples.part("10", "20")),
            ],
            gives: ["prepare", "publish running, unit 1/0-2@20 attempt 1, unit 2/0-0 attempt 1", "ack"]),
        .session(
            "only the highest view's parts and done count", fresh: false,
            planned.merging([
                .view(slice: 0, epoch: 0): .view(Samples.view()), .view(slice: 0, epoch: 1): .view(Samples.view("second")),
                .done(slice: 0, epoch: 0): .done(Samples.done()),
                .part(slice: 0, epoch: 0, number: 0): .part(Samples.part(nil, "9")),
                .part(slice: 0, epoch: 1, number: 0): .part(Samples.part(nil, "8")),
            ]) { $1 },
            gives: ["prepare", "publish running, unit 0/1-1@8 attempt 1, unit 1/0-0 attempt 1", "ack"]),
        .session(
            "a slice at its end without a done entry gets its last unit again", fresh: false,
            planned.merging([
                .part(slice: 0, epoch: 0, number: 0): .part(Samples.part(nil, "10")),
                .part(slice: 0, epoch: 0, number: 1): .part(Samples.part("10", nil)),
            ]) { $1 },
            gives: ["prepare", "publish running, unit 0/0-1@10 attempt 1, unit 1/0-0 attempt 1", "ack"]),
        .session(
            "every slice is done, and whoever was to commit is gone", fresh: false,
            planned.merging([
                .done(slice: 0, epoch: 0): .done(Samples.done()), .done(slice: 1, epoch: 0): .done(Samples.done()),
                .done(slice: 2, epoch: 0): .done(Samples.done()),
            ]) { $1 },
            gives: [
                "prepare", "publish running", "compose [0, 0, 0]", "put outcome", "finish commit", "put final",
                "publish final of mine",
                "ack",
            ]),
    ]

    static let endings: [ScriptedDelivery] = [
        .session(
            "the session is over", planned.merging([.final: .final(Samples.final())]) { $1 },
            gives: ["publish final of other", "ack"]),
        .session(
            "a cancelled restore is over: what was created too late is dropped", kind: .restore,
            planned.merging([.outcome: .outcome(Samples.aborted()), .final: .final(Samples.final())]) { $1 },
            gives: ["drop indices", "publish final of other", "ack"]),
        .session(
            "a cancelled restore is finished by somebody else meanwhile", kind: .restore,
            planned.merging([.outcome: .outcome(Samples.aborted())]) { $1 },
            appearing: ["put final": [.final: .final(Samples.final())]], gives: ["finish Cancelled: enough", "put final", "ack"]),
        .session(
            "a restore is done: its indices stay", kind: .restore, fresh: false,
            planned.merging([.outcome: .outcome(Samples.committed()), .final: .final(Samples.final())]) { $1 },
            gives: ["publish final of other", "ack"]),
        .session(
            "decided, not finished", planned.merging([.outcome: .outcome(Samples.committed())]) { $1 },
            gives: ["finish commit", "put final", "publish final of mine", "ack"]),
        .session(
            "fresh, and the final entry is lost", planned.merging([.outcome: .outcome(Samples.aborted())]) { $1 },
            appearing: ["put final": [.final: .final(Samples.final())]], gives: ["finish Cancelled: enough", "put final", "ack"]),
        .session(
            "not fresh, and the final entry is lost", fresh: false,
            planned.merging([.outcome: .outcome(Samples.aborted())]) { $1 },
            appearing: ["put final": [.final: .final(Samples.final())]],
            gives: ["finish Cancelled: enough", "put final", "publish final of other", "ack"]),
    ]

    @Test(arguments: beginnings + resumptions + endings)
    func aSessionMessageDoes(delivery: ScriptedDelivery) {
        #expect(delivery.play().trace == delivery.trace, "\(delivery)")
    }

    @Test func theJournalKeepsWhereTheAskerHearsOfTheEnd() {
        var delivery = ScriptedDelivery.session("", gives: [])
        delivery.subject = .session(Opening(.simulated(kind: .backup), digest: "d", replyTo: "amq.gen-asker"))
        guard case .begin(let begin)? = delivery.play().journal[.begin] else {
            Issue.record("the session did not begin")
            return
        }
        #expect(begin.replyTo == "amq.gen-asker")
    }

    @Test func theDeadlineIsTheTimeOutAfterTheBeginAndNeverMissing() {
        for (timeOut, seconds) in [(90, 90), (nil, 24 * 3600)] as [(Int?, Int)] {
            var delivery = ScriptedDelivery.session("", gives: [])
            delivery.subject = .session(Samples.opening(timeOutSeconds: timeOut))
            guard case .begin(let begin)? = delivery.play().journal[.begin] else {
                Issue.record("there is no begin entry")
                continue
            }
            #expect(begin.startedAt == delivery.now && begin.deadline == delivery.now + .seconds(seconds))
        }
    }

    static let aborts: [ScriptedDelivery] = [
        abort("a session at work is aborted", planned, gives: ["put outcome"] + finishing),
        abort("an unknown session cannot be", [:], gives: ["reject: nothing is recorded of the session that was to be aborted"]),
        abort(
            "fresh, and a commit has won: who put it finishes", planned,
            appearing: ["put outcome": [.outcome: .outcome(Samples.committed())]], gives: ["put outcome", "ack"]),
        abort(
            "not fresh, and a commit has won", planned, fresh: false,
            appearing: ["put outcome": [.outcome: .outcome(Samples.committed())]],
            gives: ["put outcome", "finish commit", "put final", "publish final of mine", "ack"]),
        abort(
            "decided already", planned.merging([.outcome: .outcome(Samples.committed())]) { $1 },
            gives: ["finish commit", "put final", "publish final of mine", "ack"]),
        abort(
            "over already", planned.merging([.final: .final(Samples.final())]) { $1 }, gives: ["publish final of other", "ack"]),
        abort(
            "a session that nobody has begun is begun only to be ended", [:], opening: Samples.opening(),
            gives: ["put begin", "put outcome"] + finishing),
        abort(
            "a worker begins it at the same moment", [:], opening: Samples.opening(), appearing: ["put begin": begin],
            gives: ["put begin", "put outcome"] + finishing),
        abort("one that has begun needs no opening", begin, opening: Samples.opening(), gives: ["put outcome"] + finishing),
    ]

    static func abort(
        _ description: String, _ journal: [EntryName: Entry], fresh: Bool = true, opening: Opening? = nil,
        appearing: [String: [EntryName: Entry]] = [:],
        gives trace: [String]
    ) -> ScriptedDelivery {
        ScriptedDelivery(
            description: description, subject: .abort(.init(condition: "Cancelled", message: "enough"), opening: opening),
            isFresh: fresh, journal: journal, appearing: appearing, trace: trace)
    }

    @Test func theMessageOfACancelledSessionFindsItsEnd() {
        let cancel = Self.abort("", [:], opening: Samples.opening(), gives: [])
        var message = ScriptedDelivery.session("", gives: [])
        message.journal = cancel.play().journal
        #expect(message.play().trace == ["publish final of mine", "ack"])
    }

    @Test(arguments: aborts)
    func anAbortMessageDoes(delivery: ScriptedDelivery) {
        #expect(delivery.play().trace == delivery.trace, "\(delivery)")
    }
}
