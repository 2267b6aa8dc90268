import Archive
import Bus
import Messages
import Runtime
import Snapshots

/// Tells a Scheduler that has lost its ledger which sessions a repository remembers. Blocking.
struct FinalsQuery {
    /// Sessions of one answer at most.
    private static let most = 500
    /// Bytes of one answer, far from what a message may have (`PoisonError.maximumEvent`).
    private static let bytes = 2 << 20
    /// How long an answer is worked at: its asker waits for three times as long.
    private static let time = Duration.seconds(5)

    let repositories: RepositoryPool

    /// - Returns: `.refused`: `notFound` where there is no such repository yet, `unreachable` where this worker cannot look.
    func answer(_ repository: Repository, before: String?, limit: Int) -> Reply {
        do {
            guard let place = SessionHistory.Place(before) else {
                return .refused(code: .invalid, message: "\"\(before ?? "")\" is not the `next` of an answer")
            }
            let store = try repositories.openHere(repository).store
            let limit = SessionHistory.Limit(
                sessions: min(max(limit, 1), Self.most), bytes: Self.bytes, entryBytes: PoisonError.maximumEvent - 2 * Self.bytes,
                deadline: .now + Self.time)
            return .finals(
                page: try SessionHistory(store: store).page(from: place, limit: limit) { $0 == repository.metadata.name })
        } catch let error as ArchiveError where error.code == .notFound {
            return .refused(code: .notFound, message: error.message)
        } catch let error as WorkerError {
            return .refused(code: .unreachable, message: error.message)
        } catch {
            return .refused(code: .unreachable, message: "\(repository.key): \(error)")
        }
    }
}
