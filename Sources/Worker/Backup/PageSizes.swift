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

    /// - Parameter index: the index's uuid.
    func sizer(for index: String, maximum: Int) -> PageSizer {
        known.withLock { $0.first { $0.index == index }?.sizer } ?? PageSizer(maximum: maximum)
    }

    func remember(_ sizer: PageSizer, for index: String) {
        known.withLock { known in
            known.removeAll { $0.index == index }
            known.insert(Known(index: index, sizer: sizer), at: 0)
            if known.count > Self.capacity { known.removeLast() }
        }
    }
}
