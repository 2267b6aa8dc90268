import Messages
import Runtime

/// The slices that this worker has seen done, for the sessions it met last: saves reading them again at the end of each slice.
///
/// Forgetting one costs reads, nothing else.
final class DoneSlices: Sendable {
    private struct Known {
        var session: SessionID
        var epochs: [Int]
    }

    private static let capacity = 64
    private let known = Lock<[Known]>([])

    /// The epoch of each slice from the first to the last of an unbroken run of done ones.
    func epochs(of session: SessionID) -> [Int] { known.withLock { $0.first { $0.session == session }?.epochs ?? [] } }

    func remember(_ epochs: [Int], of session: SessionID) {
        guard !epochs.isEmpty else { return }
        known.withLock { known in
            known.removeAll { $0.session == session }
            known.insert(Known(session: session, epochs: epochs), at: 0)
            if known.count > Self.capacity { known.removeLast() }
        }
    }
}
