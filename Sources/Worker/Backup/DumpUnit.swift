import Archive
import Elasticsearch
import FoundationEssentials
import Messages
import Runtime
import Sessions

/// One unit of a backup: reads pages of a view from a cursor, stores their documents as segments, and ends in a part.
struct DumpUnit {
    enum Result {
        case part(PartEntry)
        case viewGone
    }

    /// Each page renews the view for so long: the slice's next unit may wait behind those of other slices.
    private static let keepAlive = Duration.seconds(3600)

    let client: ElasticsearchClient
    let store: any ObjectStore
    let spool: Spool
    let settings: WorkerSettings
    let pageSizes: PageSizes
    let report: (_ documents: Int, _ bytes: Int, _ storedBytes: Int) -> Void

    func run(index: PlannedIndex, slice: Slice, position: UnitPosition, view: ViewEntry, guardian: UnitGuard) throws -> Result {
        var guardian = guardian
        var pointInTime = PointInTime(
            id: view.pointInTime, index: index.name, shard: slice.shard, shards: view.shards, total: view.documents,
            openedAt: Date(timeIntervalSince1970: view.openedAt.secondsSinceEpoch))
        let sink = DumpSink(store: store, spool: spool, settings: settings.segments)
        var sizer = pageSizes.sizer(for: index.uuid, maximum: index.pageLimit, unitBytes: settings.unitBytes)
        var cursor = position.cursor
        var isEnd = false
        do {
            while !isEnd {
                let page = try client.readPage(pointInTime, after: cursor, sizer: &sizer, keepAlive: Self.keepAlive, into: sink)
                pointInTime.id = page.pointInTimeID
                cursor = page.lastSort ?? cursor
                // A page that the server found too big is asked again smaller, so only an empty one is sure to be the end.
                isEnd = page.documents == 0
                report(sink.documents, sink.bytes, sink.storedBytes)
                if try guardian.isSpent(moved: sink.bytes), !isEnd { break }
            }
        } catch let error as ElasticsearchError where error.code == .pointInTimeGone {
            return .viewGone
        }
        pageSizes.remember(sizer, for: index.uuid)
        try sink.finish()
        report(sink.documents, sink.bytes, sink.storedBytes)
        return .part(
            PartEntry(
                nonce: try Nonce.make(), worker: settings.name, begin: position.cursor, end: isEnd ? nil : cursor,
                documents: sink.documents, bytes: sink.bytes, storedBytes: sink.storedBytes, segments: sink.segments,
                finishedAt: .now()))
    }
}
