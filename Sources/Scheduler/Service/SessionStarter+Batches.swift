import AMQP
import Bus
import Messages
import Runtime

/// A batch's session is decided about and recorded as a whole, and published member by member.
extension SessionStarter {
    /// - Returns: `acceptedBatch`, also where the batch is skipped, or a refusal.
    func start(batch parent: SessionID, _ members: [SessionFactory.Made]) async throws -> Reply {
        var ready: [(command: SessionCommand, message: OutgoingMessage)] = []
        var unable: [Ledger.UnableMember] = []
        for member in members {
            switch member {
            case .command(let command):
                let message = try message(command, attempt: 0)
                if let refusal = refusal(of: message) { return refusal }
                ready.append((command, message))
            case .failed(let status, let retryLeft): unable.append(Ledger.UnableMember(status: status, retryLeft: retryLeft))
            case .batch, .refused: continue
            }
        }
        let now = Timestamp.now()
        let (admitted, ended) = try await ledger.admit(
            ready.map { ($0.command, $0.message.body) }, unable: unable, now: now
        ) { verdict, command in StatusEvent(verdict, of: command, now: now) }
        for (one, found) in zip(ready, admitted) {
            switch found {
            case .known(let session, let known, let isWaiting):
                let reply = try await startAgain(one.command, one.message, session, known: known, isWaiting: isWaiting)
                guard case .accepted = reply else { return reply }
            case .new(.publish):
                // Unless the ticker has come to it meanwhile.
                _ = try await underWay.once(one.command.id.text) {
                    if try await ledger.isWaiting(one.command.id.text) { try await publish(one.command, one.message) }
                }
            case .new(let verdict):
                guard let status = StatusEvent(verdict, of: one.command, now: now) else { continue }
                try await announce(status)
            }
        }
        for status in ended { try await announce(status) }
        return .acceptedBatch(parent: parent, members: members.compactMap(\.session))
    }
}
