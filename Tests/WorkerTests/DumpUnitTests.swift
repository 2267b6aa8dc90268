import Archive
import Elasticsearch
import Messages
import Runtime
import Sessions
import Synchronization
import Testing

@testable import Worker

/// Units of a backup against a stubbed engine.
@Suite struct DumpUnitTests {
    let folder: TemporaryFolder
    let store: LocalStore

    init() throws {
        folder = try TemporaryFolder()
        store = try LocalStore(try folder.makeFolder("repository"))
    }

    private func unit(_ server: StubServer, _ settings: WorkerSettings, sleep: ((Duration) -> Void)? = nil) throws -> DumpUnit {
        let client = try ElasticsearchClient(
            configuration: ClusterConfiguration(url: server.url), retryPolicy: RetryPolicy(retries: 0))
        var unit = DumpUnit(
            client: client, store: RepositoryStore(store), spool: try Spool(in: "\(folder.path)/spool", limit: 1 << 30),
            settings: settings,
            pageSizes: PageSizes(), logger: Logger(label: "test", handler: JSONLogHandler()), report: { _, _, _ in })
        if let sleep { unit.sleep = sleep }
        return unit
    }

    private func guardian(_ settings: WorkerSettings) -> UnitGuard {
        UnitGuard(settings: settings, deadline: nil, journal: MemoryJournal(), isDraining: { false }, isOurs: { true })
    }

    private let slice = Slice(index: 0, shard: 1, documents: 30, bytes: 1000)

    private func view(scrolls: Bool) -> ViewEntry {
        var view = ViewEntry(
            nonce: "v", pointInTime: scrolls ? "" : "p", shards: 1, documents: 29, openedAt: Samples.time)
        view.scrolls = scrolls
        return view
    }

    /// A scroll of 30 documents in pages of 10, whose id changes from page to page.
    /// - Parameter uuid: of the index that has the name when the scroll is opened.
    private func scrolling(isGone: Bool = false, uuid: String = "a") throws -> StubServer {
        try StubServer { request in
            switch (request.method, request.path) {
            case ("GET", "/a"):
                let settings = #"{"index.uuid":"\#(uuid)","index.number_of_shards":"2"}"#
                return .init(200, #"{"a":{"aliases":{},"mappings":{},"settings":\#(settings)}}"#)
            case ("DELETE", _): return .init(200, #"{"succeeded":true}"#)
            case ("POST", "/a/_search") where request.target.contains("scroll="): return .init(200, page(0..<10, scroll: "s1"))
            case ("POST", "/a/_search"): return .init(200, page(0..<1))
            default:
                if isGone {
                    return .init(404, #"{"error":{"type":"search_phase_execution_exception","reason":"all shards failed"}}"#)
                }
                if request.text.contains(#""s1""#) { return .init(200, page(10..<20, scroll: "s2")) }
                return .init(200, page(request.text.contains(#""s2""#) ? 20..<30 : 30..<30, scroll: "s3"))
            }
        }
    }

    private func part(_ result: DumpUnit.Result) throws -> PartEntry {
        guard case .part(let part) = result else { throw WorkerError(.refused, "the view is gone") }
        return part
    }

    @Test func aScrollIsHandedFromUnitToUnitAndClearedByTheLast() throws {
        let server = try scrolling()
        let plan = Samples.plan(slices: [slice])
        var settings = WorkerSettings(name: "w")
        // Each unit is spent with its first page.
        settings.unitSeconds = 0
        var parts: [PartEntry] = []
        repeat {
            let position = UnitPosition(slice: 0, epoch: 0, number: parts.count, cursor: parts.last?.end)
            #expect(!server.requests.contains { $0.method == "DELETE" }, "cleared too early")
            parts.append(
                try part(
                    try unit(server, settings).run(
                        plan: plan, slice: slice, position: position, view: view(scrolls: true), guardian: guardian(settings))))
        } while parts.last?.end != nil
        #expect(parts.map(\.documents) == [10, 10, 10, 0])
        #expect(parts.map(\.total) == [30, nil, nil, nil], "the first alone knows the scroll's own total")
        #expect(parts[0].end == #"{"scroll":"s1"}"# && parts[1].begin == parts[0].end)
        #expect(server.requests.last?.method == "DELETE" && server.requests.last?.text == #"{"scroll_id":["s3"]}"#)
    }

    @Test func aScrollThatTheServerForgotIsAViewThatIsGone() throws {
        let server = try scrolling(isGone: true)
        let settings = WorkerSettings(name: "w")
        let position = UnitPosition(slice: 0, epoch: 0, number: 1, cursor: #"{"scroll":"s1"}"#)
        let result = try unit(server, settings).run(
            plan: Samples.plan(slices: [slice]), slice: slice, position: position, view: view(scrolls: true),
            guardian: guardian(settings))
        guard case .viewGone = result else { return #expect(Bool(false), "\(result)") }
    }

    @Test func aUnitThatFailsClearsItsScroll() throws {
        let server = try scrolling()
        let settings = WorkerSettings(name: "w")
        let lost = UnitGuard(
            settings: settings, deadline: nil, journal: MemoryJournal(), isDraining: { false }, isOurs: { false })
        #expect(throws: WorkerError.self) {
            _ = try unit(server, settings).run(
                plan: Samples.plan(slices: [slice]), slice: slice, position: UnitPosition(slice: 0, epoch: 0, number: 0),
                view: view(scrolls: true), guardian: lost)
        }
        #expect(server.requests.last?.text == #"{"scroll_id":["s1"]}"#)
    }

    /// The name may lead to another index by the time that the scroll is opened: its documents are not those that were planned.
    @Test func aScrollOfAnIndexThatWasMadeAnewIsRefusedAndCleared() throws {
        let server = try scrolling(uuid: "another")
        let settings = WorkerSettings(name: "w")
        #expect {
            _ = try unit(server, settings).run(
                plan: Samples.plan(slices: [slice]), slice: slice, position: UnitPosition(slice: 0, epoch: 0, number: 0),
                view: view(scrolls: true), guardian: guardian(settings))
        } throws: {
            ($0 as? WorkerError)?.message.contains("index a was deleted or created anew") == true
        }
        #expect(server.requests.last?.method == "DELETE" && server.requests.last?.text == #"{"scroll_id":["s1"]}"#)
    }

    @Test func aCursorOfAnotherKindIsRefused() throws {
        let server = try scrolling()
        let settings = WorkerSettings(name: "w")
        #expect(throws: WorkerError.self) {
            _ = try unit(server, settings).run(
                plan: Samples.plan(slices: [slice]), slice: slice,
                position: UnitPosition(slice: 0, epoch: 0, number: 1, cursor: "[17]"), view: view(scrolls: true),
                guardian: guardian(settings))
        }
        #expect(server.requests.isEmpty)
    }

    @Test func aQueryAndARateHoldForEveryPage() throws {
        let server = try StubServer { request in
            .init(200, request.text.contains("search_after") ? page(0..<0) : page(0..<10))
        }
        var plan = Samples.plan(slices: [slice])
        plan.query = #"{"term":{"n":1}}"#
        plan.maxBytesPerSecond = 100
        let settings = WorkerSettings(name: "w")
        let slept = Mutex(Duration.zero)
        let result = try unit(server, settings, sleep: { piece in slept.withLock { $0 += piece } }).run(
            plan: plan, slice: slice, position: UnitPosition(slice: 0, epoch: 0, number: 0), view: view(scrolls: false),
            guardian: guardian(settings))
        let moved = try part(result)
        #expect(moved.documents == 10 && moved.end == nil && moved.total == nil)
        let owed = Double(moved.bytes) / 100
        #expect(abs(slept.withLock { $0 } / .seconds(1) - owed) < 0.5, "\(moved.bytes) bytes at 100 a second")
        #expect(server.requests.count == 2 && server.requests.allSatisfy { $0.text.contains(#""query":{"term":{"n":1}}"#) })
    }
}

private func page(_ numbers: Range<Int>, scroll: String? = nil) -> String {
    let hits = numbers.map { #"{"_id":"\#($0)","_source":{"n":\#($0)},"sort":[\#($0)]}"# }
    let id = scroll.map { #""_scroll_id":"\#($0)","# } ?? ""
    return #"{\#(id)"_shards":{"total":1,"successful":1,"skipped":0,"failed":0},"timed_out":false,"#
        + #""hits":{"total":{"value":30,"relation":"eq"},"hits":[\#(hits.joined(separator: ","))]}}"#
}
