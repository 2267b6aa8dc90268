import Archive
import Crypto
import Messages
import Runtime

/// What one look at a repository says about garbage: it is told what lists and roots hold and answers what may go. No I/O.
///
/// docs/repository-format.md, section 7. Ages are by the store's clock alone. Why nothing goes that is, or will be, named:
/// - *A session stores, then commits.* Whatever it names was stored after its `begin`, under names that no other session can have: segments
///   are salted, manifests say the session. It began before the run's list of sessions, and is open then: its `begin` bounds the horizon. Or
///   it began later, and everything of it is younger than `now`, which was taken first.
/// - *It commits between two lists.* Sessions are listed before outcomes. Seen without an outcome, it was open and bounds the horizon; seen
///   with one, the outcome is a root. A session with `final` whose outcome a list that is behind hides counts as open for `margin`.
/// - *It is aborted and a late worker stores on.* No outcome can name that any more, since there is one; it is garbage when it is stored.
/// - *A snapshot is read.* A pin is put before its reader looks whether the snapshot was forgotten (`Pins`); a reader without one has the
///   grace between forgetting and sweeping, and once more between marking and deleting.
/// - *It is kept while it is swept.* The run puts the last mark first (`MarkBook.claim`): that put, or the keeper's, is too late.
/// - *Two runs at once.* What one deletes the other finds unnamed as well, and what it marks twice is deleted once: deleting is idempotent.
/// - *A run dies.* Outcomes go first, then what they named; `forgotten/` last, so that the next run goes on.
/// - *Lists are behind, the store's clock is set back.* Both together by less than `margin`: nothing younger is looked at.
///
/// Memory: 32 to 64 bytes for each segment and manifest that is named or marked, and some hundred for each session and snapshot.
package struct GarbageCollection {
    /// What lists may be behind and the store's clock be set back, both together.
    package static let margin = Duration.seconds(300)
    /// How long an aborted session, and one that nobody finished, is remembered after its end: a late message changes nothing.
    package static let remembrance = Duration.seconds(30 * 86_400)
    /// What half-written objects have at least, whatever the grace: their writer may be at it.
    package static let writing = Duration.seconds(3600)

    /// What is there of a session's journal.
    struct Journal {
        var begin: Timestamp?
        var final: Timestamp?
        /// When its newest other entry was put.
        var work: Timestamp?
    }

    enum Verdict {
        case commit
        case abort
        /// It cannot be read: it may name anything.
        case unreadable
    }

    struct Outcome {
        var decided: Timestamp
        /// Nil until it is read.
        var verdict: Verdict?
    }

    /// What becomes of an object that a root might name.
    enum Fate: Equatable {
        case named
        /// Unnamed, but a session or a pin may be about to name it.
        case held
        case mark
        /// Marked, less than a grace ago.
        case waits
        case delete
    }

    /// The store's clock before anything was listed.
    let now: Timestamp
    let grace: Duration

    private(set) var journals: [SessionID: Journal] = [:]
    private(set) var outcomes: [SnapshotID: Outcome] = [:]
    private(set) var forgotten: [SnapshotID: Timestamp] = [:]
    /// Why the horizon is where it is; nil: nothing holds it.
    private(set) var holder: String?
    /// What was stored at or after it is left alone.
    private(set) var horizon: Timestamp
    private var snapshots: [SessionID: SnapshotID] = [:]
    private var pinned: Set<SnapshotID> = []
    /// Whose snapshot's outcome is gone, or nobody knows: nothing of their journals goes.
    private var unclear: Set<SessionID> = []
    private var hasUnreadablePin = false
    private var segments = CollectorDigests()
    private var manifests = CollectorDigests()
    private var marked: [Kind: (fresh: CollectorDigests, old: CollectorDigests)] = [:]

    private enum Kind { case segment, inventory, manifest }

    init(now: Timestamp, grace: Duration) {
        self.now = now
        self.grace = max(grace, .zero)
        horizon = now
    }

    /// Whether something that happened then is a grace ago.
    func isGraceAgo(_ time: Timestamp) -> Bool { time <= now - grace }

    // MARK: - What is there

    mutating func note(_ session: SessionID, _ part: CollectorObject.JournalPart, at time: Timestamp) {
        switch part {
        case .begin: journals[session, default: Journal()].begin = time
        case .final: journals[session, default: Journal()].final = time
        case .work:
            let newest = max(time, journals[session]?.work ?? time)
            journals[session, default: Journal()].work = newest
        }
    }

    mutating func note(_ standing: Pins.Standing) {
        guard !standing.isPast(at: now) else { return }
        if let snapshot = standing.pin?.snapshot { pinned.insert(snapshot) }
        for segment in standing.pin?.segments ?? [] { if let id = Digest(hex: segment) { segments.insert(id) } }
        if standing.pin == nil { hasUnreadablePin = true }
        if standing.holdsLater { hold(from: standing.put, for: "pin \(standing.key)") }
    }

    mutating func noteOutcome(of snapshot: SnapshotID, at time: Timestamp) {
        outcomes[snapshot] = Outcome(decided: time)
        if let session = snapshot.session { snapshots[session] = snapshot }
    }

    mutating func noteForgotten(_ snapshot: SnapshotID, at time: Timestamp) { forgotten[snapshot] = time }

    /// To be called when sessions, pins and outcomes were listed, in this order.
    mutating func closeLists() {
        for session in openSessions { hold(from: journals[session]?.begin ?? now, for: "session \(session), which is open") }
    }

    private mutating func hold(from time: Timestamp, for reason: String) {
        guard time < horizon else { return }
        (horizon, holder) = (time, reason)
    }

    // MARK: - Sessions

    /// Begun, and neither decided nor final. By their ids.
    var openSessions: [SessionID] {
        journals.filter { session, journal in
            guard journal.begin != nil, snapshots[session] == nil else { return false }
            return journal.final.map { $0 > now - Self.margin } ?? true
        }.keys.sorted { $0.text < $1.text }
    }

    func isOverdue(_ deadline: Timestamp) -> Bool { deadline + Self.margin < now }

    /// Final, and without an outcome or a word that it was forgotten, though no list can be so far behind.
    var finalWithoutOutcome: [SessionID] {
        let forgotten = Set(forgotten.keys.compactMap(\.session))
        return journals.filter { session, journal in
            guard let final = journal.final, snapshots[session] == nil, !forgotten.contains(session) else { return false }
            return final <= now - Self.margin
        }.keys.sorted { $0.text < $1.text }
    }

    mutating func noteUnclear(_ session: SessionID) { unclear.insert(session) }

    /// What of a journal is of no use any more.
    enum Disposal: Equatable {
        case nothing
        /// All but `begin` and `final`.
        case work
        /// Everything, and its outcome.
        case all
    }

    /// To be asked when the outcomes were read. What a swept snapshot's session left goes with the snapshot.
    func disposal(of session: SessionID) -> Disposal {
        guard let journal = journals[session], !unclear.contains(session) else { return .nothing }
        let outcome = outcome(of: session)
        let memory = max(Self.remembrance, grace)
        if let final = journal.final {
            let isSnapshot = outcome.map { $0.verdict != .abort } ?? false
            if !isSnapshot, final <= now - memory { return .all }
            return isGraceAgo(final) && journal.work != nil ? .work : .nothing
        }
        guard journal.begin != nil else {
            // Put by a worker that woke up when everything else of the session was gone.
            return journal.work.map { isGraceAgo($0) && $0 <= now - Self.margin } == true ? .work : .nothing
        }
        guard let outcome, outcome.verdict == .abort, outcome.decided <= now - memory else { return .nothing }
        return .all
    }

    /// Outcomes of aborted sessions whose journal is gone.
    var orphanedAborts: [SnapshotID] {
        outcomes.filter { snapshot, outcome in
            guard outcome.verdict == .abort, outcome.decided <= now - max(Self.remembrance, grace) else { return false }
            return snapshot.session.map { journals[$0] == nil } ?? true
        }.keys.sorted()
    }

    private func outcome(of session: SessionID) -> Outcome? {
        snapshots[session].flatMap { outcomes[$0] }
    }

    // MARK: - Snapshots

    /// Snapshots whose time is over, unless a mark keeps them: forgotten a grace ago, not pinned, finished. Oldest first.
    ///
    /// By what is forgotten, not by outcomes: a run that died between the two is gone on with.
    var sweepable: [SnapshotID] {
        // A pin that cannot be read may name any of them.
        guard !hasUnreadablePin else { return [] }
        return forgotten.filter { snapshot, time in
            isGraceAgo(time) && !pinned.contains(snapshot) && isFinished(snapshot)
        }.keys.sorted()
    }

    /// A journal with `begin` alone would be begun again by a late message, once the outcome is gone.
    private func isFinished(_ snapshot: SnapshotID) -> Bool {
        guard let session = snapshot.session, let journal = journals[session], journal.begin != nil, journal.final == nil else {
            return true
        }
        guard let outcome = outcomes[snapshot] else { return false }
        return outcome.decided <= now - max(Self.remembrance, grace)
    }

    /// The outcome is gone: what it names is no root any more.
    mutating func noteSwept(_ snapshot: SnapshotID) {
        outcomes[snapshot] = nil
        forgotten[snapshot] = nil
        if let session = snapshot.session { journals[session] = nil }
    }

    mutating func noteVerdict(_ verdict: Verdict, of snapshot: SnapshotID) { outcomes[snapshot]?.verdict = verdict }

    // MARK: - What is named

    mutating func name(manifest id: Digest) { manifests.insert(id) }

    mutating func name(segment id: Digest) { segments.insert(id) }

    /// - Parameter time: when the list was put.
    mutating func note(_ marks: GarbageCollectionEntry, at time: Timestamp) {
        for object in marks.objects {
            guard let (kind, id) = Self.content(object) else { continue }
            var both = marked.removeValue(forKey: kind) ?? (CollectorDigests(), CollectorDigests())
            if isGraceAgo(time) { both.old.insert(id) } else { both.fresh.insert(id) }
            marked[kind] = both
        }
    }

    /// What becomes of a manifest, a segment or an inventory; nil for anything else.
    mutating func fate(of object: CollectorObject, stored time: Timestamp) -> Fate? {
        guard let (kind, id) = Self.content(object) else { return nil }
        let isNamed = kind == .manifest ? manifests.contains(id) : segments.contains(id)
        if isNamed { return .named }
        guard time < horizon - Self.margin else { return .held }
        if marked[kind]?.old.contains(id) == true { return .delete }
        return marked[kind]?.fresh.contains(id) == true ? .waits : .mark
    }

    private static func content(_ object: CollectorObject) -> (Kind, Digest)? {
        switch object {
        case .segment(let id): (.segment, id)
        case .inventory(let id): (.inventory, id)
        case .manifest(let id): (.manifest, id)
        default: nil
        }
    }
}
