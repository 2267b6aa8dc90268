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
            lines.append("the outcome of \(name) cannot be read, so nobody knows what it named: copy it from another repository")
        }
        if !applied && !report.snapshots.isEmpty { lines.append("nothing was changed; --apply does it") }
        return lines
    }

    private static func headline(_ snapshot: RepairReport.Snapshot, applied: Bool) -> String {
        let counts = "\(FigureText.documents(snapshot.salvaged)) saved, \(FigureText.exact(snapshot.lost)) lost"
        guard let replacement = snapshot.replacement else {
            return "snapshot \(snapshot.snapshot): none of its documents can be read; sheaf forget \(snapshot.snapshot) ends it"
        }
        let what = applied ? "is replaced by \(replacement)" : "would be replaced by \(replacement)"
        return "snapshot \(snapshot.snapshot) \(what): \(counts)"
    }

    static func json(_ snapshot: RepairReport.Snapshot) -> JSONValue {
        let indices = snapshot.indices.map { index -> JSONValue in
            [
                "name": .string(index.name), "documents": JSONValue(index.documents), "salvaged": JSONValue(index.salvaged),
                "lost": JSONValue(index.lost), "causes": .array(index.causes.map { .string($0) }),
            ]
        }
        return [
            "type": "repair", "snapshot": .string(snapshot.snapshot.text),
            "replacement": snapshot.replacement.map { .string($0.text) } ?? .null, "salvaged": JSONValue(snapshot.salvaged),
            "lost": JSONValue(snapshot.lost), "lostObjects": JSONValue(snapshot.lostObjects),
            "isDone": JSONValue(snapshot.isDone),
            "indices": .array(indices),
        ]
    }
}
