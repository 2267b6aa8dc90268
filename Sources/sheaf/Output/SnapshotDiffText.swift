import Console
import Messages
import Runtime
import Snapshots

/// The difference of two snapshots for people and for programs.
struct SnapshotDiffText {
    private let diff: SnapshotDiff

    init(_ diff: SnapshotDiff) { self.diff = diff }

    var lines: [String] {
        let equal = [
            diff.equalIndices > 0 ? FigureText.indices(diff.equalIndices) : nil,
            diff.equalObjects > 0 ? FigureText.counted(diff.equalObjects, "object", "objects") : nil,
        ].compactMap { $0 }
        let last = equal.isEmpty ? [] : ["equal: \(equal.joined(separator: ", "))"]
        guard !diff.isEmpty else { return ["\(diff.old) and \(diff.new) do not differ"] + last }
        var table = TextTable([("", .left), ("INDEX", .left), ("DOCS", .right), ("READ", .right), ("", .left)])
        for index in diff.indices {
            table.append([
                index.kind.rawValue, index.name, change(index.old?.documents, index.new?.documents, FigureText.exact),
                change(index.old?.bytes, index.new?.bytes) { "\(ByteCount($0))" },
                index.isDefinitionChanged ? "definition differs" : "",
            ])
        }
        var objects = TextTable([("", .left), ("OBJECT", .left), ("NAME", .left)])
        for object in diff.objects { objects.append([object.kind.rawValue, object.type, object.name]) }
        let parts = [diff.indices.isEmpty ? [] : table.lines, diff.objects.isEmpty ? [] : objects.lines, last]
        return Array(parts.filter { !$0.isEmpty }.joined(separator: [""]))
    }

    /// "12 -> 15"; the one number where the index is in one of the snapshots alone, or where nothing changed.
    private func change(_ old: Int?, _ new: Int?, _ text: (Int) -> String) -> String {
        guard let old, let new, old != new else { return (new ?? old).map(text) ?? "" }
        return "\(text(old)) -> \(text(new))"
    }

    /// A `diff` line.
    var json: JSONValue {
        [
            "type": "diff", "old": .string(diff.old.text), "new": .string(diff.new.text),
            "indices": .array(
                diff.indices.map { index in
                    [
                        "name": .string(index.name), "change": .string(index.kind.rawValue), "old": figures(index.old),
                        "new": figures(index.new), "definitionChanged": .bool(index.isDefinitionChanged),
                    ]
                }),
            "equalIndices": JSONValue(diff.equalIndices),
            "objects": .array(
                diff.objects.map {
                    ["kind": .string($0.type), "name": .string($0.name), "change": .string($0.kind.rawValue)]
                }), "equalObjects": JSONValue(diff.equalObjects),
        ]
    }

    private func figures(_ figures: SnapshotDiff.Figures?) -> JSONValue {
        figures.map { ["documents": JSONValue($0.documents), "bytes": JSONValue($0.bytes)] } ?? .null
    }
}
