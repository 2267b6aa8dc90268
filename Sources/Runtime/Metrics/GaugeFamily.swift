/// All series of one gauge, as rebuilt from a ledger at one moment.
package struct GaugeFamily: Sendable {
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
    package var samples: [Sample]

    package init(name: String, help: String, samples: [Sample] = []) {
        self.name = name
        self.help = help
        self.samples = samples
    }

    package mutating func add(_ value: Double, labels: MetricsRegistry.Labels = []) {
        samples.append(Sample(labels: labels, value: value))
    }
}

enum MetricKind: String {
    case counter
    case gauge
    case histogram
}
