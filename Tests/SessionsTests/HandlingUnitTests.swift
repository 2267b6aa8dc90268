import Messages
import Runtime
import Testing

@testable import Sessions

/// What a unit message does in each state of the journal (docs/protocol.md, "The unit message").
@Suite struct HandlingUnitTests {
    static let view: [EntryName: Entry] = [.view(slice: 0, epoch: 0): .view(Samples.view())]
    static let secondView = view.merging([.view(slice: 0, epoch: 1): .view(Samples.view("second"))]) { $1 }
    static let firstPart = view.merging([.part(slice: 0, epoch: 0, number: 0): .part(Samples.part(nil, "10"))]) { $1 }
    static let finishing = ["finish Cancelled: enough", "put final", "publish final of mine", "ack"]
    static let second = UnitPosition(slice: 0, epoch: 0, number: 1, cursor: "10")
    static let end = Handling.Reply.transferred(Samples.part("10", nil, nonce: "mine"))

    static func broken(_ flaw: String) -> [String] {
        ["put outcome", "finish BackupFailed: index logs, slice 0: \(flaw)", "put final", "publish final of mine", "ack"]
    }

    static let ended: [ScriptedDelivery] = [
        .unit("fresh, and the session is over", [.final: .final(Samples.final())], gives: ["ack"]),
        .unit(
            "not fresh, and the session is over: its finisher may have died before the event", fresh: false,
            [.final: .final(Samples.final())], gives: ["publish final of other", "ack"]),
        .unit(
            "the session is over, and its view was put too late to be closed",
            view.merging([.outcome: .outcome(Samples.aborted()), .final: .final(Samples.final())]) { $1 },
            gives: ["close view pit", "ack"]),
        .unit(
            "the session is decided, and its view stands", view.merging([.outcome: .outcome(Samples.aborted())]) { $1 },
            gives: ["close view pit"] + finishing),
        .unit("the session is decided", [.outcome: .outcome(Samples.aborted())], gives: finishing),
        .unit(
            "past the deadline", view, now: Samples.deadline + .seconds(1),
            gives: [
                "put outcome", "finish DeadlineExceeded: the session was not done 3600 s after it began, which is its timeOut",
                "put final", "publish final of mine", "ack",
            ]),
        impossible("a slice that the plan does not have", UnitPosition(slice: 3, epoch: 0, number: 0)),
        impossible("a negative slice", UnitPosition(slice: -1, epoch: 0, number: 0)),
        impossible("an epoch above the highest", UnitPosition(slice: 0, epoch: 4, number: 0)),
        impossible("a negative epoch", UnitPosition(slice: 0, epoch: -1, number: 0)),
        impossible("a negative number", UnitPosition(slice: 0, epoch: 0, number: -1)),
    ]

    static func impossible(_ description: String, _ position: UnitPosition) -> ScriptedDelivery {
        let unit = "\(position.slice)/\(position.epoch)-\(position.number)"
        return .unit(description, at: position, [:], gives: ["reject: unit \(unit) cannot be in the session's plan"])
    }

    static let scroll: [EntryName: Entry] = {
        var view = Samples.view("")
        view.scrolls = true
        return [.view(slice: 0, epoch: 0): .view(view)]
    }()
    static let scrolls: [ScriptedDelivery] = [
        .unit(
            "a scroll goes on where the unit before it ended", at: second, scroll,
            transferred: .transferred(Samples.part("10", "20", nonce: "mine")),
            gives: ["transfer 0/0-1@10 of ", "put part/0/0-1", "publish unit 0/0-2@20", "ack"]),
        .unit(
            "a scroll that another delivery may have read is lost", at: second, fresh: false, scroll,
            gives: ["open view of shard 0", "put view/0/1", "publish unit 0/1-0", "ack"]),
        .unit(
            "the first unit opens its own scroll, however often it is delivered", fresh: false, scroll,
            gives: ["transfer 0/0-0 of ", "put part/0/0-0", "publish unit 0/0-1@10", "ack"]),
    ]

    static let refused: Handling.Reply = {
        var part = Samples.part(nil, "10", documents: 9, nonce: "mine")
        part.rejected = 1
        part.rejections = [Rejection(id: "7", status: 400, type: "mapper_parsing_exception", reason: "no date")]
        return .transferred(part)
    }()
    static let refusals: [ScriptedDelivery] = [
        .unit(
            "a refused document ends a restore", kind: .restore, [:], transferred: refused,
            gives: [
                "transfer 0/0-0 of segments", "put part/0/0-0", "put outcome",
                "finish RestoreFailed: index logs refused 1 of 10 documents, the first with _id 7: mapper_parsing_exception, no date; "
                    + "they are kept in segment s1; mend the mapping or the settings, or keep the rest with the parameter allowPartial",
                "put final", "publish final of mine", "ack",
            ]),
        .unit(
            "a refused document is left out where the plan says so", kind: .restore, [.plan: .plan(lenientPlan)],
            transferred: refused, gives: ["transfer 0/0-0 of segments", "put part/0/0-0", "publish unit 0/0-1@10", "ack"]),
    ]
    static let lenientPlan: PlanEntry = {
        var plan = Samples.plan()
        plan.allowPartial = true
        return plan
    }()

    static let views: [ScriptedDelivery] = [
        .unit(
            "the slice's first unit opens its view", [:],
            gives: [
                "open view of shard 0", "put view/0/0", "transfer 0/0-0 of mine", "put part/0/0-0", "publish unit 0/0-1@10",
                "ack",
            ]),
        .unit(
            "a view stands", view, gives: ["transfer 0/0-0 of pit", "put part/0/0-0", "publish unit 0/0-1@10", "ack"]),
        .unit(
            "the session ends while the view is opened", [:],
            appearing: ["put view/0/0": [.outcome: .outcome(Samples.aborted()), .final: .final(Samples.final())]],
            gives: ["open view of shard 0", "put view/0/0", "close view mine", "ack"]),
        .unit(
            "not fresh, and the session ends while the next view is opened", fresh: false, view,
            appearing: ["put view/0/1": [.outcome: .outcome(Samples.aborted()), .final: .final(Samples.final())]],
            transferred: .viewGone,
            gives: [
                "transfer 0/0-0 of pit", "open view of shard 0", "put view/0/1", "close view mine", "publish final of other",
                "ack",
            ]),
        .unit(
            "fresh, and the view is lost: mine is closed", [:], appearing: ["put view/0/0": view],
            gives: ["open view of shard 0", "put view/0/0", "close view mine", "ack"]),
        .unit(
            "not fresh, and the view is lost: the winner's is read", fresh: false, [:], appearing: ["put view/0/0": view],
            gives: [
                "open view of shard 0", "put view/0/0", "close view mine", "transfer 0/0-0 of pit", "put part/0/0-0",
                "publish unit 0/0-1@10", "ack",
            ]),
        .unit("fresh, and a newer view stands", secondView, gives: ["ack"]),
        .unit("not fresh, and a newer view stands", fresh: false, secondView, gives: ["publish unit 0/1-0", "ack"]),
        .unit(
            "the view is gone: the slice starts again in a new one", view, transferred: .viewGone,
            gives: ["transfer 0/0-0 of pit", "open view of shard 0", "put view/0/1", "publish unit 0/1-0", "ack"]),
        .unit(
            "the view is gone in the midst of the slice: nothing of the walk is kept", at: second, firstPart,
            transferred: .viewGone,
            gives: ["transfer 0/0-1@10 of pit", "open view of shard 0", "put view/0/1", "publish unit 0/1-0", "ack"]),
        .unit(
            "the view is gone, and somebody else opened the next one first", view, appearing: ["put view/0/1": secondView],
            transferred: .viewGone,
            gives: ["transfer 0/0-0 of pit", "open view of shard 0", "put view/0/1", "close view mine", "ack"]),
        .unit(
            "not fresh, and somebody else opened the next one first", fresh: false, view, appearing: ["put view/0/1": secondView],
            transferred: .viewGone,
            gives: [
                "transfer 0/0-0 of pit", "open view of shard 0", "put view/0/1", "close view mine", "publish unit 0/1-0", "ack",
            ]),
        .unit(
            "the view is gone because the session is decided", view,
            appearing: ["transfer 0/0-0 of pit": [.outcome: .outcome(Samples.aborted())]], transferred: .viewGone,
            gives: ["transfer 0/0-0 of pit"] + finishing),
        .unit(
            "the view is gone, and a newer one stands", fresh: false, view, appearing: ["transfer 0/0-0 of pit": secondView],
            transferred: .viewGone, gives: ["transfer 0/0-0 of pit", "publish unit 0/1-0", "ack"]),
        .unit(
            "the view is gone, and a twin stored the part", fresh: false, view, appearing: ["transfer 0/0-0 of pit": firstPart],
            transferred: .viewGone, gives: ["transfer 0/0-0 of pit", "publish unit 0/0-1@10", "ack"]),
        .unit(
            "a view lost for the fourth time ends the session", at: UnitPosition(slice: 0, epoch: 3, number: 0),
            [.view(slice: 0, epoch: 3): .view(Samples.view("fourth"))], transferred: .viewGone,
            gives: [
                "transfer 0/3-0 of fourth", "put outcome",
                "finish BackupFailed: the point in time of slice 0 was lost 4 times; is the server restarting?", "put final",
                "publish final of mine", "ack",
            ]),
        .unit(
            "a restore has no view", kind: .restore, [:],
            gives: ["transfer 0/0-0 of segments", "put part/0/0-0", "publish unit 0/0-1@10", "ack"]),
    ]

    static let parts: [ScriptedDelivery] = [
        .unit("fresh, and the part is there", firstPart, gives: ["ack"]),
        .unit("not fresh, and the part is there", fresh: false, firstPart, gives: ["publish unit 0/0-1@10", "ack"]),
        .unit(
            "fresh, and the part is lost", view, appearing: ["put part/0/0-0": firstPart],
            gives: ["transfer 0/0-0 of pit", "put part/0/0-0", "ack"]),
        .unit(
            "not fresh, and the part is lost: the stored part names what follows", fresh: false, view,
            appearing: ["put part/0/0-0": firstPart], transferred: .transferred(Samples.part(nil, "12", nonce: "mine")),
            gives: ["transfer 0/0-0 of pit", "put part/0/0-0", "publish unit 0/0-1@10", "ack"]),
        .unit(
            "the slice's end closes the chain, starts the next slice and stops probing at the first that is not done", at: second,
            firstPart,
            transferred: end,
            gives: ["transfer 0/0-1@10 of pit", "put part/0/0-1", "close view pit", "put done/0/0", "publish unit 2/0-0", "ack"]),
        .unit(
            "the session ends while the last part is moved", at: second, firstPart,
            appearing: ["put part/0/0-1": [.outcome: .outcome(Samples.aborted()), .final: .final(Samples.final())]],
            transferred: end, gives: ["transfer 0/0-1@10 of pit", "put part/0/0-1", "close view pit", "ack"]),
        .unit(
            "a gap in the chain ends the session", at: second,
            view.merging([.part(slice: 0, epoch: 0, number: 0): .part(Samples.part(nil, "9"))]) { $1 }, transferred: end,
            gives: ["transfer 0/0-1@10 of pit", "put part/0/0-1"] + broken("its 2 parts do not form a chain")),
        .unit(
            "a missing part ends the session", at: second, view, transferred: end,
            gives: ["transfer 0/0-1@10 of pit", "put part/0/0-1"] + broken("its 1 parts do not form a chain")),
        .unit(
            "a count that differs from the view's ends the session", at: second, firstPart,
            transferred: .transferred(Samples.part("10", nil, documents: 9, nonce: "mine")),
            gives: ["transfer 0/0-1@10 of pit", "put part/0/0-1"] + broken("19 documents were moved where 20 were counted")),
        .unit(
            "the end of a restore's slice is held against the plan", kind: .restore, [:],
            transferred: .transferred(Samples.part(nil, nil, documents: 30, nonce: "mine")),
            gives: ["transfer 0/0-0 of segments", "put part/0/0-0", "put done/0/0", "publish unit 2/0-0", "ack"]),
        .unit(
            "fresh, and the done entry is lost", at: second, firstPart,
            appearing: ["put done/0/0": [.done(slice: 0, epoch: 0): .done(Samples.done())]], transferred: end,
            gives: ["transfer 0/0-1@10 of pit", "put part/0/0-1", "close view pit", "put done/0/0", "ack"]),
        .unit(
            "not fresh, and the done entry is lost", at: second, fresh: false, firstPart,
            appearing: ["put done/0/0": [.done(slice: 0, epoch: 0): .done(Samples.done())]], transferred: end,
            gives: ["transfer 0/0-1@10 of pit", "put part/0/0-1", "close view pit", "put done/0/0", "publish unit 2/0-0", "ack"]),
    ]

    static let slicesDone: [EntryName: Entry] = [
        .view(slice: 0, epoch: 0): .view(Samples.view()), .done(slice: 0, epoch: 0): .done(Samples.done()),
        .view(slice: 1, epoch: 1): .view(Samples.view("1b")), .done(slice: 1, epoch: 1): .done(Samples.done()),
        .view(slice: 2, epoch: 0): .view(Samples.view("2a")), .done(slice: 2, epoch: 0): .done(Samples.done()),
    ]
    static let last = UnitPosition(slice: 2, epoch: 0, number: 1, cursor: "10")
    static let committing = [
        "compose [0, 1, 0]", "put outcome", "finish commit", "put final", "publish final of mine", "ack",
    ]

    static let commits: [ScriptedDelivery] = [
        .unit("fresh, and the slice is done", at: last, slicesDone, gives: ["ack"]),
        .unit("the last slice commits each slice at its highest view", at: last, fresh: false, slicesDone, gives: committing),
        .unit(
            "a done entry below the highest view does not count", at: last, fresh: false,
            slicesDone.merging([.view(slice: 0, epoch: 1): .view(Samples.view("0b"))]) { $1 }, gives: ["ack"]),
        .unit(
            "what was seen done is not read again", at: last, fresh: false,
            slicesDone.filter { $0.key != .done(slice: 0, epoch: 0) && $0.key != .view(slice: 0, epoch: 0) }, doneEpochs: [0],
            gives: committing),
        .unit(
            "an abort has won", at: last, fresh: false, slicesDone,
            appearing: ["put outcome": [.outcome: .outcome(Samples.aborted())]],
            gives: ["compose [0, 1, 0]", "put outcome"] + finishing),
    ]

    @Test(arguments: ended + views + scrolls + refusals + parts + commits)
    func aUnitMessageDoes(delivery: ScriptedDelivery) {
        #expect(delivery.play().trace == delivery.trace, "\(delivery)")
    }

    @Test func aUnitOfAnUnknownSessionIsTriedElsewhere() {
        var delivery = ScriptedDelivery.unit("", [:], gives: [])
        delivery.journal = [:]
        #expect(delivery.play().trace == ["retry elsewhere"])
    }

    @Test func aReplyThatTheStateDoesNotExpectIsRejectedInsteadOfTrusted() {
        var handling = Handling(
            kind: .backup, subject: .unit(Self.second), isFresh: true, nonce: "mine", claimant: Samples.claimant)
        _ = handling.start()
        guard case .settle(.reject) = handling.receive(.published, now: Samples.start) else {
            Issue.record("the reply was accepted")
            return
        }
    }
}
