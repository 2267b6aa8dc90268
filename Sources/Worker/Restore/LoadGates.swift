import Elasticsearch
import Runtime

/// One gate for each cluster that this process loads into.
final class LoadGates: Sendable {
    private let gates = Lock<[String: BulkGate]>([:])

    /// - Parameter cluster: its address.
    func gate(of cluster: String) -> BulkGate {
        gates.withLock { gates in
            if let gate = gates[cluster] { return gate }
            let gate = BulkGate()
            gates[cluster] = gate
            return gate
        }
    }
}
