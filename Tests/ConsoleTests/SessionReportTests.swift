import Messages
import Runtime
import Testing

@testable import Console

struct SessionReportTests {
    private let sample: Sample

    init() throws { sample = try Sample() }

    @Test func aSuccessTellsWhatWasStored() throws {
        let status = sample.status(.succeeded, .final)
        let snapshot = try #require(status.snapshot)
        #expect(
            SessionReport.summary(status)
                == "done in 4.2s: 2 indices, 1,500 documents, 146 KiB stored (2.9 MiB read), 352 docs/s, snapshot \(snapshot)")
        #expect(SessionReport.details(status) == [" parts by worker: w1 3, w2 1"])
    }

    @Test func aRestoreTellsWhatWasLoaded() {
        #expect(
            SessionReport.summary(sample.status(.succeeded, .final, kind: .restore)).contains("1,500 documents, 2.9 MiB loaded"))
    }

    @Test func aFailureTellsWhyOnce() {
        let status = sample.status(.failed, .final, error: "the disk is full")
        #expect(SessionReport.summary(status) == "failed after 4.2s: the disk is full")
        #expect(SessionReport.details(status).isEmpty)
    }

    @Test func whatADocumentSaysSteersNoTerminal() throws {
        var status = sample.status(.failed, .final, error: "refused: \u{1B}[2J")
        status.conditions = [
            Condition(type: "Rejected", reason: "t", message: "_id 7: '\u{1B}]0;x\u{7}\ny'", lastTransitionTime: sample.moment)
        ]
        #expect(SessionReport.summary(status) == "failed after 4.2s: refused: \\u{1b}[2J")
        #expect(SessionReport.details(status) == [" Rejected: _id 7: '\\u{1b}]0;x\\u{7}\\u{a}y'"])
    }

    @Test func theSessionLineHasTheDocumentedFieldsInEveryPhase() throws {
        let fields = [
            "type", "id", "kind", "name", "namespace", "invoker", "target", "repository", "phase", "snapshot", "requestedAt",
            "startedAt",
            "finishedAt", "indices", "documents", "expectedDocuments", "bytes", "storedBytes", "seconds", "partsByWorker",
            "conditions",
            "error", "retried", "nextRetry", "parent",
        ]
        for phase in Phase.allCases {
            #expect(SessionReport.session(sample.status(phase)).members?.map(\.name) == fields)
        }
        let accepted = SessionReport.accepted(
            sample.id, kind: .backup, invoker: Invoker(kind: "x", name: "y"), namespace: "default")
        #expect(accepted.members?.map(\.name) == fields)
        let line = SessionReport.session(sample.status(.succeeded, .final))
        #expect(line["documents"]?.int == 1500)
        #expect(line["seconds"]?.double == 4.25)
        #expect(line["partsByWorker"]?["w1"]?.int == 3)
        #expect(!line.serialized().contains("\n"))
    }

    @Test func theProgressLineHasEveryIndex() {
        var progress = SessionProgress(session: sample.id, kind: .backup)
        #expect(SessionReport.progress(progress, now: sample.moment, at: .zero)["percent"]?.int == 0)
        _ = progress.apply(sample.status(.running))
        progress.apply(sample.progress("orders", 250), at: .seconds(1))
        let line = SessionReport.progress(progress, now: sample.moment, at: .seconds(1))
        #expect(line["percent"]?.int == 16)
        #expect(line["indices"]?.array?.map { $0["documents"]?.int } == [250, 0])
        #expect(line["secondsLeft"]?.isNull == true)
    }

    @Test func snapshotsAreListedWithTheirSums() throws {
        let index = SnapshotSummary.Index(
            name: "orders", shards: 5, documents: 1200, bytes: 4096, storedBytes: 1024, segments: 5, earliestView: sample.moment,
            latestView: sample.moment + .seconds(3))
        let snapshot = SnapshotSummary(
            id: SnapshotID(startedAt: sample.moment, session: sample.id), repository: "local", namespace: "default",
            target: "shop",
            invoker: Invoker(kind: "BackupConfiguration", name: "nightly"), time: sample.moment, indices: [index, index])
        let row = try #require(SnapshotTable.lines([snapshot]).last)
        #expect(row.hasSuffix("2  2,400  2.0 KiB  8.0 KiB"))
        let from = FigureText.moment(sample.moment)
        let to = FigureText.moment(sample.moment + .seconds(3)).suffix(9)
        #expect(SnapshotTable.details(snapshot).last?.hasSuffix("5  \(from) to \(to)") == true)
        #expect(SnapshotTable.json(snapshot)["storedBytes"]?.int == 2048)
    }

    @Test func aPartialSnapshotSaysSoAndWhatItMisses() throws {
        var index = SnapshotSummary.Index(
            name: "orders", shards: 5, documents: 1200, bytes: 4096, storedBytes: 1024, segments: 5, earliestView: nil,
            latestView: nil)
        index.missing = "shard 3 failed"
        var snapshot = SnapshotSummary(
            id: SnapshotID(startedAt: sample.moment, session: sample.id), repository: "local", namespace: "default",
            target: "shop", invoker: Invoker(kind: "BackupConfiguration", name: "nightly"), time: sample.moment, indices: [index])
        snapshot.objects = 7
        #expect(SnapshotTable.lines([snapshot]).last?.hasSuffix("  partial") == true)
        let details = SnapshotTable.details(snapshot)
        #expect(details.contains("partial: index orders: shard 3 failed"))
        #expect(details.contains { $0.hasPrefix("content") && $0.hasSuffix(", 7 objects") })
        let json = SnapshotTable.json(snapshot)
        #expect(json["objects"]?.int == 7 && json["indices"]?[0]?["missing"]?.string == "shard 3 failed")
    }
}
