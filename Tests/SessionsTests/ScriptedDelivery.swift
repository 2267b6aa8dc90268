import Messages
import Runtime

@testable import Sessions

/// One delivery driven through `Handling` against a journal in memory. Its trace says what it asked for, a line a request; reads are
/// left out.
struct ScriptedDelivery: Sendable, CustomStringConvertible {
    var description: String
    var kind = SessionKind.backup
    var subject: Handling.Subject
    var isFresh = true
    var journal: [EntryName: Entry] = [:]
    /// Entries of other workers that appear right before a step of the trace is carried out.
    var appearing: [String: [EntryName: Entry]] = [:]
    var plan = Samples.plan(nonce: "mine")
    var transferred = Handling.Reply.transferred(Samples.part(nil, "10", nonce: "mine"))
    var now = Samples.start + .seconds(1)
    var doneEpochs: [Int] = []
    var failingHooks: Set<HookSlot> = []
    var failingSteps: Set<Int> = []
    var trace: [String]

    static func session(
        _ description: String, kind: SessionKind = .backup, fresh: Bool = true, digest: String = "d", notAfter: Timestamp? = nil,
        _ journal: [EntryName: Entry] = [:],
        appearing: [String: [EntryName: Entry]] = [:], plan: PlanEntry = Samples.plan(nonce: "mine"),
        now: Timestamp = Samples.start + .seconds(1), gives trace: [String]
    ) -> ScriptedDelivery {
        ScriptedDelivery(
            description: description, kind: kind, subject: .session(Samples.opening(digest: digest, notAfter: notAfter)),
            isFresh: fresh, journal: journal, appearing: appearing, plan: plan, now: now, trace: trace)
    }

    static func unit(
        _ description: String, at position: UnitPosition = UnitPosition(slice: 0, epoch: 0, number: 0),
        kind: SessionKind = .backup,
        fresh: Bool = true, _ journal: [EntryName: Entry], appearing: [String: [EntryName: Entry]] = [:],
        transferred: Handling.Reply = .transferred(Samples.part(nil, "10", nonce: "mine")),
        now: Timestamp = Samples.start + .seconds(1),
        doneEpochs: [Int] = [], gives trace: [String]
    ) -> ScriptedDelivery {
        ScriptedDelivery(
            description: description, kind: kind, subject: .unit(position), isFresh: fresh,
            journal: journal.merging([.begin: .begin(Samples.begin()), .plan: .plan(Samples.plan())]) { given, _ in given },
            appearing: appearing, transferred: transferred, now: now, doneEpochs: doneEpochs, trace: trace)
    }

    /// Plays until the delivery is settled. - Returns: the trace and the journal that is left.
    func play(most steps: Int = 50) -> (trace: [String], journal: [EntryName: Entry]) {
        var handling = Handling(
            kind: kind, subject: subject, isFresh: isFresh, nonce: "mine", claimant: Samples.claimant, doneEpochs: doneEpochs)
        var journal = self.journal
        var trace: [String] = []
        var request = handling.start()
        while trace.count < steps {
            if let line = Self.line(request) {
                trace.append(line)
                journal.merge(appearing[line] ?? [:]) { standing, _ in standing }
            }
            switch request {
            case .read(let names): request = handling.receive(.entries(journal.filter { names.contains($0.key) }), now: now)
            case .put(let name, let entry):
                var put = EntryPut.created
                if let standing = journal[name], standing.nonce != entry.nonce { put = .existing(standing) }
                if case .created = put { journal[name] = entry }
                request = handling.receive(.put(put), now: now)
            case .perform(let work): request = handling.receive(reply(to: work), now: now)
            case .publish: request = handling.receive(.published, now: now)
            case .settle: return (trace, journal)
            }
        }
        return (trace, journal)
    }

    private func reply(to work: Handling.Work) -> Handling.Reply {
        switch work {
        case .plan: .planned(plan)
        case .run(let action, _, _):
            .ran(HookReport(succeeded: !failing(action), message: Self.name(action), finishedAt: now))
        case .prepare: .prepared
        case .openView: .opened(Samples.view("mine", nonce: "mine"))
        case .closeView: .closed
        case .dropIndices: .dropped
        case .transfer: transferred
        case .compose: .composed(Samples.commit())
        case .finish(let outcome, _, _): .finished(Samples.final(nonce: "mine", succeeded: outcome.isCommit))
        }
    }

    private func failing(_ action: SessionAction) -> Bool {
        switch action {
        case .hook(_, let slot): failingHooks.contains(slot)
        case .step(let step, _): failingSteps.contains(step.number)
        }
    }

    private static func name(_ action: SessionAction) -> String {
        switch action {
        case .hook(_, let slot): "hook \(slot)"
        case .step(let step, _): "step \(step.number)"
        }
    }

    private static func line(_ request: Handling.Request) -> String? {
        switch request {
        case .read: nil
        case .put(.claim(let number), _): "claim \(number)"
        case .put(let name, _): "put \(name)"
        case .perform(let work): line(work)
        case .publish(let publications): "publish " + publications.map(line).joined(separator: ", ")
        case .settle(.acknowledge): "ack"
        case .settle(.reject(let reason)): "reject: \(reason)"
        case .settle(.retryElsewhere): "retry elsewhere"
        case .settle(.retryLater): "retry later"
        }
    }

    private static func line(_ work: Handling.Work) -> String {
        switch work {
        case .plan: return "plan"
        case .run(let action, _, let end):
            let name = if case .hook(_, let slot) = action { "\(slot)" } else { name(action) }
            let attempt = end.map { $0.attempt > 1 ? " attempt \($0.attempt)" : "" } ?? ""
            return "run \(name)" + (end.map { " after \($0.status.phase.rawValue)" } ?? "") + attempt
        case .prepare: return "prepare"
        case .openView(let slice): return "open view of shard \(slice.shard ?? -1)"
        case .closeView(let view): return "close view \(view.pointInTime)"
        case .dropIndices: return "drop indices"
        case .transfer(_, let position, let view): return "transfer \(line(position)) of \(view?.pointInTime ?? "segments")"
        case .compose(_, let epochs): return "compose \(epochs)"
        case .finish(let outcome, _, _):
            if case .abort(let abort) = outcome.verdict { return "finish \(abort.condition): \(abort.message)" }
            return "finish commit"
        }
    }

    private static func line(_ publication: Handling.Publication) -> String {
        switch publication {
        case .unit(let position, let attempt): "unit \(line(position))" + (attempt > 0 ? " attempt \(attempt)" : "")
        case .running: "running"
        case .final(let final): "final of \(final.nonce)"
        case .expired: "expired"
        case .identifierInUse: "identifierInUse"
        }
    }

    private static func line(_ position: UnitPosition) -> String {
        "\(position.slice)/\(position.epoch)-\(position.number)" + (position.cursor.map { "@\($0)" } ?? "")
    }
}
