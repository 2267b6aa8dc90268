import AMQP
import Bus
import Messages
import Runtime
import Sessions

/// Turns what the protocol publishes into messages: units to the workers, status to whoever listens and to the asker.
struct OutgoingSession {
    let parts: WorkerParts
    let command: SessionCommand
    /// Nil where no unit can be published.
    let repositoryID: RepositoryID?
    let replyTo: String?

    func messages(for publication: Handling.Publication) throws -> [OutgoingMessage] {
        switch publication {
        case .unit(let position, let attempt):
            guard let repositoryID else { throw WorkerError(.refused, "a unit was to be published without its repository") }
            let unit = UnitCommand(session: command, repositoryID: repositoryID, position: position)
            let id = "\(command.id)/unit/\(position.slice)/\(position.epoch)-\(position.number)"
            return [
                try parts.envelope.message(
                    .unit, id: id, session: command.id, payload: unit, to: Topology.command,
                    key: RoutingKey.unit(command.kind, plan: command.invoker.name), mandatory: true, replyTo: replyTo,
                    attempt: attempt)
            ]
        case .running(let plan, let begin):
            let indices = plan.indices.map {
                IndexResult(name: $0.targetName, expectedDocuments: $0.documents, documents: 0, bytes: 0, storedBytes: 0)
            }
            let status = StatusEvent(
                of: command, phase: .running, source: .announced, startedAt: begin.startedAt, snapshot: plan.snapshot,
                indices: indices,
                conditions: plan.notes.map {
                    Condition(type: "Note", reason: "Planned", message: $0, lastTransitionTime: plan.plannedAt)
                })
            return try messages(for: status, id: "\(command.id)/running")
        case .final(let final): return try messages(for: final.status, id: "\(command.id)/final")
        case .expired:
            return try messages(
                for: refused("Expired", "no worker began the session before its notAfter"), id: "\(command.id)/expired")
        case .identifierInUse:
            // To the asker alone: whoever follows the session of that id must not take this for its end.
            guard let replyTo else { return [] }
            let status = refused("IdentifierInUse", "another request has the id \(command.id); choose another idempotency key")
            return [try message(status, id: "\(command.id)/in-use", to: "", key: replyTo)]
        }
    }

    func messages(for status: StatusEvent, id: String) throws -> [OutgoingMessage] {
        let key = RoutingKey.status(command.kind, plan: command.invoker.name, phase: status.phase)
        var messages = [try message(status, id: id, to: Topology.event, key: key)]
        if let replyTo { messages.append(try message(status, id: id, to: "", key: replyTo)) }
        return messages
    }

    private func message(_ status: StatusEvent, id: String, to exchange: String, key: String) throws -> OutgoingMessage {
        try parts.envelope.message(
            .status, id: id, session: command.id, payload: status, to: exchange, key: key, mandatory: false)
    }

    private func refused(_ condition: String, _ message: String) -> StatusEvent {
        let now = Timestamp.now()
        return StatusEvent(
            of: command, phase: .failed, source: .unrecorded, finishedAt: now,
            conditions: [Condition(type: condition, reason: condition, message: message, lastTransitionTime: now)], error: message
        )
    }
}
