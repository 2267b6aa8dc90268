import Archive
import Crypto
import Elasticsearch
import Foundation
import Messages
import Runtime
import Sessions

@testable import Worker

/// One index of a snapshot in a repository of its own, and a worker's surroundings to load it.
final class LoadFixture {
    let folder: TemporaryFolder
    let local: LocalStore
    let spool: Spool
    /// Sources by id.
    private(set) var documents: [String: String] = [:]
    private(set) var plainBytes = 0
    private(set) var segments: [SegmentReference] = []
    var plan: PlanEntry
    /// Another store over the same objects.
    var store: any ObjectStore

    init() throws {
        folder = try TemporaryFolder()
        local = try LocalStore(try folder.makeFolder("repository"))
        spool = try Spool(in: "\(folder.path)/spool", limit: 1 << 30)
        store = local
        plan = PlanEntry(
            nonce: "p", indices: [PlannedIndex(name: "a", targetName: "a", uuid: "u", shards: 1, documents: 0, definition: "{}")],
            slices: [], window: 2, snapshot: SnapshotID("20260101t000000z-abcdef"), plannedAt: Samples.time, notes: [])
    }

    /// Stores documents with the ids 0, 1, … in segments of a few frames.
    func fill(
        documents count: Int, frameBytes: Int = 400, routing: String? = nil,
        source: (Int) -> String = { #"{"n":\#($0),"text":"ü"}"# }
    ) throws {
        var settings = SegmentSettings()
        settings.frameBytes = frameBytes
        settings.segmentBytes = 4 * frameBytes
        let sink = DumpSink(store: RepositoryStore(local), spool: spool, settings: settings)
        for number in 0..<count {
            documents["\(number)"] = source(number)
            try Array("\"\(number)\"".utf8).withUnsafeBytes { id in
                try Array(source(number).utf8).withUnsafeBytes { source in
                    guard let routing else { return try sink.take(id: id, routing: nil, source: source, sort: source) }
                    try Array("\"\(routing)\"".utf8).withUnsafeBytes {
                        try sink.take(id: id, routing: $0, source: source, sort: source)
                    }
                }
            }
        }
        try sink.finish()
        plainBytes = sink.bytes
        segments = try sink.segments.map { segment in
            guard let id = Digest(hex: segment.id), let kind = SegmentKind(rawValue: segment.kind) else {
                throw CocoaError(.coderInvalidValue)
            }
            return SegmentReference(
                id: id, kind: kind, slice: 0, shard: 0, documents: segment.documents, plainBytes: segment.bytes,
                storedBytes: segment.storedBytes)
        }
        plan.slices = [Slice(index: 0, segments: 0..<segments.count, documents: count, bytes: plainBytes)]
    }

    func run(
        _ server: BulkServer, gate: BulkGate = BulkGate(), cursor: String? = nil, unitBytes: Int = 1 << 30,
        isOurs: @escaping @Sendable () -> Bool = { true }
    ) throws -> PartEntry {
        var settings = WorkerSettings(name: "w1")
        settings.unitBytes = unitBytes
        let url = server.url
        let unit = LoadUnit(
            makeClient: {
                try ElasticsearchClient(
                    configuration: ClusterConfiguration(url: url),
                    retryPolicy: RetryPolicy(retries: 5, backoff: Backoff(base: .milliseconds(1), cap: .milliseconds(2))),
                    isCancelled: { !isOurs() })
            },
            gate: gate, store: RepositoryStore(store), spool: spool, settings: settings,
            logger: Logger(label: "test", handler: JSONLogHandler()),
            report: { _, _, _ in })
        let guardian = UnitGuard(
            settings: settings, deadline: nil, journal: MemoryJournal(), isDraining: { false }, isOurs: isOurs)
        return try unit.run(
            plan: plan, slice: plan.slices[0], position: UnitPosition(slice: 0, epoch: 0, number: 0, cursor: cursor),
            fence: "load",
            segments: segments, guardian: guardian)
    }
}
