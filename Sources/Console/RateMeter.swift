import Runtime

/// How fast something goes at the moment: over a sliding window, so that a pause shows and a slow start is forgotten.
package struct RateMeter: Sendable {
    package struct Rate: Sendable, Equatable {
        package var documents: Double
        package var bytes: Double
    }

    private struct Sample {
        var time: Duration
        var documents: Int
        var bytes: Int
    }

    private let window: Duration
    private var samples: [Sample] = []

    package init(window: Duration = .seconds(20)) {
        self.window = window
    }

    /// - Parameter time: of any clock that only goes forward.
    package mutating func record(documents: Int, bytes: Int, at time: Duration) {
        // A unit that begins anew takes its figures back; what was before says nothing any more.
        if let last = samples.last, documents < last.documents { samples.removeAll() }
        samples.append(Sample(time: time, documents: documents, bytes: bytes))
        // One sample older than the window stays: the rate reaches back to it.
        while samples.count > 2, samples[1].time <= time - window { samples.removeFirst() }
    }

    /// Per second; nil until two moments are known.
    package func rate(at time: Duration) -> Rate? {
        guard let first = samples.first, let last = samples.last, time > first.time, samples.count > 1 else { return nil }
        let seconds = (time - first.time).seconds
        return Rate(
            documents: Double(last.documents - first.documents) / seconds, bytes: Double(last.bytes - first.bytes) / seconds)
    }
}
