import Console
import Messages
import Runtime
import Snapshots

/// What a repair did, or would do, for people and for programs.
enum RepairText {
    static func lines(_ report: RepairReport, applied: Bool) -> [String] {
        guard !report.verification.isWhole else {
            return ["nothing to repair: \(FigureText.counted(report.verification.snapshots, "snapshot", "snapshots")) whole"]
        }
        var lines: [String] = []
        for snapshot in report.snapshots {
            lines.append(headline(snapshot, applied: applied))
            if let cause = snapshot.marksDamage {
                lines.append("  its marks cannot be read, so the replacement is kept, without tags: \(cause)")
            }
            for index in snapshot.indices where !index.causes.isEmpty {
                lines.append(
                    "  index \(index.name): \(FigureText.exact(index.salvaged)) of \(FigureText.documents(index.documents)) saved, "
                        + "\(FigureText.exact(index.lost)) lost: \(index.causes.joined(separator: ", "))")
            }
            if snapshot.lostObjects > 0 {
                lines.append("  all \(FigureText.exact(snapshot.lostObjects)) objects beside indices are lost")
            }
        }
        for name in report.unreadable {
            lines.append("snapshot \(name): \(unreadable(name))")
        }
        if !applied && !report.snapshots.isEmpty { lines.append("nothing was changed; --apply does it") }
        return lines
    }

    private static func unreadable(_ name: String) -> String {
        "its outcome cannot be read, so nobody knows what it named; where another repository has it: forget it here (sheaf forget "
            + "\(name)), run sheaf repo gc until it is deleted, a grace later, and copy it from there then"
    }

    private static func headline(_ snapshot: RepairReport.Snapshot, applied: Bool) -> String {
        let counts = "\(FigureText.documents(snapshot.salvaged)) saved, \(FigureText.exact(snapshot.lost)) lost"
        if let failure = snapshot.failure { return "snapshot \(snapshot.snapshot) cannot be repaired: \(failure)" }
        guard let replacement = snapshot.replacement else {
            return "snapshot \(snapshot.snapshot): none of its documents can be read; sheaf forget \(snapshot.snapshot) ends it"
        }
        let what = applied ? "is replaced by \(replacement)" : "would be replaced by \(replacement)"
        return "snapshot \(snapshot.snapshot) \(what): \(counts)"
    }

    /// A line for each snapshot that is not whole.
    static func json(_ report: RepairReport) -> [JSONValue] {
        report.snapshots.map { json($0) }
            + report.unreadable.map { json(unrepaired: $0, failure: unreadable($0)) }
    }

    private static func json(_ snapshot: RepairReport.Snapshot) -> JSONValue {
        let text = snapshot.snapshot.text
        if let failure = snapshot.failure { return json(unrepaired: text, failure: failure) }
        let indices = snapshot.indices.map { index -> JSONValue in
            [
                "name": .string(index.name), "documents": JSONValue(index.documents), "salvaged": JSONValue(index.salvaged),
                "lost": JSONValue(index.lost), "causes": .array(index.causes.map { .string($0) }),
            ]
        }
        return [
            "type": "repair", "snapshot": .string(text),
            "replacement": snapshot.replacement.map { .string($0.text) } ?? .null, "salvaged": JSONValue(snapshot.salvaged),
            "lost": JSONValue(snapshot.lost), "lostObjects": JSONValue(snapshot.lostObjects),
            "isDone": JSONValue(snapshot.isDone), "indices": .array(indices), "failure": .null,
            "marksDamage": snapshot.marksDamage.map { .string($0) } ?? .null,
        ]
    }

    /// One of which nobody knows what can be saved.
    private static func json(unrepaired snapshot: String, failure: String) -> JSONValue {
        [
            "type": "repair", "snapshot": .string(snapshot), "replacement": .null, "salvaged": .null, "lost": .null,
            "lostObjects": .null, "isDone": false, "indices": [], "failure": .string(failure), "marksDamage": .null,
        ]
    }
}
