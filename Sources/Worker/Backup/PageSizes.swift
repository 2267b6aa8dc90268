import Elasticsearch
import Runtime
import Sessions

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

    /// Seconds of a session's rate that a page takes at most, so that waits are short.
    private static let pageSeconds = 2.0
    /// Documents of a scroll's page at most: all pages have the size of the first, whatever their documents are like.
    private static let scrollLimit = 2000

    /// - Parameters:
    ///   - unitBytes: a unit's budget, which a page must not exceed by far.
    ///   - rate: bytes a second that the unit may move; what suits it is not remembered.
    func sizer(for index: PlannedIndex, unitBytes: Int, rate: Double?, scrolls: Bool) -> PageSizer {
        let maximum = scrolls ? min(index.pageLimit, Self.scrollLimit) : index.pageLimit
        if let rate {
            let bytes = max(64 << 10, Int(min(rate * Self.pageSeconds, Double(Self.pageBytes))))
            return PageSizer(maximum: maximum, targetBytes: min(bytes, unitBytes))
        }
        return known.withLock { $0.first { $0.index == index.uuid }?.sizer }
            ?? PageSizer(maximum: maximum, targetBytes: min(Self.pageBytes, unitBytes))
    }

    /// - Parameter index: its uuid.
    func remember(_ sizer: PageSizer, for index: String) {
        known.withLock { known in
            known.removeAll { $0.index == index }
            known.insert(Known(index: index, sizer: sizer), at: 0)
            if known.count > Self.capacity { known.removeLast() }
        }
    }
}
