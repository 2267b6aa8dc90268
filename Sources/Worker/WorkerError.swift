import Archive
import Crypto
import Elasticsearch
import HTTP
import Messages
import Runtime
import Snapshots

/// Why a worker could not do what a message asks.
package struct WorkerError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// The request itself is wrong, or the engine or the store refuses it: no repetition helps.
        case refused
        /// Something that only this worker lacks: a secret, a resource, a mount. Another worker may have it.
        case missingHere
        /// The delivery belongs to another worker now: stop without a word.
        case abandoned
        /// The session was decided while this unit was at work.
        case sessionEnded
        case deadlineExceeded
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}

/// What an error means for the message in hand.
enum FailureKind: Equatable {
    case retry
    case permanent
    case abandon
    case ended
    case deadline

    init(_ error: any Error) {
        switch error {
        case let error as WorkerError:
            switch error.code {
            case .refused: self = .permanent
            case .missingHere: self = .retry
            case .abandoned: self = .abandon
            case .sessionEnded: self = .ended
            case .deadlineExceeded: self = .deadline
            }
        case let error as ElasticsearchError: self = error.code == .cancelled ? .abandon : error.isRetryable ? .retry : .permanent
        // Another worker may have the credentials or rights that this one lacks.
        case let error as ArchiveError: self = error.isRetryable || error.code == .accessDenied ? .retry : .permanent
        case is SnapshotError: self = .permanent
        case let error as HTTPError: self = error.isRetryable ? .retry : .permanent
        case let error as CryptoError: self = error.isRetryable ? .retry : .permanent
        case let error as RuntimeError: self = error.isRetryable ? .retry : .permanent
        case is CancellationError: self = .abandon
        default: self = .permanent
        }
    }
}
