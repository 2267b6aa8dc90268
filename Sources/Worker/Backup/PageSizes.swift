import Elasticsearch
import Runtime

/// The page sizes that suited the indices this worker read last, so that a slice's next unit need not find them out again.
final class PageSizes: Sendable {
    private struct Known {
        var index: String
        var sizer: PageSizer
    }

    private static let capacity = 256
    private let known = Lock<[Known]>([])

    /// Bytes that a page aims at: big enough for speed, small enough for the server's heap.
    private static let pageBytes = 5_000_000

    /// - Parameters:
    ///   - index: the index's uuid.
    ///   - unitBytes: a unit's budget, which a page must not exceed by far.
    func sizer(for index: String, maximum: Int, unitBytes: Int) -> PageSizer {
        known.withLock { $0.first { $0.index == index }?.sizer }
            ?? PageSizer(maximum: maximum, targetBytes: min(Self.pageBytes, unitBytes))
    }

    func remember(_ sizer: PageSizer, for index: String) {
        known.withLock { known in
            known.removeAll { $0.index == index }
            known.insert(Known(index: index, sizer: sizer), at: 0)
            if known.count > Self.capacity { known.removeLast() }
        }
    }
}
