import AMQP
import Bus
import Messages
import Runtime

/// The sessions that `sheaf.control` says were ended, for the units of them that are at work here.
///
/// Only a hint: it makes a unit look into the journal at its next page instead of within seconds. Forgetting one costs those seconds.
final class EndedSessions: Sendable {
    private static let capacity = 1000
    private let hinted = Lock<[SessionID]>([])

    func insert(_ session: SessionID) {
        hinted.withLock { hinted in
            guard !hinted.contains(session) else { return }
            hinted.append(session)
            if hinted.count > Self.capacity { hinted.removeFirst() }
        }
    }

    /// Whether there is a hint for the session, which is used up by asking.
    func take(_ session: SessionID) -> Bool {
        hinted.withLock { hinted in
            guard let index = hinted.firstIndex(of: session) else { return false }
            hinted.remove(at: index)
            return true
        }
    }

    /// - Throws: `PoisonError` for what is no hint.
    func take(in delivery: Delivery) throws(PoisonError) {
        switch try delivery.event(ControlHint.self, types: [.control]).data {
        case .sessionEnded(let session): insert(session)
        }
    }
}
