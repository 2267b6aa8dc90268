import Archive
import Elasticsearch
import Messages
import Runtime
import Sessions

/// One unit of a backup: reads pages of a view from a cursor, stores their documents as segments, and ends in a part.
struct DumpUnit {
    enum Result {
        case part(PartEntry)
        case viewGone
    }

    /// A wait is no longer, so that the next page keeps the view alive; what is owed then is waited for after it.
    private static let longestWait = Duration.seconds(1200)

    let client: ElasticsearchClient
    let store: RepositoryStore
    let spool: Spool
    let settings: WorkerSettings
    let pageSizes: PageSizes
    let logger: Logger
    let report: (_ documents: Int, _ bytes: Int, _ storedBytes: Int) -> Void
    /// Blocks the thread; replaced by tests.
    var sleep: (Duration) -> Void = ElasticsearchClient.blockThread

    /// - Throws: `WorkerError` when the unit must stop and leave nothing; `ElasticsearchError`; `ArchiveError`.
    func run(
        plan: PlanEntry, slice: Slice, position: UnitPosition, view: ViewEntry, guardian: UnitGuard
    ) throws -> Result {
        let index = plan.indices[slice.index]
        var guardian = guardian
        var rate = RateLimit(of: plan)
        var reader = try ViewReader(
            client: client, index: index, slice: slice, view: view, cursor: position.cursor, query: plan.query)
        var sizer = pageSizes.sizer(
            for: index, unitBytes: settings.unitBytes, rate: rate?.bytesPerSecond, scrolls: view.scrolls == true)
        let sink = DumpSink(store: store, spool: spool, settings: settings.segments)
        let beganAt = Timestamp.now()
        var definition: String?
        var isEnd = false
        do {
            while !isEnd {
                let before = sink.bytes
                let knewTotal = reader.total != nil
                isEnd = try reader.readPage(sizer: &sizer, into: sink) == 0
                // The name may have led to another index by the time that the scroll was opened.
                if !knewTotal, reader.total != nil {
                    definition = try ViewOpener(client: client, query: plan.query).newerDefinition(of: index)
                }
                report(sink.documents, sink.bytes, sink.storedBytes)
                let pause = rate?.count(sink.bytes - before) ?? .zero
                if try guardian.isSpent(moved: sink.bytes), !isEnd { break }
                if !isEnd { try guardian.wait(min(pause, Self.longestWait), moved: sink.bytes, sleep: sleep) }
            }
            try sink.finish()
        } catch let error as ElasticsearchError where error.code == .pointInTimeGone {
            return .viewGone
        } catch {
            // No other delivery may go on with it, so nobody reads in it any more.
            reader.clear(complain)
            if let error = error as? ElasticsearchError, error.code == .circuitBroken {
                pageSizes.remember(sizer, for: index.uuid)
            }
            throw error
        }
        if isEnd { reader.clear(complain) }
        if rate == nil { pageSizes.remember(sizer, for: index.uuid) }
        report(sink.documents, sink.bytes, sink.storedBytes)
        var part = PartEntry(
            nonce: try Nonce.make(), worker: settings.name, begin: position.cursor, end: isEnd ? nil : reader.cursor,
            documents: sink.documents, bytes: sink.bytes, storedBytes: sink.storedBytes, segments: sink.segments,
            finishedAt: .now())
        if let total = reader.total { (part.total, part.openedAt, part.definition) = (total, beganAt, definition) }
        return .part(part)
    }

    private func complain(_ error: any Error) {
        logger.info("a scroll could not be cleared and will expire", metadata: ["error": .string("\(error)")])
    }
}
