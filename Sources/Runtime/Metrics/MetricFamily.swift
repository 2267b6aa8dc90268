/// All series of one metric, as rebuilt from a ledger at one moment.
package struct MetricFamily: Sendable {
    package struct Sample: Sendable {
        package let labels: MetricsRegistry.Labels
        package let value: Double

        package init(labels: MetricsRegistry.Labels = [], value: Double) {
            self.labels = labels
            self.value = value
        }
    }

    package let name: String
    package let help: String
    package let kind: MetricKind
    package var samples: [Sample]

    package init(name: String, help: String, kind: MetricKind = .gauge, samples: [Sample] = []) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    package mutating func add(_ value: Double, labels: MetricsRegistry.Labels = []) {
        samples.append(Sample(labels: labels, value: value))
    }
}

package enum MetricKind: String, Sendable {
    case counter
    case gauge
    case histogram
}
