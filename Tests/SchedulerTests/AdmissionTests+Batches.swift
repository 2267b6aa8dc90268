import Messages
import Runtime
import Testing

@testable import Scheduler

/// Members of a batch are one session of their plan, and take turns.
@Suite struct BatchAdmissionTests {
    private let now = Timestamp(millisecondsSinceEpoch: 1_764_000_000_000)

    private func member(
        _ place: Int, of batch: String = "whole", plan: String = "all", ago: Double = 60, order: ExecutionOrder = .parallel,
        kind: SessionKind = .backup, target: String? = nil, isPublished: Bool = false, isBegun: Bool = false,
        mayBegin: Double = 3_600
    ) throws -> Admission.Session {
        Admission.Session(
            id: "\(batch)-\(place)", kind: kind, name: "\(plan)-1", namespace: "demo",
            invoker: Invoker(kind: kind == .backup ? "BackupBatch" : "RestoreBatch", name: plan),
            target: ResourceKey(kind: .appBinding, namespace: "demo", name: target ?? "es-\(place)"), requestedAt: now - ago,
            isPublished: isPublished, isBegun: isBegun, mayBeginUntil: now + mayBegin,
            parent: ParentSession(
                id: try #require(SessionID(batch)), batch: plan, place: place, count: 3, order: order))
    }

    private func plan(_ name: String, target: String, ago: Double, isPublished: Bool = false) -> Admission.Session {
        Admission.Session(
            id: name, kind: .backup, name: name, namespace: "demo", invoker: Invoker(kind: "BackupConfiguration", name: name),
            target: ResourceKey(kind: .appBinding, namespace: "demo", name: target), requestedAt: now - ago,
            isPublished: isPublished, isBegun: false, mayBeginUntil: now + 3_600)
    }

    private func verdict(_ new: Admission.Session, beside others: [Admission.Session]) -> Admission.Verdict {
        Admission(unfinished: others, now: now).verdict(on: new)
    }

    @Test func membersDoNotSkipEachOther() throws {
        let first = try member(0, isPublished: true)
        #expect(verdict(try member(1), beside: [first]) == .publish)
        let next = try member(0, of: "next", ago: 0)
        #expect(verdict(next, beside: [first]) == .skip(because: first), "the plan has a session")
        #expect(verdict(try member(1, of: "next", ago: 0, target: "free"), beside: [first]) == .skip(because: first))
    }

    @Test func twoMembersOfOneTargetTakeTurns() throws {
        let first = try member(0, target: "es", isPublished: true)
        let second = try member(1, target: "es")
        #expect(verdict(second, beside: [first]) == .wait(for: first))
        #expect(Admission(unfinished: [first, second], now: now).released().isEmpty)
        #expect(Admission(unfinished: [second], now: now).released() == [second])
    }

    @Test(arguments: [SessionKind.backup, .restore]) func aSequenceGoesOneByOne(kind: SessionKind) throws {
        var members = try (0...2).map { try member($0, order: .sequential, kind: kind) }
        #expect(Admission(unfinished: members, now: now).released() == [members[0]])
        #expect(verdict(members[2], beside: members) == .wait(for: members[0]), "the first that it waits for is named")
        members[0].isBegun = true
        #expect(Admission(unfinished: members, now: now).released().isEmpty)
        members.removeFirst()
        #expect(Admission(unfinished: members, now: now).released() == [members[0]], "however the one before ended")
        members[0].hasTurn = true
        #expect(Admission(unfinished: members, now: now).released() == [members[0]], "it is published after a restart")
    }

    @Test func oneThatNoWorkerCanBeginAnyMoreHoldsNoSequence() throws {
        let lost = try member(0, order: .sequential, isPublished: true, mayBegin: -1)
        let next = try member(1, order: .sequential)
        #expect(Admission(unfinished: [lost, next], now: now).released() == [next])
    }

    @Test func restoresOfOneBatchStartTogether() throws {
        let first = try member(0, kind: .restore, target: "es", isPublished: true)
        #expect(verdict(try member(1, kind: .restore, target: "es"), beside: [first]) == .publish)
        let backup = plan("nightly", target: "es-2", ago: 0)
        let waiting = try member(2, order: .sequential, kind: .restore)
        #expect(verdict(backup, beside: [waiting]) == .wait(for: waiting), "its target will be restored")
    }

    /// Two Schedulers may have asked for the members at moments of their own, and a plan in between.
    @Test func noCircleOfWaiting() throws {
        let members = [
            try member(0, ago: 30, order: .sequential, target: "es"), try member(1, ago: 60, order: .sequential, target: "es"),
        ]
        let between = plan("nightly", target: "es", ago: 45)
        let released = Admission(unfinished: members + [between], now: now).released()
        #expect(released.map(\.id) == ["whole-0"])
    }

    /// Random batches and plans on few targets: whenever all that runs has ended, somebody is next.
    @Test(arguments: 0..<200) func somebodyIsAlwaysNext(seed: UInt64) throws {
        var generator = Seeded(state: seed)
        var waiting: [Admission.Session] = []
        for batch in 0..<3 {
            let order: ExecutionOrder = Bool.random(using: &generator) ? .sequential : .parallel
            for place in 0..<3 {
                waiting.append(
                    try member(
                        place, of: "b\(batch)", plan: "p\(batch)", ago: Double(Int.random(in: 0...5, using: &generator)),
                        order: order, target: "es-\(Int.random(in: 0...1, using: &generator))"))
            }
            waiting.append(
                plan(
                    "plan-\(batch)", target: "es-\(Int.random(in: 0...1, using: &generator))",
                    ago: Double(Int.random(in: 0...5, using: &generator))))
        }
        while !waiting.isEmpty {
            let released = Admission(unfinished: waiting, now: now).released()
            try #require(!released.isEmpty, "nobody is next of \(waiting.map(\.id))")
            #expect(Set(released.map(\.target)).count == released.count, "one session a target")
            waiting.removeAll { one in released.contains { $0.id == one.id } }
        }
    }
}

private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
