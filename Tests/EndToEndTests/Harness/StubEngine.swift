import HTTP
import Runtime

/// Clusters that cost next to no CPU and answer after a set time: `Tests/StubEngine`, seen from a test.
actor StubEngine {
    /// What it is started with; docs of each in `stub_engine.py --help`.
    struct Shape: Sendable {
        /// Clusters, each under a path of its own; 0 is one without a path.
        var targets = 0
        var indices = 1
        var shards = 1
        /// Of each shard.
        var documents = 1000
        /// Of each document, roughly.
        var bytes = 200
        /// Documents of a page at most.
        var pageLimit = 10_000
        /// Seconds from a request to its answer.
        var latency = 0.0

        var documentsOfTarget: Int { indices * shards * documents }

        var arguments: [String] {
            [
                "--targets", "\(targets)", "--indices", "\(indices)", "--shards", "\(shards)", "--documents", "\(documents)",
                "--bytes", "\(bytes)", "--page-limit", "\(pageLimit)", "--latency", "\(latency)",
            ]
        }
    }

    /// What was asked of all its clusters; all but the open views only grows.
    struct Counts: Sendable {
        var documentsRead = 0
        var documentsWritten = 0
        /// Pages that began a view.
        var firstPages = 0
        var viewsOpened = 0
        var viewsOpen = 0
        var mostViewsOpen = 0
        /// By kind, as the stub names them.
        var requests: [String: Int] = [:]

        /// Listings of the indices: a plan asks for one.
        var plans: Int { requests["list"] ?? 0 }
        /// What the stub did not understand.
        var unknown: Int { requests["unknown"] ?? 0 }

        /// What came since an earlier reading; views that are open are those of now.
        func since(_ earlier: Counts) -> Counts {
            var counts = self
            counts.documentsRead -= earlier.documentsRead
            counts.documentsWritten -= earlier.documentsWritten
            counts.firstPages -= earlier.firstPages
            counts.viewsOpened -= earlier.viewsOpened
            counts.requests = requests.merging(earlier.requests) { $0 - $1 }
            return counts
        }
    }

    static var program: String { Surroundings.packageFolder + "/Tests/StubEngine/stub_engine.py" }

    nonisolated let url: String
    nonisolated let shape: Shape
    private let executor: ThreadExecutor
    private let client: HTTPClient

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(url: String, shape: Shape) throws {
        self.url = url
        self.shape = shape
        executor = try ThreadExecutor(name: "e2e-stub")
        client = try HTTPClient()
    }

    /// The address of one of its clusters.
    nonisolated func url(of target: Int) -> String { shape.targets == 0 ? url : "\(url)/t\(target)" }

    func send(_ method: String, _ path: String) throws -> HTTPResponse {
        try client.send(HTTPRequest(method: method, url: url + path))
    }

    func counts() throws -> Counts {
        let stats = try JSONValue(parsing: try send("GET", "/_stub/stats").body)
        func number(_ name: String) -> Int { stats[name]?.int ?? 0 }
        return Counts(
            documentsRead: number("documentsRead"), documentsWritten: number("documentsWritten"),
            firstPages: number("firstPages"), viewsOpened: number("viewsOpened"), viewsOpen: number("viewsOpen"),
            mostViewsOpen: number("mostViewsOpen"),
            requests: Dictionary(
                uniqueKeysWithValues: (stats["requests"]?.members ?? []).map { ($0.name, $0.value.int ?? 0) }))
    }
}
