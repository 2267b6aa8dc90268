/// The metrics of one program, by name, and their text for Prometheus.
///
/// Asking twice for the same name and labels answers the same instrument. A name means one kind of metric; using it for
/// another is a mistake of the program and stops it.
package final class MetricsRegistry: Sendable {
    package typealias Labels = [(String, String)]

    private struct Family {
        let kind: MetricKind
        let help: String
        var series: [LabelSet: any Instrument] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
        var sets: [String: MetricFamily] = [:]
    }

    private let state = Lock(State())

    package init() {}

    package func makeCounter(name: String, help: String, labels: Labels = []) -> Counter {
        instrument(name, help, .counter, labels) { Counter() }
    }

    package func makeGauge(name: String, help: String, labels: Labels = []) -> Gauge {
        instrument(name, help, .gauge, labels) { Gauge() }
    }

    /// - Parameter buckets: upper bounds, rising; the one for everything is added.
    package func makeHistogram(
        name: String, help: String, labels: Labels = [], buckets: [Double] = Histogram.secondsBuckets
    ) -> Histogram {
        instrument(name, help, .histogram, labels) { Histogram(buckets: buckets) }
    }

    /// Replaces all series of that family by these, so what is gone from the ledger is gone from the page.
    package func replace(_ family: MetricFamily) {
        state.withLock { state in
            precondition(state.families[family.name] == nil, "metric \(family.name) is already made one by one")
            state.sets[family.name] = family
        }
    }

    /// Everything in the text exposition format 0.0.4 (`text/plain; version=0.0.4`), by name and labels.
    package func exposition() -> String {
        let (families, sets) = state.withLock { ($0.families, $0.sets) }
        var writer = ExpositionWriter()
        for name in (Array(families.keys) + Array(sets.keys)).sorted() {
            if let set = sets[name] {
                set.write(to: &writer)
            } else if let family = families[name] {
                writer.startFamily(name, help: family.help, kind: family.kind)
                for (labels, instrument) in family.series.sorted(by: { $0.key < $1.key }) {
                    instrument.write(name: name, labels: labels, to: &writer)
                }
            }
        }
        return writer.text
    }

    private func instrument<Made: Instrument>(
        _ name: String, _ help: String, _ kind: MetricKind, _ labels: Labels, _ make: () -> Made
    ) -> Made {
        state.withLock { state in
            var family = state.families[name] ?? Family(kind: kind, help: help)
            precondition(family.kind == kind && state.sets[name] == nil, "metric \(name) is already of another kind")
            let key = LabelSet(labels)
            if let known = family.series[key] as? Made { return known }
            let made = make()
            family.series[key] = made
            state.families[name] = family
            return made
        }
    }
}
