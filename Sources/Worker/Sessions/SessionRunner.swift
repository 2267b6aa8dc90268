import AMQP
import Archive
import Bus
import Crypto
import Elasticsearch
import Messages
import Runtime
import Sessions

/// Takes one delivery through the session protocol to its settlement.
///
/// The order is always: durable bytes, entry, confirmed publish, ack. A crash anywhere leaves a duplicate, never a hole.
struct SessionRunner {
    enum Work {
        case session(SessionCommand)
        case unit(UnitCommand)
        case cancel(SessionCommand, OutcomeEntry.Abort)

        var command: SessionCommand {
            switch self {
            case .session(let command), .cancel(let command, _): command
            case .unit(let unit): unit.session
            }
        }

        fileprivate var acknowledgement: Failpoint.Step {
            switch self {
            case .session: .ackSession
            case .unit: .ackUnit
            case .cancel: .ackCancel
            }
        }
    }

    private let parts: WorkerParts
    private let delivery: Delivery
    private let handler: DeliveryHandler
    private let logger: Logger
    /// The broker gave the message up: its session is to be ended, and this delivery is certainly not the first.
    private let isDeadLetter: Bool
    private let endurance: Endurance

    init(_ parts: WorkerParts, delivery: Delivery, isDeadLetter: Bool = false) {
        self.parts = parts
        self.delivery = delivery
        self.isDeadLetter = isDeadLetter
        endurance = Endurance(delivery, isDeadLetter: isDeadLetter)
        handler = DeliveryHandler(parts, delivery: delivery)
        logger = parts.logger
    }

    func run() async {
        await handler.run { try await run(try decode()) }
    }

    private func decode() throws(PoisonError) -> Work {
        _ = try delivery.replyTo()
        if delivery.messageType == .unit {
            let unit = try delivery.event(UnitCommand.self, types: [.unit]).data
            guard unit.position.isPlausible else { throw PoisonError("no session has a unit \(unit.position)") }
            return .unit(unit)
        }
        return .session(try delivery.session().data)
    }

    /// Does the work that the delivery asks for, and settles it.
    ///
    /// - Throws: what stands in the way of settling it: `DeliveryHandler.run` says what becomes of the delivery then.
    func run(_ work: Work) async throws {
        let command = work.command
        let progress = reporter(of: work)
        var effects: SessionEffects?
        var handling = try makeHandling(work)
        var request = handling.start()
        var endings = 0
        /// Why the session is being aborted, once it is.
        var failure: (any Error)?
        while true {
            do {
                let opened = try effects ?? open(work, progress)
                effects = opened
                if case .settle(let settlement) = request {
                    if case .reject = settlement, let failure { return try await failUnrecorded(command, error: failure) }
                    try await settle(settlement, of: work, handling)
                    return parts.upkeep.request(after: command, outcome: handling.outcome)
                }
                if case .publish(let publications) = request { try await tellAsker(publications, handling, command) }
                let reply = try await perform(request, of: handling, effects: opened, work: work, progress: progress)
                request = handling.receive(reply, now: .now())
                parts.doneSlices.remember(handling.doneEpochs, of: command.id)
            } catch {
                let kind = FailureKind(error)
                if kind == .abandon { return logger.info("a delivery went to another worker", metadata: context(command)) }
                if error is AMQPError { throw error }
                if kind == .ended, endings < 2 {
                    // The journal says so: a new reading finds the outcome.
                    endings += 1
                    handling = try makeHandling(work)
                    request = handling.start()
                } else if kind == .retry, mayRetry(handling) {
                    return try await retry(command, error: error, handling)
                } else if failure == nil, effects != nil {
                    failure = error
                    request = try abort(&handling, command, because: error, kind)
                } else {
                    return try await failUnrecorded(command, error: failure ?? error)
                }
            }
        }
    }

    private func open(_ work: Work, _ progress: ProgressReporter?) throws -> SessionEffects {
        var repositoryID: RepositoryID?
        var cursor: String?
        if case .unit(let unit) = work { (repositoryID, cursor) = (unit.repositoryID, unit.position.cursor) }
        let effects = try SessionEffects(
            parts, command: work.command, repositoryID: repositoryID, endurance: endurance, unitCursor: cursor,
            isOurs: { [delivery] in delivery.isSettleable })
        // A restore's journal is in the cluster; a backup has one, and waits before it plans.
        if case .session(let command) = work, command.kind == .restore { try effects.waitForCluster() }
        effects.report = { progress?.running(documents: $0, bytes: $1, storedBytes: $2) }
        return effects
    }

    /// The request that ends the session, from wherever the handling is.
    private func abort(_ handling: inout Handling, _ command: SessionCommand, because error: any Error, _ kind: FailureKind)
        throws -> Handling.Request
    {
        let failed = command.kind == .backup ? "BackupFailed" : "RestoreFailed"
        let reason =
            kind == .deadline ? handling.deadlineExceeded : OutcomeEntry.Abort(condition: failed, message: "\(error)")
        if kind != .deadline, (error as? ElasticsearchError)?.concernsSliceAlone == true,
            let request = handling.giveUpSlice("\(error)")
        {
            return request
        }
        if let request = handling.abort(reason, now: .now()) { return request }
        handling = Handling(
            kind: command.kind, subject: .abort(reason), isFresh: false, nonce: try Nonce.make(), claimant: claimant(command))
        return handling.start()
    }

    private func reporter(of work: Work) -> ProgressReporter? {
        guard case .unit(let unit) = work else { return nil }
        return ProgressReporter(parts, command: unit.session, position: unit.position)
    }

    private func makeHandling(_ work: Work) throws -> Handling {
        let command = work.command
        let subject: Handling.Subject =
            switch work {
            case .unit(let unit): .unit(unit.position)
            case .session: .session(try opening(command, replyTo: try delivery.replyTo()))
            case .cancel(_, let reason): .abort(reason, opening: try opening(command, replyTo: nil))
            }
        return Handling(
            kind: command.kind, subject: subject, isFresh: delivery.isFresh && !isDeadLetter, nonce: try Nonce.make(),
            claimant: claimant(command), doneEpochs: parts.doneSlices.epochs(of: command.id))
    }

    /// Each hook and step has the limit, and the end is put after them.
    private func claimant(_ command: SessionCommand) -> Claimant {
        let message = delivery.properties.messageID ?? "\(command.id)/\(delivery.properties.type ?? "")"
        return Claimant(message: message, patience: parts.settings.hookLimit * command.actionsAfter + .seconds(60))
    }

    private func opening(_ command: SessionCommand, replyTo: String?) throws -> Opening {
        Opening(command, digest: try SHA256.digest(of: try MessageCoding.encode(command.request)).hex, replyTo: replyTo)
    }

    private func perform(
        _ request: Handling.Request, of handling: Handling, effects: SessionEffects, work: Work, progress: ProgressReporter?
    ) async throws -> Handling.Reply {
        switch request {
        case .read(let names): return .entries(try effects.journal.read(names))
        case .put(let name, let entry):
            let put = try await Failpoints.around(name.failpoint) { try effects.journal.put(entry, at: name) }
            if put == .created { tell(of: entry, work.command, progress) }
            return .put(put)
        case .perform(let effect):
            if case .transfer(let slice, _, _) = effect { progress?.index = handling.plan?.indices[slice.index].targetName }
            return try await Failpoints.around(effect.failpoint) {
                try effects.perform(effect, begin: handling.begin, plan: handling.plan)
            }
        case .publish(let publications):
            // A handler whose delivery is not its own any more publishes nothing: another worker goes on with it.
            guard delivery.isSettleable else { throw WorkerError(.abandoned, "the delivery was given to another worker") }
            effects.release(with: publications)
            let outgoing = OutgoingSession(
                parts: parts, command: work.command, repositoryID: RepositoryID(effects.repository.id),
                replyTo: try delivery.replyTo())
            let messages = try publications.flatMap { try outgoing.messages(for: $0) }
            try await Failpoints.around(publications.first?.failpoint) {
                // Work first: it must arrive, whatever becomes of what is told about it.
                try await parts.publisher.publish(messages.filter(\.mandatory))
                try await announce(messages.filter { !$0.mandatory }, work.command)
            }
            RepositoryAnnouncement(parts: parts, command: work.command, repository: effects.repository).post(with: publications)
            return .published
        case .settle: return .published
        }
    }

    private func announce(_ messages: [OutgoingMessage], _ command: SessionCommand) async throws {
        guard let refusal = try await parts.publisher.announce(messages) else { return }
        logger.warning(
            "a queue that follows sessions refuses events",
            metadata: context(command).merging(["error": .string(refusal.message)]) { $1 })
    }

    /// The end goes to whoever asked for the session too, when another's message brings it about: a cancel, or one that nobody answers.
    private func tellAsker(
        _ publications: [Handling.Publication], _ handling: Handling, _ command: SessionCommand
    ) async throws {
        guard let asker = handling.begin?.asker, asker != (try delivery.replyTo()), Delivery.mayAnswer(to: asker),
            delivery.isSettleable
        else { return }
        for case .final(let final) in publications {
            let message = try parts.envelope.message(
                .status, id: "\(command.id)/final", session: command.id, payload: final.status, to: "", key: asker,
                mandatory: false)
            try await announce([message], command)
        }
    }

    /// What others may learn of a new entry; the journal alone decides.
    private func tell(of entry: Entry, _ command: SessionCommand, _ progress: ProgressReporter?) {
        switch entry {
        case .part(let part): progress?.stored(part)
        case .outcome(let outcome) where !outcome.isCommit:
            do {
                parts.outbox.post(
                    try parts.envelope.message(
                        .control, id: "\(command.id)/ended", session: command.id,
                        payload: ControlHint.sessionEnded(session: command.id),
                        to: Topology.control, key: "", mandatory: false))
            } catch {
                logger.debug("the units of an ended session are not told", metadata: ["error": .string("\(error)")])
            }
        default: break
        }
    }

    private func settle(_ settlement: Handling.Settlement, of work: Work, _ handling: Handling) async throws {
        let command = work.command
        switch settlement {
        case .acknowledge: try await Failpoints.around(work.acknowledgement) { try await delivery.ack() }
        case .reject(let reason): try await handler.bury(why: reason)
        case .retryElsewhere(let reason):
            let error = WorkerError(.missingHere, reason)
            guard mayRetry(nil) else { return try await failUnrecorded(command, error: error) }
            try await retry(command, error: error, nil)
        case .retryLater(let reason):
            let error = WorkerError(.missingHere, reason)
            guard mayRetry(handling) else { return try await failUnrecorded(command, error: error) }
            try await retry(command, error: error, handling)
        }
    }

    private func mayRetry(_ handling: Handling?) -> Bool {
        endurance.allowsRetry(attempts: parts.settings.attempts, isDecided: handling?.outcome != nil)
    }

    private func retry(_ command: SessionCommand, error: any Error, _ handling: Handling?) async throws {
        let isDecided = handling?.outcome != nil || endurance.isDecided
        // The session's end bounds its work, not what ends it.
        let deadline = isDecided ? nil : handling?.deadline
        let attempt = delivery.attempt + 1
        logger.warning(
            "a message failed and is tried again",
            metadata: context(command).merging(["attempt": .string("\(attempt)"), "error": .string("\(error)")]) { $1 })
        try await handler.retry(
            key: delivery.messageType == .cancel ? RoutingKey.cancel(command.id) : nil, attempt: attempt,
            error: "\(error)", delay: parts.settings.retryDelay, deadline: deadline.map { ($0 - .now()).seconds },
            isDecided: isDecided)
    }

    /// The journal cannot say that the session failed, so only the event does.
    private func failUnrecorded(_ command: SessionCommand, error: any Error) async throws {
        logger.error(
            "a session failed without a record", metadata: context(command).merging(["error": .string("\(error)")]) { $1 })
        let now = Timestamp.now()
        let status = StatusEvent(
            of: command, phase: .failed, source: .unrecorded, finishedAt: now,
            conditions: [
                Condition(type: "Unrecorded", reason: "JournalUnreachable", message: "\(error)", lastTransitionTime: now)
            ], error: "\(error)")
        let outgoing = OutgoingSession(parts: parts, command: command, repositoryID: nil, replyTo: try delivery.replyTo())
        try await announce(try outgoing.messages(for: status, id: "\(command.id)/unrecorded"), command)
        try await Failpoints.around(.ackUnrecorded) { try await delivery.ack() }
    }

    private func context(_ command: SessionCommand) -> Logger.Metadata {
        ["session": .string(command.id.text), "invoker": .string(command.invoker.name), "queue": .string(delivery.queue)]
    }
}
