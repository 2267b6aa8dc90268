import Foundation
import Runtime
import Testing

extension EndToEnd {
    /// A dump of an index that is written to all the while: of each shard the snapshot has the state at one moment, the stated one.
    ///
    /// `SHEAF_TEST_SEED` repeats the choices of an earlier run.
    @Suite struct MovingTests {
        private static let seed = UInt64(Surroundings.number("SHEAF_TEST_SEED", default: Int.random(in: 1...1_000_000)))
        private static let servers: [TestServer] = [.elasticsearch, .opensearch, .elasticsearch7]
        private static let shards = 3
        private static let documents = 15_000
        /// Seconds after the stated moment within which the view must have been opened.
        private static let tolerance = 20.0

        @Test(.requires(servers), .timeLimit(.minutes(10))) func eachShardIsReadAtItsMoment() async throws {
            print("moving: SHEAF_TEST_SEED=\(Self.seed)")
            var figures: [String] = []
            for server in TestServer.present(Self.servers) { figures.append(try await dumpUnderWrites(server)) }
            print("FIGURE moving: \(figures.joined(separator: "; "))")
        }

        private func dumpUnderWrites(_ server: TestServer) async throws -> String {
            let engine = try Engine(server)
            var figure = ""
            try await Site.use { site in
                let index = "\(site.prefix)-moving"
                try await engine.use([index]) {
                    let shards = try await makeIndex(index, on: engine)
                    try site.declare(server, isEncrypted: false)
                    // At this rate the dump takes many times as long as a view's opening.
                    try site.declarePlan("nightly", indices: index, parameters: ["maxBytesPerSecond": "2MiB"])
                    try await site.startScheduler()
                    try await site.startWorker("one", ["--unit-bytes", "1MiB"])

                    let movement = try Movement(shards, index: index, server)
                    let backup = try await movement.during {
                        try await site.backup("nightly", within: .seconds(300)).session
                    }
                    try #require(backup.phase == "Succeeded", "\(backup.json)")
                    let moments = try moments(of: backup.id, in: site)
                    #expect(moments.count == Self.shards)

                    try await engine.delete(index)
                    let restore = try await site.restore(try site.restoreFile("back"), within: .seconds(300)).session
                    try #require(restore.phase == "Succeeded", "\(restore.json)")
                    let found = try await documents(of: index, on: engine)
                    #expect(found.values.reduce(0) { $0 + $1.count } == backup.documents)
                    figure = try await check(found, shards, moments, merges: movement.merges, server)
                }
            }
            return figure
        }

        /// Each shard has documents of one routing value, so that one writer knows the order of all that happens in it.
        private func makeIndex(_ index: String, on engine: Engine) async throws -> [MovingShard] {
            try await engine.create(
                index,
                settings: ["number_of_shards": JSONValue(Self.shards), "number_of_replicas": 0, "refresh_interval": "500ms"],
                mappings: [
                    "dynamic": false, "_routing": ["required": true],
                    "properties": ["n": ["type": "integer"], "op": ["type": "integer"], "t": ["type": "text"]],
                ])
            var routings: [Int: String] = [:]
            for number in 0..<1000 where routings.count < Self.shards {
                let place = try await engine.call("GET", "/\(index)/_search_shards?routing=r\(number)")["shards"]?[0]?[0]
                routings[try #require(place?["shard"]?.int)] = "r\(number)"
            }
            var shards: [MovingShard] = []
            for (number, routing) in routings {
                let shard = try MovingShard(number, of: index, routing: routing, on: engine.server, seed: Self.seed)
                try await shard.fill(Self.documents)
                shards.append(shard)
            }
            try await engine.refresh(index)
            return shards
        }

        /// The stated moment of each shard, in seconds of the epoch, as the session's journal has it.
        private func moments(of session: String, in site: Site) throws -> [Int: Double] {
            let folder = "\(site.repository)/sessions/\(session)"
            func entry(_ name: String) throws -> JSONValue {
                try JSONValue(parsing: Array(try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))))
            }
            let slices = try #require(try entry("plan")["slices"]?.array)
            var moments: [Int: Double] = [:]
            for (number, slice) in slices.enumerated() {
                let shard = try #require(slice["shard"]?.int)
                let text = try #require(try entry("view/\(number)/0")["openedAt"]?.string)
                moments[shard] = try Timestamp(parsing: text).secondsSinceEpoch
            }
            return moments
        }

        /// By shard: of each document the operation that wrote it.
        private func documents(of index: String, on engine: Engine) async throws -> [Int: [Int: Int]] {
            try await engine.refresh(index)
            var found: [Int: [Int: Int]] = [:]
            var doubles = 0
            for shard in 0..<Self.shards {
                var last = shard * 10_000_000 - 1
                while true {
                    let query: JSONValue = ["range": ["n": ["gt": JSONValue(last), "lt": JSONValue((shard + 1) * 10_000_000)]]]
                    let answer = try await engine.call(
                        "POST", "/\(index)/_search", ["size": 10_000, "sort": ["n"], "query": query, "_source": ["n", "op"]])
                    let hits = try #require(answer["hits"]?["hits"]?.array)
                    for hit in hits {
                        let source = try #require(hit["_source"])
                        let (document, operation) = (try #require(source["n"]?.int), try #require(source["op"]?.int))
                        if found[shard, default: [:]].updateValue(operation, forKey: document) != nil { doubles += 1 }
                        last = document
                    }
                    if hits.count < 10_000 { break }
                }
            }
            #expect(doubles == 0)
            return found
        }

        private func check(
            _ found: [Int: [Int: Int]], _ shards: [MovingShard], _ moments: [Int: Double], merges: Int, _ server: TestServer
        ) async throws -> String {
            var (after, latest, operations, deletes) = (0, 0.0, 0, 0)
            for shard in shards {
                let log = await shard.log
                let moment = try #require(moments[shard.number])
                let cut = try #require(
                    ShardCut(log: log, documents: found[shard.number] ?? [:]),
                    "shard \(shard.number) of \(server) was never in the state that the snapshot has of it")
                let due = log.filter { $0.acknowledged < moment }.count
                #expect(cut.operations >= due, "shard \(shard.number) lacks what was acknowledged before its moment")
                let newest = log.prefix(cut.operations).last?.sent ?? 0
                #expect(newest <= moment + Self.tolerance, "shard \(shard.number) has what was written long after its moment")
                latest = max(latest, newest - moment)
                after += log.count - cut.operations
                operations += log.count - Self.documents
                deletes += log.filter(\.isDelete).count
            }
            #expect(after > 1000, "too little was written while pages were read")
            #expect(merges > 1 && deletes > 100)
            return "\(server.testDescription) \(Self.shards) shards exact, \(operations) writes and \(merges) forced merges, "
                + "\(after) writes after the moments, cuts at most \(Int(max(0, latest) * 1000)) ms late"
        }
    }
}

/// Writes to all shards, and merges them, as long as something else lasts.
private final class Movement: Sendable {
    private let shards: [MovingShard]
    private let index: String
    private let merger: Engine
    private let isOver = Lock(false)
    private let merged = Lock(0)

    init(_ shards: [MovingShard], index: String, _ server: TestServer) throws {
        self.shards = shards
        self.index = index
        merger = try Engine(server)
    }

    /// Forced merges that were completed.
    var merges: Int { merged.withLock { $0 } }

    func during<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for shard in shards {
                group.addTask { [isOver] in while !isOver.withLock({ $0 }) { try await shard.write() } }
            }
            group.addTask { [isOver, merged, merger, index] in
                while !isOver.withLock({ $0 }) {
                    try await merger.call("POST", "/\(index)/_forcemerge?max_num_segments=1")
                    merged.withLock { $0 += 1 }
                }
            }
            defer { isOver.withLock { $0 = true } }
            let result = try await body()
            isOver.withLock { $0 = true }
            try await group.waitForAll()
            return result
        }
    }
}
