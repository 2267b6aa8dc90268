import Archive
import Crypto
import Messages
import Runtime
import Sessions

@testable import Worker

/// Takes a session through the protocol with the worker's own effects, and a queue in memory where workers have a broker: what
/// `SessionRunner` does, but for messages and time.
final class SessionDrive {
    private struct Message {
        var position: UnitPosition?
        var attempt = 0
    }

    private let parts: WorkerParts
    private let command: SessionCommand
    private var queue: [Message] = [Message()]
    private var repositoryID: RepositoryID?
    /// Errors that ended or repeated a handling, for the test's own messages.
    private(set) var errors: [String] = []
    /// The journal was out of reach, or could not be read, to the last try.
    private(set) var isUnrecorded = false

    init(_ parts: WorkerParts, _ command: SessionCommand) {
        self.parts = parts
        self.command = command
    }

    /// Handles messages until there is none. A session that nobody ended is published again, as a Scheduler does after a while.
    ///
    /// - Returns: the final event; nil when even the rescue came to nothing.
    func run() throws -> StatusEvent? {
        var final: StatusEvent?
        for _ in 0..<3 where final == nil {
            var budget = 500
            while !queue.isEmpty, budget > 0 {
                budget -= 1
                final = try handle(queue.removeFirst()) ?? final
            }
            queue = [Message(attempt: 1)]
        }
        return final
    }

    private func handle(_ message: Message) throws -> StatusEvent? {
        let endurance = Endurance(attempt: message.attempt, deliveries: 0)
        var effects: SessionEffects?
        var handling = try makeHandling(message)
        var request = handling.start()
        var failure: (any Error)?
        var final: StatusEvent?
        while true {
            do {
                let opened =
                    try effects
                    ?? SessionEffects(
                        parts, command: command, repositoryID: message.position == nil ? nil : repositoryID, endurance: endurance,
                        unitCursor: message.position?.cursor, isOurs: { true })
                effects = opened
                repositoryID = repositoryID ?? RepositoryID(opened.repository.id)
                switch request {
                case .settle(.acknowledge): return final
                case .settle(.reject(let reason)), .settle(.retryElsewhere(let reason)), .settle(.retryLater(let reason)):
                    errors.append(reason)
                    return final
                case .publish(let publications):
                    for publication in publications {
                        switch publication {
                        case .unit(let position, let attempt): queue.append(Message(position: position, attempt: attempt))
                        case .final(let entry): final = entry.status
                        case .running, .expired, .identifierInUse: break
                        }
                    }
                    request = handling.receive(.published, now: .now())
                case .read(let names): request = handling.receive(.entries(try opened.journal.read(names)), now: .now())
                case .put(let name, let entry):
                    request = handling.receive(.put(try opened.journal.put(entry, at: name)), now: .now())
                case .perform(let work):
                    let reply = try opened.perform(work, begin: handling.begin, plan: handling.plan)
                    request = handling.receive(reply, now: .now())
                }
            } catch {
                errors.append("\(error)")
                let isDecided = handling.outcome != nil
                if FailureKind(error) == .retry,
                    endurance.allowsRetry(attempts: parts.settings.attempts, isDecided: isDecided)
                {
                    queue.append(Message(position: message.position, attempt: message.attempt + 1))
                    return final
                }
                guard failure == nil, effects != nil else {
                    isUnrecorded = true
                    return final
                }
                failure = error
                request = abort(&handling, because: error)
            }
        }
    }

    private func abort(_ handling: inout Handling, because error: any Error) -> Handling.Request {
        let reason = OutcomeEntry.Abort(condition: "BackupFailed", message: "\(error)")
        if let request = handling.abort(reason, now: .now()) { return request }
        handling = Handling(
            kind: command.kind, subject: .abort(reason), isFresh: false, nonce: handling.nonce, claimant: Self.claimant)
        return handling.start()
    }

    /// Its sessions have no hooks.
    private static let claimant = Claimant(message: "", patience: .zero)

    private func makeHandling(_ message: Message) throws -> Handling {
        let digest = try SHA256.digest(of: try MessageCoding.encode(command.request)).hex
        return Handling(
            kind: command.kind, subject: message.position.map { .unit($0) } ?? .session(Opening(command, digest: digest)),
            isFresh: message.attempt == 0, nonce: try Nonce.make(), claimant: Self.claimant)
    }
}
