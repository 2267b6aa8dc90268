import Messages

/// What a Scheduler does about a cancel.
struct SessionCancel: Sendable {
    let ledger: Ledger
    let starter: SessionStarter

    /// Workers get a request over the broker too and find the session by its journal. One that none of them has begun only the ledger knows, so
    /// what it knows is sent after.
    ///
    /// - Returns: nil for a session that is not in the ledger, or only by its events: a worker answers.
    func order(_ request: CancelRequest) async throws -> Reply? {
        if let batch = try await ledger.batch(request.session.text) { return try await order(request, of: batch) }
        guard let session = try await ledger.session(request.session.text) else { return nil }
        // What a Scheduler guesses by its clock, or a worker that could not reach the journal, is not the end.
        guard !(session.phase.isFinal && session.source == .final) else {
            // Asking twice is no mistake; the workers tell the end again.
            if session.conditions.contains(where: { $0.type == "Cancelled" }) { return .accepted(session: request.session) }
            return .refused(code: .refused, message: "session \(session.id) has ended already: \(session.phase.rawValue)")
        }
        guard let message = try await ledger.message(of: session.id) else { return nil }
        try await starter.cancel(request.session, reason: request.reason, message: message)
        return .accepted(session: request.session)
    }

    /// Ends each member that has not ended, as if each had been asked for.
    ///
    /// - Returns: the members whose end is on its way; nil where no message of one is known here: they can be cancelled by their own ids.
    private func order(_ request: CancelRequest, of batch: BatchSession) async throws -> Reply? {
        guard !batch.phase.isFinal else {
            return .refused(code: .refused, message: "batch session \(batch.id) has ended already: \(batch.phase.rawValue)")
        }
        var cancelled: [SessionID] = []
        for member in batch.members where !(member.phase == .skipped || member.phase.isFinal && member.source == .final) {
            guard let id = SessionID(member.id), let message = try await ledger.message(of: member.id) else { continue }
            try await starter.cancel(id, reason: request.reason, message: message)
            cancelled.append(id)
        }
        return cancelled.isEmpty ? nil : .acceptedBatch(parent: batch.id, members: cancelled)
    }
}
