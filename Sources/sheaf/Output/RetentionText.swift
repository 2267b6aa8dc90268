import Console
import Messages
import Runtime
import Snapshots

/// What a retention policy keeps and why, for people and for programs.
struct RetentionText {
    private let report: Retention.Report

    init(_ report: Retention.Report) { self.report = report }

    /// A table of all, each group's snapshots together, and a sentence.
    var lines: [String] {
        var table = TextTable([
            ("SNAPSHOT", .left), ("TARGET", .left), ("PLAN", .left), ("TIME", .left), ("", .left), ("REASONS", .left),
        ])
        for decision in report.decisions {
            let subject = decision.subject
            table.append([
                subject.id.text, "\(subject.group.source)", subject.group.invoker.name, FigureText.moment(subject.time),
                decision.isKept ? "keep" : "forget", decision.reasons.map(\.description).joined(separator: "; "),
            ])
        }
        let forgotten = FigureText.counted(report.forgotten.count, "snapshot", "snapshots")
        let sentence = "\(report.isDryRun ? "would forget" : "forgot") \(forgotten), \(FigureText.exact(report.keptCount)) kept"
        let unreadable = report.unreadable.map {
            "snapshot \($0) cannot be read and was left as it is; look at it with: sheaf repo verify"
        }
        return (report.decisions.isEmpty ? [] : table.lines + [""]) + unreadable + [sentence]
    }

    /// A `retention` line a snapshot, and one `retained` line.
    var json: [JSONValue] {
        report.decisions.map { decision in
            let subject = decision.subject
            return [
                "type": "retention", "snapshot": .string(subject.id.text), "namespace": .string(subject.group.source.namespace),
                "target": .string(subject.group.source.target),
                "invoker": ["kind": .string(subject.group.invoker.kind), "name": .string(subject.group.invoker.name)],
                "time": .string(subject.time.description), "tags": .array(subject.tags.map { .string($0) }),
                "keep": .bool(decision.isKept), "reasons": .array(decision.reasons.map { .string($0.description) }),
            ]
        } + [
            [
                "type": "retained", "kept": JSONValue(report.keptCount),
                "forgotten": .array(report.forgotten.map { .string($0.text) }),
                "unreadable": .array(report.unreadable.map { .string($0.text) }), "dryRun": .bool(report.isDryRun),
            ]
        ]
    }
}
