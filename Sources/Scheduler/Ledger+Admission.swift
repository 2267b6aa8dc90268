package import Messages
package import Runtime

extension Ledger {
    /// What `admit` found or did.
    package enum Admitted: Sendable {
        /// It was asked for before; `isWaiting` for its turn, or the workers have its message.
        case known(LedgerSession, message: [UInt8]?, isWaiting: Bool)
        /// Recorded as waiting; for `.publish` until the caller has published it.
        case new(Admission.Verdict)
    }

    /// A session that waits for its turn, with its message.
    package struct WaitingSession: Sendable, Equatable {
        package var session: Admission.Session
        package var message: [UInt8]
    }

    /// A member of a batch's session that cannot begin: something that it names is missing or not allowed.
    package struct UnableMember: Sendable {
        package var status: StatusEvent
        /// How often the batch may be tried again.
        package var retryLeft: Int?

        package init(status: StatusEvent, retryLeft: Int?) {
            self.status = status
            self.retryLeft = retryLeft
        }
    }

    /// Decides about a session and records it, in one: whoever asks next sees it.
    ///
    /// - Parameters:
    ///   - message: what is published now or later.
    ///   - outcome: the status that goes with a verdict, saved with it.
    package func admit(
        _ command: SessionCommand, message: [UInt8], now: Timestamp,
        outcome: @Sendable (Admission.Verdict) -> StatusEvent?
    ) throws(SchedulerError) -> Admitted {
        try admit([(command, message)], now: now) { verdict, _ in outcome(verdict) }.admitted[0]
    }

    /// Decides about the members of a batch's session, in their order, and records them all in one: none can be missing.
    ///
    /// - Returns: for each of `members` what was found or done, and what is to be told of those that are `unable`.
    package func admit(
        _ members: [(command: SessionCommand, message: [UInt8])], unable: [UnableMember] = [], now: Timestamp,
        outcome: @Sendable (Admission.Verdict, SessionCommand) -> StatusEvent?
    ) throws(SchedulerError) -> (admitted: [Admitted], ended: [StatusEvent]) {
        var (admitted, events, fresh): ([Admitted], [LedgerEvent], [Admission.Session]) = ([], [], [])
        var (skip, ended): (StatusEvent?, [StatusEvent]) = (nil, [])
        for (command, message) in members {
            let id = command.id.text
            let earlier = try self.message(of: id)
            // Without its message, a Pending one waits at another Scheduler: it is new here.
            if let known = try session(id), known.identity != nil, earlier != nil || known.phase != .pending {
                admitted.append(.known(known, message: earlier, isWaiting: try isWaiting(id)))
                continue
            }
            var new = Admission.Session(command)
            let verdict = Admission(unfinished: try unfinished(besides: new) + fresh, now: now).verdict(on: new)
            // The clocks of those that ask differ: what was decided first holds, whatever its moment.
            events.append(
                LedgerEvent(request: command, message: message, publishedAt: nil, turnAt: verdict == .publish ? now : nil))
            if let status = outcome(verdict, command) {
                events.append(LedgerEvent(status, at: now))
                if status.phase == .skipped { skip = status }
            }
            admitted.append(.new(verdict))
            if case .skip = verdict { continue }
            new.hasTurn = verdict == .publish
            fresh.append(new)
        }
        for member in unable {
            var status = member.status
            events.append(LedgerEvent(unable: status, retryLeft: member.retryLeft))
            if let known = try session(status.session.text), known.identity != nil {
                guard known.phase.isFinal, known.source == .scheduler, let told = StatusEvent(known, indices: []) else {
                    continue
                }
                ended.append(told)
                continue
            }
            // What is missing to a member of a batch that is skipped is the next one's to tell.
            if let skip { (status.phase, status.conditions, status.error) = (.skipped, skip.conditions, skip.error) }
            events.append(LedgerEvent(status, at: status.requestedAt))
            ended.append(status)
        }
        try apply(events)
        return (admitted, ended)
    }

    /// All sessions that wait, unless none does; then nothing is looked at.
    package func waitingSessions() throws(SchedulerError) -> [WaitingSession] { try waiting(id: nil) }

    /// Whether a session is still to be published.
    func isWaiting(_ id: String) throws(SchedulerError) -> Bool { try !waiting(id: id).isEmpty }

    /// Decides whose turn it is and notes that, in one: whoever is admitted next sees it.
    ///
    /// - Returns: those to publish, in the order of their turn, and those that have waited for too long.
    func takeTurns(now: Timestamp) throws(SchedulerError) -> (turns: [WaitingSession], late: [WaitingSession]) {
        let waiting = try waitingSessions()
        guard !waiting.isEmpty else { return ([], []) }
        var turns: [WaitingSession] = []
        for next in Admission(unfinished: try unfinishedSessions(), now: now).released() {
            guard let one = waiting.first(where: { $0.session.id == next.id }) else { continue }
            if !next.hasTurn {
                try database.run("UPDATE sessions SET turn_at = ? WHERE id = ?", .integer(now.milliseconds), .text(next.id))
            }
            turns.append(one)
        }
        return (turns, waiting.filter { $0.session.mayBeginUntil <= now })
    }

    /// What decides who is next: all sessions without an end.
    package func unfinishedSessions() throws(SchedulerError) -> [Admission.Session] {
        try database.query(
            "\(Self.admissionRows) WHERE \(Self.unfinished)", read: Self.admissionSession)
    }

    private func waiting(id: String?) throws(SchedulerError) -> [WaitingSession] {
        let term = id == nil ? "" : "AND id = ?"
        return try database.query(
            """
            \(Self.admissionRows) CROSS JOIN messages ON messages.session = id
            WHERE \(Self.unfinished) AND phase = 'Pending' AND published_at IS NULL \(term)
            """,
            id.map { [.text($0)] } ?? []
        ) { row throws(SchedulerError) in
            WaitingSession(session: try Self.admissionSession(row), message: row["message"].blob ?? [])
        }
    }

    /// Those that a verdict on `new` may depend on.
    private func unfinished(besides new: Admission.Session) throws(SchedulerError) -> [Admission.Session] {
        try database.query(
            """
            \(Self.admissionRows) WHERE \(Self.unfinished) AND id <> ?1 AND (
                (namespace = ?2 AND invoker_kind = ?3 AND invoker_name = ?4)
                OR (target = ?5 AND ifnull(target_namespace, namespace) = ?6))
            """,
            [
                .text(new.id), .text(new.namespace), .text(new.invoker.kind), .text(new.invoker.name), .text(new.target.name),
                .text(new.target.namespace),
            ], read: Self.admissionSession)
    }

    /// One of which only a word is known that it is Pending is another Scheduler's, and waits there: workers do not know it. Nor does a word
    /// that is not about any session count.
    private static let unfinished = """
        phase NOT IN ('Succeeded', 'Failed', 'Skipped') AND kind IS NOT NULL AND (\(hasMessage) OR phase <> 'Pending')
        """

    private static let admissionRows = "SELECT *, \(hasMessage) AS has_message FROM sessions INDEXED BY sessions_unfinished"

    private static func admissionSession(_ row: SQLiteRow) throws(SchedulerError) -> Admission.Session {
        let record = try record(row)
        let identity = record.identity
        let namespace = identity?.namespace ?? ""
        let deadline = record.deadline ?? record.createdAt + 24 * 3_600_000
        let isPublished = record.publishedAt != nil || row["has_message"].integer == 0
        return Admission.Session(
            id: record.id, kind: identity?.kind ?? .backup, name: identity?.name ?? "", namespace: namespace,
            invoker: identity?.invoker ?? Invoker(kind: "", name: ""),
            target: ResourceKey(kind: .appBinding, namespace: record.targetNamespace ?? namespace, name: identity?.target ?? ""),
            requestedAt: Timestamp(milliseconds: record.createdAt), isPublished: isPublished,
            isBegun: record.startedAt != nil || record.standing.phase != .pending,
            mayBeginUntil: Timestamp(milliseconds: isPublished ? record.notAfter ?? deadline : deadline),
            hasTurn: record.turnAt != nil, parent: identity?.parent)
    }
}

extension Admission.Session {
    /// A backup's BackupConfiguration, or BackupBatch.
    var plan: ResourceKey {
        ResourceKey(kind: parent == nil ? .backupConfiguration : .backupBatch, namespace: namespace, name: invoker.name)
    }

    /// A session that is asked for now.
    package init(_ command: SessionCommand) {
        self.init(
            id: command.id.text, kind: command.kind, name: command.name, namespace: command.namespace, invoker: command.invoker,
            target: command.target.key, requestedAt: command.requestedAt, isPublished: false, isBegun: false,
            mayBeginUntil: command.requestedAt + .seconds(command.allowedSeconds), parent: command.parent)
    }
}
