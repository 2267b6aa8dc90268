import Messages
import Runtime
import Testing

@testable import Scheduler

/// Stash's state machine, case by case.
@Suite struct AdmissionTests {
    private let now = Timestamp(millisecondsSinceEpoch: 1_764_000_000_000)

    /// A backup of the plan of that name, asked for some seconds ago.
    private func session(
        _ plan: String, ago: Double = 60, kind: SessionKind = .backup, target: String = "es", namespace: String = "demo",
        targetNamespace: String = "demo", isPublished: Bool = true, isBegun: Bool = false, mayBegin: Double = 3_600
    ) -> Admission.Session {
        Admission.Session(
            id: "\(plan)-\(Int(ago))", kind: kind, name: "\(plan)-1764000000", namespace: namespace,
            invoker: Invoker(kind: kind == .backup ? "BackupConfiguration" : "RestoreSession", name: plan),
            target: ResourceKey(kind: .appBinding, namespace: targetNamespace, name: target), requestedAt: now - ago,
            isPublished: isPublished, isBegun: isBegun, mayBeginUntil: now + mayBegin)
    }

    private func verdict(_ new: Admission.Session, beside others: [Admission.Session]) -> Admission.Verdict {
        Admission(unfinished: others, now: now).verdict(on: new)
    }

    private func asked(_ plan: String, kind: SessionKind = .backup, target: String = "es") -> Admission.Session {
        session(plan, ago: 0, kind: kind, target: target, isPublished: false)
    }

    @Test func nothingElseMeansAtOnce() {
        #expect(verdict(asked("a"), beside: []) == .publish)
        let others = [session("b", target: "other"), session("a", namespace: "elsewhere", targetNamespace: "elsewhere")]
        #expect(verdict(asked("a"), beside: others) == .publish)
    }

    @Test(arguments: [(true, true), (true, false), (false, false)])
    func aPlanThatHasASessionSkipsTheNext(isPublished: Bool, isBegun: Bool) {
        let running = session("a", isPublished: isPublished, isBegun: isBegun)
        #expect(verdict(asked("a"), beside: [running]) == .skip(because: running))
        // Its manifest may have come to name another target.
        #expect(verdict(asked("a", target: "other"), beside: [running]) == .skip(because: running))
    }

    /// Asked for twice, by a redelivery or by two Schedulers.
    @Test func aSessionIsNoObstacleToItself() {
        var again = session("a", isBegun: true)
        again.isPublished = false
        #expect(verdict(again, beside: [session("a", isBegun: true)]) == .publish)
    }

    @Test func aTargetIsOnePlansAtATime() {
        let holder = session("b", isBegun: true)
        #expect(verdict(asked("a"), beside: [holder]) == .wait(for: holder))
        let ahead = session("b", isPublished: false)
        #expect(verdict(asked("a"), beside: [ahead]) == .wait(for: ahead), "who came first goes first")
    }

    @Test func aRestoreHoldsBackupsAndWaitsForNothing() {
        let restore = session("back", kind: .restore)
        #expect(verdict(asked("a"), beside: [session("b", ago: 90), restore]) == .wait(for: restore))
        #expect(verdict(asked("again", kind: .restore), beside: [restore, session("b", isBegun: true)]) == .publish)
        // A restore of the plan's name is not of the plan.
        let namesake = session("a", kind: .restore)
        #expect(verdict(asked("a"), beside: [namesake]) == .wait(for: namesake))
    }

    /// Else a plan would stop for good where no worker is, or a message is lost.
    @Test func whatNoWorkerCanBeginAnyMoreIsNoObstacle() {
        #expect(verdict(asked("a"), beside: [session("a", mayBegin: 0), session("b", mayBegin: -1)]) == .publish)
        let late = session("a", isBegun: true, mayBegin: -1)
        #expect(verdict(asked("a"), beside: [late]) == .skip(because: late), "begun, it may still run")
    }

    @Test func theOldestGoesFirstThenTheName() {
        func released(_ sessions: [Admission.Session]) -> [String] {
            Admission(unfinished: sessions, now: now).released().map(\.id)
        }
        let waiting = [("c", 30.0), ("b", 30), ("d", 20)].map { session($0.0, ago: $0.1, isPublished: false) }
        #expect(released(waiting + [session("a", ago: 90, isBegun: true)]).isEmpty)
        #expect(released(waiting) == ["b-30"])
        #expect(released(Array(waiting.dropFirst(2)) + [waiting[0]]) == ["c-30"])
        #expect(released(waiting + [session("r", ago: 1, kind: .restore)]).isEmpty)
        let elsewhere = session("e", ago: 10, target: "other", isPublished: false)
        #expect(released(waiting + [elsewhere]) == ["b-30", "e-10"], "each target has a turn of its own")
    }

    /// Two Schedulers may each have taken one in.
    @Test func twoOfOnePlanThatWaitGoOneAfterTheOther() {
        let (first, second) = (session("a", ago: 30, isPublished: false), session("a", ago: 20, isPublished: false))
        #expect(Admission(unfinished: [first, second], now: now).released() == [first])
        var published = first
        published.isPublished = true
        #expect(Admission(unfinished: [published, second], now: now).released().isEmpty)
    }

    /// Whatever comes and ends in whatever order: nobody waits for ever, and no target or plan is ever two backups' at once.
    @Test func everySessionGetsItsTurn() {
        var generator = SeededGenerator(seed: 8)
        var known: [Admission.Session] = []
        var (started, skipped) = (0, 0)
        let asked = 400
        for number in 0..<asked {
            let time = now + Double(number)
            var new = session(
                "p\(Int.random(in: 0..<6, using: &generator))", target: "t\(Int.random(in: 0..<2, using: &generator))",
                isPublished: false, mayBegin: 1e9)
            new.requestedAt = time
            new.id = "\(number)"
            switch Admission(unfinished: known, now: time).verdict(on: new) {
            case .publish:
                new.isPublished = true
                started += 1
                known.append(new)
            case .wait: known.append(new)
            case .skip: skipped += 1
            }
            if let end = known.indices.filter({ known[$0].isPublished }).randomElement(using: &generator),
                Bool.random(using: &generator)
            {
                known.remove(at: end)
            }
            for one in Admission(unfinished: known, now: time).released() {
                if let place = known.firstIndex(of: one) { known[place].isPublished = true }
                started += 1
            }
            let published = known.filter(\.isPublished)
            #expect(Set(published.map(\.target)).count == published.count)
            #expect(Set(known.map(\.invoker)).count == known.count)
        }
        while !known.isEmpty {
            known.removeAll(where: \.isPublished)
            let turns = Admission(unfinished: known, now: now + 1_000).released()
            guard !turns.isEmpty || known.isEmpty else { break }
            for one in turns {
                if let place = known.firstIndex(of: one) { known[place].isPublished = true }
                started += 1
            }
        }
        #expect(known.isEmpty)
        #expect(started + skipped == asked && started > 50 && skipped > 50)
    }
}
