import AMQP
import Archive
import Manifests
import Messages
import Runtime
import Snapshots
import Worker

/// Why a command did not do what it was asked to, in the words of its exit code.
struct CommandError: ExitCodeProviding, CustomStringConvertible {
    enum Code: String, Sendable {
        case failed
        case usage
        case notFound
        case refused
        case unreachable
    }

    let code: Code
    let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    init(_ error: any Error) {
        self.message = "\(error)"
        self.code =
            switch error {
            case let error as CommandError: error.code
            case is UsageError, is ManifestError: .usage
            case let error as AMQPError: Self.code(of: error)
            case let error as TransferError: Self.code(of: error)
            case let error as ArchiveError: Self.code(of: error)
            case let error as SnapshotError: error.code == .notFound ? .notFound : .refused
            default: .failed
            }
    }

    private static func code(of error: TransferError) -> Code {
        switch error.code {
        case .notFound: .notFound
        case .refused: .refused
        case .damaged, .file, .cluster, .interrupted: .failed
        }
    }

    private static func code(of error: ArchiveError) -> Code {
        switch error.code {
        case .notFound: .notFound
        case .unreachable: .unreachable
        case .wrongPassword: .refused
        case .exists, .noSpace, .accessDenied, .corrupt, .invalid, .unsupported, .exhausted, .interrupted: .failed
        }
    }

    private static func code(of error: AMQPError) -> Code {
        switch error.code {
        case .invalidAddress: .usage
        case .preconditionFailed, .accessRefused: .refused
        // The connection ended over something that its user may not do, and the one whose call it was is another.
        case .channelClosed where error.replyCode == 403: .refused
        default: .unreachable
        }
    }

    init(refusal code: RefusalCode, _ message: String) {
        self.message = message
        self.code =
            switch code {
            case .invalid: .usage
            case .notFound: .notFound
            case .refused: .refused
            case .unreachable: .unreachable
            case .failed: .failed
            }
    }

    /// Gives the errors of a program's work their exit codes.
    static func naming(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let code as ExitCode {
            throw code
        } catch {
            throw CommandError(error)
        }
    }

    /// An answer of a kind that the question does not have: programs of different versions.
    static func unexpected(_ reply: Reply) -> CommandError {
        CommandError(.failed, "the answer does not fit the question; are all programs of one version? It was: \(reply)")
    }

    var exitCode: ExitCode {
        switch code {
        case .failed: .failed
        case .usage: .usage
        case .notFound: .notFound
        case .refused: .refused
        case .unreachable: .unreachable
        }
    }

    var description: String { message }
}
