/// What a registry can write out.
protocol Instrument: Sendable {
    func write(name: String, labels: LabelSet, to writer: inout ExpositionWriter)
}

/// A number that only grows.
package final class Counter: Instrument {
    private let total = Lock(0.0)

    /// - Parameter amount: zero or more; a negative one is ignored, since a counter that falls reads as a restart.
    package func increment(by amount: Double = 1) {
        guard amount > 0 else { return }
        total.withLock { $0 += amount }
    }

    package func increment(by amount: Int) {
        increment(by: Double(amount))
    }

    package var value: Double { total.withLock { $0 } }

    func write(name: String, labels: LabelSet, to writer: inout ExpositionWriter) {
        writer.sample(name, labels, value)
    }
}

/// A number that goes up and down.
package final class Gauge: Instrument {
    private let current = Lock(0.0)

    package func set(_ value: Double) {
        current.withLock { $0 = value }
    }

    package func set(_ value: Int) {
        set(Double(value))
    }

    package func increment(by amount: Double = 1) {
        current.withLock { $0 += amount }
    }

    package func decrement(by amount: Double = 1) {
        increment(by: -amount)
    }

    package var value: Double { current.withLock { $0 } }

    func write(name: String, labels: LabelSet, to writer: inout ExpositionWriter) {
        writer.sample(name, labels, value)
    }
}

/// How observations spread over buckets.
package final class Histogram: Instrument {
    /// From requests of milliseconds to sessions of a day.
    package static let secondsBuckets = [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400]

    private struct State {
        var counts: [Int]
        var sum = 0.0
    }

    private let buckets: [Double]
    private let state: Lock<State>

    init(buckets: [Double]) {
        self.buckets = buckets.filter(\.isFinite).sorted()
        state = Lock(State(counts: Array(repeating: 0, count: self.buckets.count + 1)))
    }

    package func observe(_ value: Double) {
        let place = buckets.firstIndex { value <= $0 } ?? buckets.count
        state.withLock {
            $0.counts[place] += 1
            $0.sum += value
        }
    }

    package func observe(_ duration: Duration) {
        observe(duration.seconds)
    }

    func write(name: String, labels: LabelSet, to writer: inout ExpositionWriter) {
        let state = state.withLock { $0 }
        var total = 0
        for (bound, count) in zip(buckets + [.infinity], state.counts) {
            total += count
            writer.sample(name + "_bucket", labels.adding("le", ExpositionWriter.number(bound)), Double(total))
        }
        writer.sample(name + "_sum", labels, state.sum)
        writer.sample(name + "_count", labels, Double(total))
    }
}
