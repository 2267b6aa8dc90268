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

    /// Decides about a session and records it, in one: whoever asks next sees it.
    ///
    /// - Parameters:
    ///   - message: what is published now or later.
    ///   - outcome: the status that goes with a verdict, saved with it.
    package func admit(
        _ command: SessionCommand, message: [UInt8], now: Timestamp,
        outcome: @Sendable (Admission.Verdict) -> StatusEvent?
    ) throws(SchedulerError) -> Admitted {
        let id = command.id.text
        let earlier = try self.message(of: id)
        // Without its message, a Pending one waits at another Scheduler: it is new here.
        if let known = try session(id), known.identity != nil, earlier != nil || known.phase != .pending {
            return .known(known, message: earlier, isWaiting: try isWaiting(id))
        }
        let new = Admission.Session(command)
        let verdict = Admission(unfinished: try unfinished(besides: new), now: now).verdict(on: new)
        // The clocks of those that ask differ: what was decided first holds, whatever its moment.
        var events = [
            LedgerEvent(request: command, message: message, publishedAt: nil, turnAt: verdict == .publish ? now : nil)
        ]
        if let status = outcome(verdict) { events.append(LedgerEvent(status, at: now)) }
        try apply(events)
        return .new(verdict)
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
            hasTurn: record.turnAt != nil)
    }
}

extension Admission.Session {
    /// A backup's BackupConfiguration.
    var plan: ResourceKey { ResourceKey(kind: .backupConfiguration, namespace: namespace, name: invoker.name) }

    /// A session that is asked for now.
    package init(_ command: SessionCommand) {
        self.init(
            id: command.id.text, kind: command.kind, name: command.name, namespace: command.namespace, invoker: command.invoker,
            target: command.target.key, requestedAt: command.requestedAt, isPublished: false, isBegun: false,
            mayBeginUntil: command.requestedAt + .seconds(command.allowedSeconds))
    }
}
