import AMQP
package import Messages

extension Delivery {
    /// The session that the message asks for.
    ///
    /// - Throws: `PoisonError` for what is no such message, and for a session under the type of the other kind or without its plan: a backup
    ///   without one would take every index.
    package func session() throws(PoisonError) -> CloudEvent<SessionCommand> {
        let event = try event(
            SessionCommand.self, types: [.backupSession, .restoreSession], maximumBytes: PoisonError.maximumSession)
        let (type, isWhole) =
            switch event.data.kind {
            case .backup: (MessageType.backupSession, event.data.configuration != nil)
            case .restore: (MessageType.restoreSession, event.data.restore != nil)
            }
        guard event.type == type.rawValue else {
            throw PoisonError("the session is a \(event.data.kind.rawValue), but the message's type is \(event.type)")
        }
        guard isWhole else {
            let field = event.data.kind == .backup ? "configuration" : "restore"
            throw PoisonError("a \(event.data.kind.rawValue) needs its plan, in the field \(field)")
        }
        return event
    }
}
