import Archive
import Crypto
import FoundationEssentials
import Messages
import Runtime
import Sessions

/// What goes because its time is over: sessions past their deadline, forgotten snapshots, journals, pins, checks, leftovers.
extension Collector {
    /// Results of verification that are kept.
    private static let checks = 100

    /// Ends sessions as their own workers would. They count as open for the rest of this run.
    func abortOverdue() throws {
        for session in facts.openSessions {
            let journal = ArchiveJournal(store: store, session: session)
            let begin: BeginEntry
            do {
                guard case .begin(let entry)? = try journal.read([.begin])[.begin] else { continue }
                begin = entry
            } catch let error as ArchiveError where error.code == .corrupt {
                problem("\(error.message); what was stored since it began cannot be collected")
                continue
            }
            guard facts.isOverdue(begin.deadline) else { continue }
            step(.abort, session.text, nil, "its deadline was \(begin.deadline)")
            report.aborted.append(session)
            guard mode == .apply else { continue }
            let seconds = (begin.deadline - begin.startedAt).components.seconds
            let abort = OutcomeEntry.Abort(
                condition: "DeadlineExceeded",
                message: "the session was not done \(seconds) s after it began, which is its timeOut; garbage collection found it"
            )
            let outcome = OutcomeEntry(nonce: try randomBytes(16).hex, decidedAt: facts.now, verdict: .abort(reason: abort))
            if case .existing = try journal.put(.outcome(outcome), at: .outcome) { report.aborted.removeLast() }
        }
    }

    /// The outcome first: from then on there is no snapshot, whatever is left. `forgotten/` last: it tells the next run to go on.
    func sweepSnapshots() throws {
        for snapshot in facts.sweepable {
            guard try mayDelete(snapshot) else { continue }
            let reason = "snapshot \(snapshot) was forgotten at \(facts.forgotten[snapshot]?.description ?? "")"
            let wasListed = facts.outcomes[snapshot] != nil
            // One that cannot be deleted stays a root.
            guard try deleteKey("outcomes/\(snapshot)", reason) else { continue }
            facts.noteSwept(snapshot)
            if wasListed { report.swept.append(snapshot) }
            var isClean = true
            if let session = snapshot.session { isClean = try deleteJournal(of: session, .all, reason) }
            try list("marks/\(snapshot)/") { object, _ in
                if try !delete(object, reason) { isClean = false }
            }
            if isClean { try deleteKey("forgotten/\(snapshot)", reason) }
        }
    }

    private func mayDelete(_ snapshot: SnapshotID) throws -> Bool {
        do {
            return try MarkBook(store: store).claim(snapshot, isDryRun: mode == .dryRun) { facts.isGraceAgo($0) }
        } catch let error as ArchiveError where error.code == .corrupt || error.code == .notFound {
            // What cannot be read may keep it. What is gone, another run has deleted.
            if error.code == .corrupt { problem("\(error.message); snapshot \(snapshot) stays") }
            return false
        }
    }

    func sweepJournals() throws {
        for session in facts.journals.keys.sorted(by: { $0.text < $1.text }) {
            switch facts.disposal(of: session) {
            case .nothing: continue
            case .work: try deleteJournal(of: session, .work, "session \(session) is over")
            case .all: try deleteJournal(of: session, .all, "session \(session) ended long ago")
            }
        }
        for snapshot in facts.orphanedAborts {
            try deleteKey("outcomes/\(snapshot)", "its session was aborted long ago")
        }
    }

    /// `begin` goes before the outcome and `final`: a message that comes late must find one of them.
    @discardableResult
    private func deleteJournal(of session: SessionID, _ disposal: GarbageCollection.Disposal, _ reason: String) throws -> Bool {
        var last: [(part: CollectorObject.JournalPart, object: ObjectInfo)] = []
        var isClean = true
        try list("sessions/\(session)/") { object, name in
            guard case .journal(_, let part) = name else { return }
            if part != .work {
                last.append((part, object))
            } else if try !delete(object, reason) {
                isClean = false
            }
        }
        guard disposal == .all, isClean else { return isClean }
        for entry in last where entry.part == .begin { isClean = try delete(entry.object, reason) && isClean }
        for snapshot in facts.outcomes.keys.filter({ $0.session == session }) where isClean {
            isClean = try deleteKey("outcomes/\(snapshot)", reason)
        }
        for entry in last where entry.part == .final && isClean { isClean = try delete(entry.object, reason) }
        return isClean
    }

    func sweepRest() throws {
        let old = facts.now - max(facts.grace, GarbageCollection.margin)
        try list("marks/") { object, name in
            guard case .mark(let snapshot) = name, Timestamp(object.modified) <= old, facts.outcomes[snapshot] == nil,
                facts.forgotten[snapshot] == nil,
                try store.entry(OutcomeEntry.self, at: try ObjectKey("outcomes/\(snapshot)")) == nil
            else { return }
            try delete(object, "there is no snapshot \(snapshot)")
        }
        for standing in try Pins(store).all() where standing.isPast(at: facts.now - facts.grace) {
            guard CollectorObject(standing.key) != nil else { continue }
            try delete(standing.key, bytes: nil, "it ended at \(standing.end)")
        }
        let halfWritten = max(facts.grace, GarbageCollection.writing)
        try list("probe/") { object, _ in
            if Timestamp(object.modified) <= facts.now - halfWritten { try delete(object, "its repository was made long ago") }
        }
        var newest: [ObjectInfo] = []
        try list("checks/") { object, _ in
            newest.append(object)
            if newest.count > Self.checks { try delete(newest.removeFirst(), "there are \(Self.checks) newer results") }
        }
        if mode == .apply {
            report.leftovers = try store.removeLeftovers(olderThan: Int(halfWritten.components.seconds))
        }
    }

    /// Looks for names outside the prefixes that the format knows: a list a prefix, however much lies below it.
    func findUnknown() throws {
        var last: ObjectKey?
        while let object = try store.list("", after: last, limit: 1).first {
            let components = object.key.components
            if CollectorObject(object.key) == nil { unknown(object.key) }
            // Behind everything below: no character of a key sorts behind "~".
            let name = components.count > 1 ? "\(components[0])/\(String(repeating: "~", count: 255))" : object.key.text
            last = try ObjectKey(name)
            try checkStopped()
        }
    }

    @discardableResult
    private func deleteKey(_ key: String, _ reason: String) throws -> Bool {
        try delete(try ObjectKey(key), bytes: nil, reason)
    }
}
