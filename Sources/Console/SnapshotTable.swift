package import Messages
package import Runtime

/// Snapshots in columns, and one in detail.
package enum SnapshotTable {
    package static func lines(_ snapshots: [SnapshotSummary]) -> [String] {
        var table = TextTable([
            ("SNAPSHOT", .left), ("REPOSITORY", .left), ("TARGET", .left), ("PLAN", .left), ("TIME", .left), ("INDICES", .right),
            ("DOCS", .right), ("STORED", .right), ("READ", .right), ("", .left),
        ])
        for snapshot in snapshots {
            table.append([
                snapshot.id.text, snapshot.repository, "\(snapshot.namespace)/\(snapshot.target)", snapshot.invoker.name,
                FigureText.moment(snapshot.time), FigureText.exact(snapshot.indices.count), FigureText.exact(snapshot.documents),
                "\(ByteCount(snapshot.storedBytes))", "\(ByteCount(snapshot.bytes))",
                (state(snapshot) + marks(snapshot)).joined(separator: ", "),
            ])
        }
        return table.lines
    }

    package static func details(_ snapshot: SnapshotSummary) -> [String] {
        var head = TextTable([("", .left), ("", .left)])
        head.append(["snapshot", snapshot.id.text])
        head.append(["repository", snapshot.repository])
        head.append(["target", "\(snapshot.namespace)/\(snapshot.target)"])
        head.append(["made by", "\(snapshot.invoker.kind) \(snapshot.invoker.name)"])
        head.append(["time", FigureText.moment(snapshot.time)])
        head.append([
            "content",
            "\(FigureText.indices(snapshot.indices.count)), \(FigureText.documents(snapshot.documents)), "
                + "\(ByteCount(snapshot.storedBytes)) stored (\(ByteCount(snapshot.bytes)) read)"
                + (snapshot.objects.map { ", \(FigureText.exact($0)) objects" } ?? ""),
        ])
        var table = TextTable([
            ("INDEX", .left), ("SHARDS", .right), ("DOCS", .right), ("STORED", .right), ("READ", .right), ("SEGMENTS", .right),
            ("POINT IN TIME", .left),
        ])
        for index in snapshot.indices {
            table.append([
                index.name, String(index.shards), FigureText.exact(index.documents), "\(ByteCount(index.storedBytes))",
                "\(ByteCount(index.bytes))", FigureText.exact(index.segments), moments(index),
            ])
        }
        if let query = snapshot.query { head.append(["query", query]) }
        if !marks(snapshot).isEmpty { head.append(["marks", marks(snapshot).joined(separator: ", ")]) }
        let missing =
            (snapshot.missing.map { ["partial: \($0)"] } ?? [])
            + snapshot.indices.compactMap { index in index.missing.map { "partial: index \(index.name): \($0)" } }
        return head.lines + (missing.isEmpty ? [] : [""] + missing) + (snapshot.indices.isEmpty ? [] : [""] + table.lines)
    }

    /// A `snapshot` line.
    package static func json(_ snapshot: SnapshotSummary) -> JSONValue {
        SessionReport.object([
            ("type", "snapshot"), ("id", .string(snapshot.id.text)), ("repository", .string(snapshot.repository)),
            ("namespace", .string(snapshot.namespace)), ("target", .string(snapshot.target)),
            ("invoker", SessionReport.invoker(snapshot.invoker)), ("time", .string(snapshot.time.description)),
            ("documents", JSONValue(snapshot.documents)), ("bytes", JSONValue(snapshot.bytes)),
            ("storedBytes", JSONValue(snapshot.storedBytes)), ("objects", snapshot.objects.map { JSONValue($0) } ?? .null),
            ("query", snapshot.query.map { .string($0) } ?? .null),
            ("missing", snapshot.missing.map { .string($0) } ?? .null),
            ("tags", .array((snapshot.tags ?? []).map { .string($0) })), ("kept", .bool(snapshot.isKept ?? false)),
            ("indices", .array(snapshot.indices.map(index))),
        ])
    }

    private static func state(_ snapshot: SnapshotSummary) -> [String] {
        snapshot.isPartial ? ["partial"] : snapshot.query == nil ? [] : ["query"]
    }

    private static func marks(_ snapshot: SnapshotSummary) -> [String] {
        (snapshot.isKept == true ? ["kept"] : []) + (snapshot.tags ?? []).map { "#\($0)" }
    }

    private static func index(_ index: SnapshotSummary.Index) -> JSONValue {
        SessionReport.object([
            ("name", .string(index.name)), ("shards", JSONValue(index.shards)), ("documents", JSONValue(index.documents)),
            ("bytes", JSONValue(index.bytes)), ("storedBytes", JSONValue(index.storedBytes)),
            ("segments", JSONValue(index.segments)),
            ("earliestView", index.earliestView.map { .string($0.description) } ?? .null),
            ("latestView", index.latestView.map { .string($0.description) } ?? .null),
            ("missing", index.missing.map { .string($0) } ?? .null),
        ])
    }

    private static func moments(_ index: SnapshotSummary.Index) -> String {
        guard let first = index.earliestView else { return "-" }
        guard let last = index.latestView, last - first >= .seconds(1) else { return FigureText.moment(first) }
        return "\(FigureText.moment(first)) to \(FigureText.moment(last).dropFirst(11))"
    }
}
