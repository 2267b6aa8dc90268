import Elasticsearch
import FoundationEssentials
import Messages
import Runtime
import Sessions

/// Reads the pages of a slice's view from a unit's cursor on, through a point in time or a scroll.
struct ViewReader {
    private enum Source {
        case pointInTime(PointInTime, after: String?)
        /// Opened by the first page of the slice's first unit.
        case unopenedScroll(Scroll)
        case scroll(Scroll)
    }

    /// Each page renews the view for so long: the slice's next unit may wait behind those of other slices, and a slow rate makes pauses.
    private static let keepAlive = Duration.seconds(3600)
    /// Of a scroll, which nobody but its units can clear: longer than the longest pause of a slow rate.
    private static let scrollKeepAlive = Duration.seconds(1800)

    private let client: ElasticsearchClient
    private let index: PlannedIndex
    private let query: String?
    private var source: Source
    /// The view's total, where this reader opened it.
    private(set) var total: Int?

    /// - Throws: `WorkerError(.refused)` for a cursor that no unit of such a view has.
    init(
        client: ElasticsearchClient, index: PlannedIndex, slice: Slice, view: ViewEntry, cursor: String?, query: String?
    ) throws {
        self.client = client
        self.index = index
        self.query = query
        guard view.scrolls == true else {
            let pointInTime = PointInTime(
                id: view.pointInTime, index: index.name, shard: slice.shard, shards: view.shards, total: view.documents,
                openedAt: Date(timeIntervalSince1970: view.openedAt.secondsSinceEpoch))
            source = .pointInTime(pointInTime, after: cursor)
            return
        }
        var scroll = Scroll(id: "", index: index.name, shard: slice.shard, shards: view.shards)
        guard let cursor else {
            source = .unopenedScroll(scroll)
            return
        }
        guard let id = ScrollCursor(text: cursor)?.scroll else {
            throw WorkerError(.refused, "\"\(cursor)\" is no cursor of a scroll of index \(index.name)")
        }
        scroll.id = id
        source = .scroll(scroll)
    }

    /// Where the next page begins; nil before the first.
    var cursor: String? {
        switch source {
        case .pointInTime(_, let after): after
        case .unopenedScroll: nil
        case .scroll(let scroll): ScrollCursor(scroll: scroll.id).text
        }
    }

    /// - Returns: the documents of the page; none at the end, and only there.
    mutating func readPage(sizer: inout PageSizer, into sink: any HitSink) throws -> Int {
        switch source {
        case .pointInTime(var view, let after):
            let page = try client.readPage(
                view, after: after, sizer: &sizer, keepAlive: Self.keepAlive, query: query, into: sink)
            view.id = page.viewID
            source = .pointInTime(view, after: page.lastSort ?? after)
            return page.documents
        case .unopenedScroll(var scroll):
            let page = try client.openScroll(
                scroll, sizer: &sizer, keepAlive: Self.scrollKeepAlive, query: query, into: sink)
            scroll.id = page.viewID
            source = .scroll(scroll)
            total = page.total
            return page.documents
        case .scroll(var scroll):
            let page = try client.readPage(scroll, pageLimit: index.pageLimit, keepAlive: Self.scrollKeepAlive, into: sink)
            scroll.id = page.viewID
            source = .scroll(scroll)
            return page.documents
        }
    }

    /// Gives a scroll back that nobody goes on with; a point in time belongs to the slice and stays.
    ///
    /// - Throws: nothing: what cannot be cleared expires.
    func clear(_ complain: (any Error) -> Void) {
        guard case .scroll(let scroll) = source else { return }
        do {
            try client.clearScroll(scroll.id)
        } catch {
            complain(error)
        }
    }
}

/// A unit's cursor where the slice is read by a scroll: JSON text.
struct ScrollCursor: Equatable {
    var scroll: String

    init(scroll: String) { self.scroll = scroll }

    /// nil when the text is no such cursor.
    init?(text: String) {
        guard let value = try? JSONValue(parsing: Array(text.utf8)), let scroll = value["scroll"]?.string, !scroll.isEmpty else {
            return nil
        }
        self.scroll = scroll
    }

    var text: String { JSONValue.object([JSONValue.Member(name: "scroll", value: .string(scroll))]).serialized() }
}
