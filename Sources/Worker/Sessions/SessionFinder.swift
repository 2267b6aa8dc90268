import Archive
import Elasticsearch
import Manifests
import Messages
import Runtime
import Sessions
import Snapshots

/// Finds the journal of a session of which only the id is known, in the repositories and clusters of this worker's own resources.
///
/// The journal's first entry says all that is needed to end the session. What it says is checked: whoever may write into one cluster's
/// journal must not be able to end a session of another. Blocking.
struct SessionFinder {
    enum Result {
        case found(SessionCommand)
        /// It was begun by a version whose journals do not hold the session's message.
        case nameless
        /// Nothing here knows it; what could not be looked into, in sentences.
        case unknown(unreachable: [String])
    }

    /// A cluster that does not answer within it holds up all other cancels.
    private static let answerLimit = Duration.seconds(3)

    let resources: ResourceSet
    let clusters: ClusterAccess
    let repositories: RepositoryPool
    let logger: Logger
    var isCancelled: @Sendable () -> Bool = { false }

    func find(_ session: SessionID) -> Result {
        var unreachable: [String] = []
        for repository in resources.repositories.map(\.value) {
            do {
                let store = try repositories.open(repository).store
                let journal = ArchiveJournal(store: store, session: session)
                let found = try look(into: journal, of: repository.key, for: session) {
                    $0.kind == .backup && $0.repository.key == repository.key
                }
                if let found { return found }
            } catch {
                unreachable.append("\(repository.key): \(error)")
            }
        }
        for binding in resources.appBindings.map(\.value) {
            do {
                let client = try ElasticsearchClient(
                    configuration: try clusters.configuration(of: binding), retryPolicy: RetryPolicy(retries: 0),
                    answerLimit: Self.answerLimit, isCancelled: isCancelled)
                let journal = TargetJournal(client: client, session: session)
                let found = try look(into: journal, of: binding.key, for: session) {
                    $0.kind == .restore && $0.target.key == binding.key
                }
                if let found { return found }
            } catch {
                unreachable.append("\(binding.key): \(error)")
            }
        }
        return .unknown(unreachable: unreachable)
    }

    /// - Parameter belongsHere: whether a session's journal lies where this one was found.
    /// - Returns: nil where nothing is recorded of the session that can be believed.
    func look(
        into journal: any Journal, of place: ResourceKey, for session: SessionID, where belongsHere: (SessionCommand) -> Bool
    ) throws -> Result? {
        guard case .begin(let begin)? = try journal.read([.begin])[.begin] else { return nil }
        guard let command = begin.command else { return .nameless }
        guard command.id == session, belongsHere(command) else {
            logger.warning(
                "a journal holds the message of another session and is ignored",
                metadata: [
                    "session": .string(session.text), "place": .string("\(place)"), "kind": .string(command.kind.rawValue),
                    "foundSession": .string(command.id.text), "repository": .string("\(command.repository.key)"),
                    "target": .string("\(command.target.key)"),
                ])
            return nil
        }
        return .found(command)
    }
}
