import Bus
import Messages
import Runtime
import Sessions

/// Tells how far a unit is: at most once a second while it runs, and once when its part is stored.
final class ProgressReporter {
    private static let interval = Duration.seconds(1)

    private let parts: WorkerParts
    private let command: SessionCommand
    private let position: UnitPosition
    private let startedAt = ContinuousClock.now
    private var reportedAt = ContinuousClock.now
    /// Known once the plan is read.
    var index: String?

    init(_ parts: WorkerParts, command: SessionCommand, position: UnitPosition) {
        self.parts = parts
        self.command = command
        self.position = position
    }

    func running(documents: Int, bytes: Int, storedBytes: Int) {
        let now = ContinuousClock.now
        guard now - reportedAt >= Self.interval else { return }
        reportedAt = now
        post(.running, documents, bytes, storedBytes)
    }

    func stored(_ part: PartEntry) {
        post(.stored, part.documents, part.bytes, part.storedBytes)
        let seconds =
            Double((ContinuousClock.now - startedAt).components.attoseconds) / 1e18
            + Double((ContinuousClock.now - startedAt).components.seconds)
        for (name, value) in [
            ("sheaf_unit_seconds", seconds), ("sheaf_unit_documents", Double(part.documents)),
            ("sheaf_unit_bytes", Double(part.bytes)),
        ] { post(metric: name, value: value) }
    }

    private func post(_ state: ProgressEvent.State, _ documents: Int, _ bytes: Int, _ storedBytes: Int) {
        guard let index else { return }
        let event = ProgressEvent(
            session: command.id, kind: command.kind, index: index, position: position, state: state, documents: documents,
            bytes: bytes,
            storedBytes: storedBytes, worker: parts.settings.name, time: .now())
        let id = "\(command.id)/progress/\(position.slice)/\(position.epoch)-\(position.number)/\(state.rawValue)/\(documents)"
        send(.progress, id: id, event, key: RoutingKey.progress(command.kind, plan: command.invoker.name))
    }

    private func post(metric name: String, value: Double) {
        let labels = ["worker": parts.settings.name, "kind": command.kind.rawValue, "plan": command.invoker.name]
        let event = MetricEvent(name: name, value: value, labels: labels, time: .now())
        let id = "\(command.id)/metric/\(name)/\(position.slice)/\(position.epoch)-\(position.number)"
        send(.metric, id: id, event, key: RoutingKey.metric(plan: command.invoker.name, name: name))
    }

    private func send(_ type: MessageType, id: String, _ payload: some Codable & Sendable, key: String) {
        do {
            parts.outbox.post(
                try parts.envelope.message(
                    type, id: id, session: command.id, payload: payload, to: Topology.event, key: key, mandatory: false))
        } catch {
            parts.logger.warning("an event could not be encoded", metadata: ["error": .string("\(error)")])
        }
    }
}
