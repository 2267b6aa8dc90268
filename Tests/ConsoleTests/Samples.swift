import Messages
import Runtime
import Testing

@testable import Console

/// A session that events are made for.
struct Sample {
    let id: SessionID
    let moment = Timestamp(millisecondsSinceEpoch: 1_795_442_531_000)

    init() throws { id = try #require(SessionID("4f0c")) }

    func status(
        _ phase: Phase, _ source: PhaseSource = .announced, indices: [(String, Int)] = [("orders", 1000), ("logs", 500)],
        kind: SessionKind = .backup, error: String? = nil
    ) -> StatusEvent {
        let condition = Condition(type: "Note", reason: "Test", message: error ?? "", lastTransitionTime: moment)
        var event = StatusEvent(
            session: id, kind: kind, name: "nightly-1", namespace: "default",
            invoker: Invoker(kind: "BackupConfiguration", name: "nightly"),
            repository: "local", target: "shop", requestedAt: moment, failure: condition)
        let isDone = phase == .succeeded
        event.phase = phase
        event.source = source
        event.startedAt = moment
        event.finishedAt = phase.isFinal ? moment + .milliseconds(4250) : nil
        event.indices = indices.map {
            IndexResult(
                name: $0.0, expectedDocuments: $0.1, documents: isDone ? $0.1 : 0, bytes: isDone ? $0.1 * 2048 : 0,
                storedBytes: isDone ? $0.1 * 100 : 0)
        }
        event.conditions = error == nil ? [] : [condition]
        event.error = error
        event.snapshot = isDone ? SnapshotID(startedAt: moment, session: id) : nil
        event.partsByWorker = isDone ? ["w2": 1, "w1": 3] : [:]
        return event
    }

    func progress(
        _ index: String, slice: Int = 0, epoch: Int = 0, number: Int = 0, _ documents: Int,
        _ state: ProgressEvent.State = .running
    ) -> ProgressEvent {
        ProgressEvent(
            session: id, kind: .backup, index: index, position: UnitPosition(slice: slice, epoch: epoch, number: number),
            state: state,
            documents: documents, bytes: documents * 1024, storedBytes: documents * 100, worker: "w1", time: moment)
    }
}
