/// Writes the Prometheus text exposition format.
struct ExpositionWriter {
    private(set) var text = ""

    mutating func startFamily(_ name: String, help: String, kind: MetricKind) {
        let escaped = help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        text += "# HELP \(name) \(escaped)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    mutating func sample(_ name: String, _ labels: LabelSet, _ value: Double) {
        text += "\(name)\(labels.text) \(Self.number(value))\n"
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        // Whole numbers without ".0", as people expect counts to look.
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 { return String(whole) }
        return value.description
    }
}

/// The labels of one series, by name, already escaped.
struct LabelSet: Hashable, Comparable {
    private let pairs: [String]

    init(_ labels: MetricsRegistry.Labels) {
        pairs = labels.sorted { $0.0 < $1.0 }.map(Self.pair)
    }

    private init(pairs: [String]) {
        self.pairs = pairs
    }

    var text: String { pairs.isEmpty ? "" : "{" + pairs.joined(separator: ",") + "}" }

    func adding(_ name: String, _ value: String) -> LabelSet {
        LabelSet(pairs: pairs + [Self.pair(name, value)])
    }

    static func < (left: LabelSet, right: LabelSet) -> Bool {
        left.pairs.lexicographicallyPrecedes(right.pairs)
    }

    private static func pair(_ name: String, _ value: String) -> String {
        let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        return "\(name)=\"\(escaped)\""
    }
}

extension MetricFamily {
    func write(to writer: inout ExpositionWriter) {
        writer.startFamily(name, help: help, kind: kind)
        for sample in samples { writer.sample(name, LabelSet(sample.labels), sample.value) }
    }
}

extension Sequence<MetricFamily> {
    /// These alone in the text exposition format 0.0.4, in their order.
    package var exposition: String {
        var writer = ExpositionWriter()
        for family in self { family.write(to: &writer) }
        return writer.text
    }
}
