package import Messages
package import Runtime

/// Which of the sessions that were asked for may be published, by Stash's state machine, as a pure value over all sessions without an end.
///
/// A plan that has a session skips the next. A target is one session's at a time: backups of other plans wait for it, oldest first, and while
/// it is restored all wait. Restores wait for nothing. Members of a batch are one session of it, and follow each other where it says so. docs/scheduling.md has the rules in full.
package struct Admission: Sendable {
    /// A session without an end.
    package struct Session: Hashable, Sendable {
        package var id: String
        package var kind: SessionKind
        /// Stash's object name: what people know it by.
        package var name: String
        package var namespace: String
        package var invoker: Invoker
        package var target: ResourceKey
        package var requestedAt: Timestamp
        /// Whether workers may know it.
        package var isPublished: Bool
        /// Whether a worker has begun it.
        package var isBegun: Bool
        /// When it is over for its rules here: the last moment at which a worker may begin it, or up to which it may wait for its turn.
        package var mayBeginUntil: Timestamp
        /// Whether it was decided that it is published: it is, or will be as soon as the broker takes it.
        package var hasTurn: Bool
        /// Of a member of a batch's session.
        package var parent: ParentSession?

        package init(
            id: String, kind: SessionKind, name: String, namespace: String, invoker: Invoker, target: ResourceKey,
            requestedAt: Timestamp, isPublished: Bool, isBegun: Bool, mayBeginUntil: Timestamp, hasTurn: Bool = false,
            parent: ParentSession? = nil
        ) {
            self.id = id
            self.kind = kind
            self.name = name
            self.namespace = namespace
            self.invoker = invoker
            self.target = target
            self.requestedAt = requestedAt
            self.isPublished = isPublished
            self.isBegun = isBegun
            self.mayBeginUntil = mayBeginUntil
            self.hasTurn = hasTurn
            self.parent = parent
        }

        fileprivate var isWithWorkers: Bool { isPublished || isBegun }
        fileprivate var holdsTarget: Bool { isWithWorkers || hasTurn }

        fileprivate func isSibling(of other: Session) -> Bool { parent?.isSibling(of: other.parent) ?? false }

        /// Of the same plan, but not of the same session of it.
        fileprivate func isOfPlan(_ other: Session) -> Bool {
            kind == other.kind && namespace == other.namespace && invoker == other.invoker && !isSibling(of: other)
        }

        /// Stash's order of those that wait: the oldest first, then by name.
        fileprivate func isAhead(of other: Session) -> Bool {
            isSibling(of: other)
                ? (parent?.place ?? 0) < (other.parent?.place ?? 0)
                : (requestedAt, name, id) < (other.requestedAt, other.name, other.id)
        }
    }

    package enum Verdict: Hashable, Sendable {
        case publish
        /// Until the session that is named, of another plan or a restore, has ended.
        case wait(for: Session)
        /// Its plan has that session.
        case skip(because: Session)
    }

    private let sessions: [Session]

    /// - Parameter unfinished: all sessions without an end that are known; those that no worker can begin any more are left aside.
    package init(unfinished: [Session], now: Timestamp) {
        // Begun, it ends by a worker, however late.
        let sessions = unfinished.filter { $0.isBegun || $0.mayBeginUntil > now }
        // Schedulers may have asked for members at moments of their own. One moment for all of a batch keeps waiting free of circles.
        var moments: [SessionID: Timestamp] = [:]
        for one in sessions { if let id = one.parent?.id { moments[id] = min(moments[id] ?? one.requestedAt, one.requestedAt) } }
        self.sessions = sessions.map { one in
            var one = one
            if let id = one.parent?.id { one.requestedAt = moments[id] ?? one.requestedAt }
            return one
        }
    }

    /// What becomes of a session that is asked for now. One that is known already is no obstacle to itself.
    package func verdict(on new: Session) -> Verdict {
        if new.kind == .backup, let running = sessions.first(where: { $0.id != new.id && $0.isOfPlan(new) }) {
            return .skip(because: running)
        }
        return obstacle(to: new).map { .wait(for: $0) } ?? .publish
    }

    /// Those that have waited and may be published now, in the order of their turn, one a target.
    package func released() -> [Session] {
        waiting.filter { one in
            one.hasTurn
                || obstacle(to: one) == nil
                    && !sessions.contains { $0.id != one.id && $0.isOfPlan(one) && ($0.holdsTarget || $0.isAhead(of: one)) }
        }.sorted { $0.isAhead(of: $1) }
    }

    private var waiting: [Session] { sessions.filter { !$0.isWithWorkers } }

    /// Whoever holds the target: a session that is published or about to be, or one that has waited for longer. In a sequence, first the
    /// member before.
    private func obstacle(to one: Session) -> Session? {
        let before = sessions.filter { $0.id != one.id && one.parent?.follows($0.parent) ?? false }
        if let member = before.min(by: { $0.isAhead(of: $1) }) { return member }
        guard one.kind == .backup else { return nil }
        return sessions.filter { other in
            other.id != one.id && other.target == one.target && !other.isOfPlan(one)
                && (other.holdsTarget || other.isAhead(of: one))
        }.min { left, right in
            // The one to name: what runs before what waits, a restore before a backup.
            let rank = { (session: Session) in (session.holdsTarget ? 0 : 2) + (session.kind == .restore ? 0 : 1) }
            return rank(left) == rank(right) ? left.isAhead(of: right) : rank(left) < rank(right)
        }
    }
}
