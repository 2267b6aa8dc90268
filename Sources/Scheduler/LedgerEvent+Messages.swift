package import Messages
package import Runtime

extension LedgerEvent {
    /// The Scheduler, or someone else, asked for a session.
    ///
    /// - Parameters:
    ///   - message: the message, for publishing it, or publishing it again.
    ///   - publishedAt: nil while the session waits.
    ///   - turnAt: nil while the session waits for its turn, or where another Scheduler decides.
    package init(request command: SessionCommand, message: [UInt8]?, publishedAt: Timestamp?, turnAt: Timestamp? = nil) {
        let identity = LedgerSession.Identity(
            kind: command.kind, name: command.name, namespace: command.namespace, invoker: command.invoker,
            repository: command.repository.metadata.name, target: command.target.metadata.name, parent: command.parent)
        self.init(
            session: command.id.text, time: command.requestedAt,
            content: .request(
                Request(
                    identity: identity, deadline: command.requestedAt + .seconds(command.allowedSeconds), message: message,
                    publishedAt: publishedAt, targetNamespace: command.target.metadata.namespace, notAfter: command.notAfter,
                    retryLeft: command.retryLeft, turnAt: turnAt)))
    }

    /// The request for a batch's member that cannot begin, so that there is no message.
    init(unable status: StatusEvent, retryLeft: Int?) {
        self.init(
            session: status.session.text, time: status.requestedAt,
            content: .request(Request(identity: LedgerSession.Identity(status), retryLeft: retryLeft)))
    }

    /// - Parameter time: that of the message's envelope.
    package init(_ event: StatusEvent, at time: Timestamp) {
        let indices = event.indices.map {
            LedgerIndex(
                name: $0.name, documents: $0.documents, totalDocuments: $0.expectedDocuments, bytes: $0.bytes,
                storedBytes: $0.storedBytes)
        }
        self.init(
            session: event.session.text, time: time,
            content: .status(
                Status(
                    identity: LedgerSession.Identity(event), phase: event.phase, source: event.source,
                    requestedAt: event.requestedAt,
                    startedAt: event.startedAt, finishedAt: event.finishedAt, snapshot: event.snapshot?.text,
                    error: event.error, conditions: event.conditions, indices: indices)))
    }

    package init(_ event: ProgressEvent) {
        self.init(
            session: event.session.text, time: event.time,
            content: .progress(
                Progress(
                    slice: event.slice, epoch: event.epoch, number: event.number, index: event.index,
                    isStored: event.state == .stored, documents: event.documents, bytes: event.bytes,
                    storedBytes: event.storedBytes)))
    }
}

extension LedgerSession.Identity {
    fileprivate init(_ event: StatusEvent) {
        self.init(
            kind: event.kind, name: event.name, namespace: event.namespace, invoker: event.invoker,
            repository: event.repository, target: event.target, parent: event.parent)
    }
}
