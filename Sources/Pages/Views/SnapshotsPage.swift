import API
package import Messages
import Runtime

/// What can be restored from one repository.
package enum SnapshotsPage {
    package static func page(_ snapshots: [SnapshotSummary], namespace: String, repository: String, _ frame: Frame) -> Markup {
        Layout("Snapshots of \(repository)", area: .repositories).page(frame) {
            HTML.h1 {
                "Snapshots of "
                HTML.a(.href(.repository(namespace, repository))) { "\(namespace)/\(repository)" }
            }
            if snapshots.isEmpty {
                emptyState("There is no snapshot in this repository yet. Make one with:", command: "sheaf backup PLAN --wait")
            } else {
                table(snapshots, namespace, repository, frame)
                equivalent([command("sheaf", "snapshots")])
            }
        }
    }

    private static func table(
        _ snapshots: [SnapshotSummary], _ namespace: String, _ repository: String, _ frame: Frame
    ) -> Markup {
        let mayRestore = frame.actor.may(.restorer)
        var table = DataTable(
            id: "snapshots", caption: "\(FigureText.counted(snapshots.count, "snapshot", "snapshots")), newest first",
            json: .json("repositories", namespace, repository, "snapshots"),
            columns: [
                .text("Snapshot"), .text("Plan"), .text("Target"), .figure("Indices"), .figure("Documents"), .figure("Stored"),
                .figure("Read"), .text("Marks"),
            ] + (mayRestore ? [.text("Restore")] : []))
        for snapshot in snapshots {
            let cells = [
                HTML.a(.href(.snapshot(snapshot.id.text, namespace, repository)), .title(snapshot.id.text)) {
                    moment(snapshot.time)
                },
                Markup(snapshot.invoker.name), Markup("\(snapshot.namespace)/\(snapshot.target)"),
                Markup(FigureText.exact(snapshot.indices.count)), Markup(FigureText.exact(snapshot.documents)),
                Markup("\(ByteCount(snapshot.storedBytes))"), Markup("\(ByteCount(snapshot.bytes))"), marks(snapshot),
            ]
            let restore = HTML.a(
                .href(.restore(snapshot.id.text, namespace, repository)),
                .label("Restore the snapshot of \(FigureText.moment(snapshot.time))")
            ) { "Restore…" }
            table.append(cells + (mayRestore ? [restore] : []))
        }
        return table.markup
    }

    /// Whether it is whole, protected, and its tags.
    @MarkupBuilder
    static func marks(_ snapshot: SnapshotSummary) -> Markup {
        if snapshot.isPartial { badge("◐", "Partial", "warn") }
        if snapshot.query != nil { badge("⊂", "Query", "waiting") }
        if snapshot.isKept == true { badge("★", "Kept", "good") }
        for tag in snapshot.tags ?? [] { HTML.span(.class("tag")) { "#\(tag)" } }
    }
}
