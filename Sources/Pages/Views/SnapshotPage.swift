import API
package import Messages
import Runtime

/// One snapshot: its indices, and the moments at which they were seen.
package enum SnapshotPage {
    /// - Parameter previous: the one before it of the same plan and target, to compare with.
    package static func page(
        _ snapshot: SnapshotSummary, previous: SnapshotSummary?, namespace: String, repository: String, _ frame: Frame
    ) -> Markup {
        Layout("Snapshot of \(FigureText.moment(snapshot.time))", area: .repositories).page(frame) {
            HTML.div(.class("heading")) {
                HTML.h1 {
                    "Snapshot of "
                    moment(snapshot.time)
                }
                SnapshotsPage.marks(snapshot)
            }
            if frame.actor.may(.restorer), !snapshot.indices.isEmpty || (snapshot.objects ?? 0) > 0 {
                HTML.p { HTML.a(.class("button main"), .href(.restore(snapshot.id.text, namespace, repository))) { "Restore…" } }
            }
            missing(snapshot)
            HTML.section(.labelledBy("facts")) {
                HTML.h2(.id("facts")) { "The snapshot" }
                facts(snapshot, namespace, repository)
                if let previous { comparison(snapshot, previous, namespace, repository) }
            }
            HTML.section(.labelledBy("indices")) {
                HTML.h2(.id("indices")) { "Indices" }
                indices(snapshot, namespace, repository)
            }
            equivalent([command("sheaf", "show", snapshot.id.text)])
        }
    }

    /// The newest one before it of the same plan and target.
    package static func previous(of snapshot: SnapshotSummary, in all: [SnapshotSummary]) -> SnapshotSummary? {
        all.filter {
            $0.time < snapshot.time && $0.invoker == snapshot.invoker && $0.namespace == snapshot.namespace
                && $0.target == snapshot.target
        }.max { $0.time < $1.time }
    }

    @MarkupBuilder
    private static func missing(_ snapshot: SnapshotSummary) -> Markup {
        if snapshot.isPartial {
            HTML.section(.labelledBy("missing"), .class("errorbox")) {
                HTML.h2(.id("missing")) { "It is not whole" }
                if let cause = snapshot.missing { HTML.p { cause } }
                HTML.ul {
                    for index in snapshot.indices {
                        if let cause = index.missing { HTML.li { "\(index.name): \(cause)" } }
                    }
                }
            }
        }
    }

    private static func facts(_ snapshot: SnapshotSummary, _ namespace: String, _ repository: String) -> Markup {
        HTML.dl(.class("facts wide")) {
            fact("Repository") {
                HTML.a(.href(.snapshots(namespace, repository))) { "\(namespace)/\(repository)" }
            }
            fact("Target") { "\(snapshot.namespace)/\(snapshot.target)" }
            fact("Made by") { "\(snapshot.invoker.kind) \(snapshot.invoker.name)" }
            fact("Documents") { FigureText.exact(snapshot.documents) }
            fact("Bytes") { "\(ByteCount(snapshot.bytes)) read, \(ByteCount(snapshot.storedBytes)) stored" }
            if let objects = snapshot.objects { fact("Other objects") { FigureText.exact(objects) } }
            if let query = snapshot.query { fact("Only documents that match") { HTML.code { query } } }
            fact("Id") { HTML.code { snapshot.id.text } }
        }
    }

    /// Indices that came and went: a pattern that no longer matches must not pass unseen.
    private static func comparison(
        _ snapshot: SnapshotSummary, _ previous: SnapshotSummary, _ namespace: String, _ repository: String
    ) -> Markup {
        let now = Set(snapshot.indices.map(\.name))
        let before = Set(previous.indices.map(\.name))
        return HTML.div(.class("comparison")) {
            HTML.p {
                "Compared with that of "
                HTML.a(.href(.snapshot(previous.id.text, namespace, repository))) { moment(previous.time) }
                ": \(FigureText.exact(previous.documents)) → \(FigureText.documents(snapshot.documents)); "
                now == before ? "the same indices." : "other indices:"
            }
            if now != before {
                HTML.ul {
                    for name in before.subtracting(now).sorted() { HTML.li { "gone: \(name)" } }
                    for name in now.subtracting(before).sorted() { HTML.li { "new: \(name)" } }
                }
            }
        }
    }

    @MarkupBuilder
    private static func indices(_ snapshot: SnapshotSummary, _ namespace: String, _ repository: String) -> Markup {
        if snapshot.indices.isEmpty {
            emptyState("There is no index in it.")
        } else {
            HTML.p(.class("dim")) {
                "Each shard is as it was at one moment. Shards of an index, and indices, were opened at slightly different moments."
            }
            table(snapshot, namespace, repository)
        }
    }

    private static func table(_ snapshot: SnapshotSummary, _ namespace: String, _ repository: String) -> Markup {
        var table = DataTable(
            id: "indices", caption: FigureText.indices(snapshot.indices.count),
            json: .json("repositories", namespace, repository, "snapshots", snapshot.id.text),
            columns: [
                .text("Index"), .figure("Shards"), .figure("Documents"), .figure("Stored"), .figure("Read"),
                .text("Point in time"), .text("Whole"),
            ])
        for index in snapshot.indices {
            table.append([
                HTML.span(.class("name")) { index.name }, Markup(FigureText.exact(index.shards)),
                Markup(FigureText.exact(index.documents)), Markup("\(ByteCount(index.storedBytes))"),
                Markup("\(ByteCount(index.bytes))"), moments(index),
                index.missing == nil ? Markup("yes") : badge("◐", "Partial", "warn"),
            ])
        }
        return table.markup
    }

    @MarkupBuilder
    private static func moments(_ index: SnapshotSummary.Index) -> Markup {
        if let earliest = index.earliestView {
            moment(earliest)
            if let latest = index.latestView, latest != earliest {
                HTML.span(.class("dim")) { " + \((latest - earliest).shortText)" }
            }
        } else {
            "–"
        }
    }
}
