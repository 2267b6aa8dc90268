import HTTP
import Runtime
import Testing

/// An engine that makes mistakes when it is told to: `Tests/FaultEngine/fault_engine.py` in front of a real one.
actor FaultEngine {
    /// What can go wrong; `faults.py` says of each what it does.
    enum Fault: String, CaseIterable, Sendable {
        case busy, unavailable, breaker
        case proxyPage = "proxy_page"
        case resetBefore = "reset_before"
        case torn
        case tornNeatly = "torn_neatly"
        case stalled
        case failedShard = "failed_shard"
        case failedShardAtTheEnd = "failed_shard_at_the_end"
        case timedOut = "timed_out"
        case lostView = "lost_view"
        case leftOut = "left_out"
        case doubled, swapped
        case resetAfter = "reset_after"
        case refusedItems = "refused_items"
        case refusedForGood = "refused_for_good"
        case tooLarge = "too_large"

        /// Pages that look whole and are not.
        var isLie: Bool { [.leftOut, .doubled, .swapped].contains(self) }

        var isOfBulk: Bool { [.resetAfter, .refusedItems, .refusedForGood, .tooLarge].contains(self) }

        var isOfPages: Bool { isLie || [.failedShard, .failedShardAtTheEnd, .timedOut, .lostView].contains(self) }
    }

    static var program: String { Surroundings.packageFolder + "/Tests/FaultEngine/fault_engine.py" }

    nonisolated let url: String
    private let executor: ThreadExecutor
    private let client: HTTPClient

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(url: String) throws {
        self.url = url
        executor = try ThreadExecutor(name: "e2e-faults")
        client = try HTTPClient()
    }

    /// Begins anew: other choices, nothing counted.
    func seed(_ seed: UInt64) throws { try post("seed", ["seed": JSONValue(Int(seed % 1_000_000))]) }

    /// From now on each request that one of the faults fits meets it with that probability.
    ///
    /// - Parameters:
    ///   - documents: until so many requests that move documents have.
    ///   - others: until so many of the others have.
    func plan(_ faults: [Fault], rate: Double = 1, documents: Int, others: Int) throws {
        try post(
            "plan",
            [
                "kinds": .array(faults.map { .string($0.rawValue) }), "rate": JSONValue(rate), "documents": JSONValue(documents),
                "others": JSONValue(others),
            ])
    }

    func stop() throws { try plan([], documents: 0, others: 0) }

    private func post(_ what: String, _ body: JSONValue) throws {
        let response = try client.send(
            HTTPRequest(method: "POST", url: "\(url)/_faults/\(what)", body: .bytes(body.serializedBytes())))
        try #require(response.isSuccess)
    }

    /// How many requests met a fault so far, by its name.
    func counts() throws -> [String: Int] {
        let counts = try JSONValue(parsing: try client.send(HTTPRequest(url: url + "/_faults/counts")).body)
        return Dictionary(uniqueKeysWithValues: (counts.members ?? []).map { ($0.name, $0.value.int ?? 0) })
    }
}

extension Site {
    func startFaultEngine(before server: TestServer) async throws -> FaultEngine {
        try FaultEngine(url: try await startServer("fault engine", [FaultEngine.program, try server.url()]))
    }
}
