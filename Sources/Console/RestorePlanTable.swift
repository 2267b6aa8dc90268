package import Messages
package import Runtime

/// What a restore would do, for people and for programs.
package enum RestorePlanTable {
    /// - Parameter width: columns of the terminal, at least 40; names are shortened in the middle and sentences wrapped to fit. Nil: as
    ///   long as they are.
    package static func lines(_ preview: RestorePreview, width: Int?) -> [String] {
        let width = width.map { max($0, 40) }
        var lines = ["snapshot \(preview.snapshot) to \(preview.target): \(total(preview))"]
        if !preview.indices.isEmpty { lines += [""] + indices(preview.indices, width) }
        if !preview.objects.isEmpty { lines += [""] + objects(preview.objects, width) }
        if !preview.notes.isEmpty { lines.append("") }
        for note in preview.notes { lines += wrapped("note: ", note.split(separator: " "), width) }
        if !preview.problems.isEmpty { lines.append("") }
        for problem in preview.problems { lines += wrapped("problem: ", problem.split(separator: " "), width) }
        return lines.flatMap { $0.count > width ?? .max ? wrapped("", $0.split(separator: " "), width) : [$0] }
    }

    /// A `restorePlan` line.
    package static func json(_ preview: RestorePreview) -> JSONValue {
        SessionReport.object([
            ("type", "restorePlan"), ("snapshot", .string(preview.snapshot.text)), ("target", .string(preview.target)),
            ("documents", JSONValue(written(preview).reduce(0) { $0 + $1.documents })),
            ("bytes", JSONValue(written(preview).reduce(0) { $0 + $1.bytes })),
            ("indices", .array(preview.indices.map(json))), ("objects", .array(preview.objects.map(json))),
            ("notes", .array(preview.notes.map { .string($0) })), ("problems", .array(preview.problems.map { .string($0) })),
        ])
    }

    private static func json(_ index: RestorePreview.Index) -> JSONValue {
        SessionReport.object([
            ("name", .string(index.name)), ("targetName", .string(index.targetName)),
            ("dataStream", index.dataStream.map { .string($0) } ?? .null), ("action", .string(index.action)),
            ("documents", JSONValue(index.documents)), ("bytes", JSONValue(index.bytes)),
            ("aliases", .array(index.aliases.map { .string($0) })),
            ("strippedSettings", .array(index.strippedSettings.map { .string($0) })),
        ])
    }

    private static func json(_ object: RestorePreview.Object) -> JSONValue {
        SessionReport.object([
            ("kind", .string(object.kind.rawValue)), ("name", .string(object.name)), ("action", .string(object.action)),
        ])
    }

    private static func written(_ preview: RestorePreview) -> [RestorePreview.Index] {
        preview.indices.filter { !["skip", "conflict"].contains($0.action) }
    }

    private static func total(_ preview: RestorePreview) -> String {
        let written = written(preview)
        let bytes = written.reduce(0) { $0 + $1.bytes }
        return
            "\(FigureText.indices(written.count)), \(FigureText.documents(written.reduce(0) { $0 + $1.documents })), \(ByteCount(bytes))"
    }

    /// One row an index, and below it what else it gets or loses.
    private static func indices(_ indices: [RestorePreview.Index], _ width: Int?) -> [String] {
        let figures = indices.map { FigureText.exact($0.documents).count + "\(ByteCount($0.bytes))".count }.max() ?? 0
        let actions = indices.map(\.action.count).max() ?? 0
        // What two columns of names may share, when the other columns and the gaps have theirs.
        let space = width.map { max(8, ($0 - max(actions, 6) - max(figures, 8) - 8) / 2) }
        var table = TextTable([("ACTION", .left), ("INDEX", .left), ("NEW NAME", .left), ("DOCS", .right), ("SIZE", .right)])
        for index in indices {
            table.append([
                index.action, fitted(index.name, space),
                index.targetName == index.name ? "" : fitted(index.targetName, space),
                FigureText.exact(index.documents), "\(ByteCount(index.bytes))",
            ])
        }
        var lines = [table.lines[0]]
        for (row, index) in zip(table.lines.dropFirst(), indices) {
            lines.append(row)
            if let stream = index.dataStream { lines += wrapped("    data stream: ", [stream[...]], width) }
            lines += wrapped("    aliases: ", list(index.aliases), width)
            lines += wrapped("    left out: ", list(index.strippedSettings), width)
        }
        return lines
    }

    private static func objects(_ objects: [RestorePreview.Object], _ width: Int?) -> [String] {
        let space = width.map { max(8, $0 - 13 - 18) }
        var table = TextTable([("ACTION", .left), ("KIND", .left), ("OBJECT", .left)])
        for object in objects { table.append([object.action, object.kind.rawValue, fitted(object.name, space)]) }
        return table.lines
    }

    private static func fitted(_ text: String, _ width: Int?) -> String {
        width.map { FigureText.fitted(text, width: $0) } ?? text
    }

    private static func list(_ names: [String]) -> [Substring] {
        names.enumerated().map { $0.offset == names.count - 1 ? $0.element[...] : "\($0.element),"[...] }
    }

    /// Words after a label, wrapped under its end; nothing without words. A word that is longer than a line is shortened.
    private static func wrapped(_ label: String, _ words: [Substring], _ width: Int?) -> [String] {
        guard !words.isEmpty else { return [] }
        guard let width else { return [label + words.joined(separator: " ")] }
        let indent = String(repeating: " ", count: min(label.count, 16))
        var lines: [String] = []
        var line = label
        var isEmpty = true
        for word in words {
            if !isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                (line, isEmpty) = (indent, true)
            }
            line += (isEmpty ? "" : " ") + FigureText.fitted(String(word), width: width - indent.count)
            isEmpty = false
        }
        return lines + [line]
    }
}
