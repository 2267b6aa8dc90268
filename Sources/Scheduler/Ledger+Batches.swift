import Messages
package import Runtime

extension Ledger {
    /// The whole session of a batch by its id, nil where no member of it is known.
    package func batch(_ parent: String, now: Timestamp = .now()) throws(SchedulerError) -> BatchSession? {
        var members: [LedgerSession] = []
        for id in try memberIDs(of: parent) { if let member = try session(id) { members.append(member) } }
        return BatchSession(members: members, now: now)
    }

    func memberIDs(of parent: String) throws(SchedulerError) -> [String] {
        try database.query(
            "SELECT id FROM sessions INDEXED BY sessions_by_parent WHERE parent = ? ORDER BY parent_place, id", [.text(parent)]
        ) { $0["id"].text ?? "" }
    }

    /// How a BackupBatch or RestoreBatch is doing, each of its sessions counted as a whole; nil for what is none.
    func batchSummary(of invoker: InvokerKey, now: Timestamp = .now()) throws(SchedulerError) -> InvokerSummary? {
        guard [ResourceKind.backupBatch, .restoreBatch].map(\.rawValue).contains(invoker.kind) else { return nil }
        let sessions = try database.query(
            """
            SELECT parent, max(created_at) AS at, max(deadline) AS deadline, max(parent_count) AS members, group_concat(phase) AS phases
            FROM sessions INDEXED BY sessions_of_batches
            WHERE parent IS NOT NULL AND namespace = ? AND invoker_kind = ? AND invoker_name = ? GROUP BY parent
            """, invoker.values
        ) { row in
            let at = row["at"].integer ?? 0
            let phases = (row["phases"].text ?? "").split(separator: ",").compactMap { Phase(rawValue: String($0)) }
            return (
                id: row["parent"].text ?? "", at: at,
                phase: BatchSession.phase(
                    of: phases, count: row["members"].integer ?? 0,
                    isOver: BatchSession.isOver(
                        deadline: row["deadline"].integer.map(Timestamp.init(milliseconds:)),
                        requestedAt: Timestamp(milliseconds: at), now: now))
            )
        }.sorted { ($0.at, $0.id) > ($1.at, $1.id) }
        let finished = sessions.filter { $0.phase == .succeeded || $0.phase == .failed }
        var summary = InvokerSummary(
            namespace: invoker.namespace, invoker: Invoker(kind: invoker.kind, name: invoker.name), lastFinished: nil,
            lastSuccess: nil, consecutiveFailures: finished.prefix { $0.phase == .failed }.count)
        if let last = finished.first { summary.lastFinished = try batch(last.id, now: now)?.session }
        if let success = finished.first(where: { $0.phase == .succeeded }) {
            summary.lastSuccess = try batch(success.id, now: now)?.session
        }
        return summary
    }
}
