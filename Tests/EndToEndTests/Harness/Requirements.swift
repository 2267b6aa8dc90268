import Foundation
import Testing

/// What the tests find around them, by environment variables and by the folder of real engines.
enum Surroundings {
    static let environment = ProcessInfo.processInfo.environment
    static let isCI = environment["CI"] == "true"

    /// Where the real engines come from; without that folder their tests are skipped even in CI.
    static let enginesFolder: String = environment["SHEAF_ENGINES"] ?? packageFolder + "/../shared/engines"
    static let hasEngines = FileManager.default.fileExists(atPath: enginesFolder)

    /// The program under test: `SHEAF_BINARY`, or the one that was built beside the tests.
    static var binary: String {
        get throws {
            if let given = environment["SHEAF_BINARY"] { return given }
            let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            let beside = URL(filePath: tests).deletingLastPathComponent().appending(path: "sheaf").path
            guard FileManager.default.isExecutableFile(atPath: beside) else {
                throw Missing(message: "there is no program \(beside): build it, or set SHEAF_BINARY")
            }
            return beside
        }
    }

    static func number(_ variable: String, default value: Int) -> Int { environment[variable].flatMap { Int($0) } ?? value }

    static var packageFolder: String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
    }

    struct Missing: Error, CustomStringConvertible {
        let message: String
        var description: String { message }
    }
}

/// A server that the tests back up, given by the URL in its variable.
enum TestServer: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case defaultEngine = "SHEAF_TEST_DEFAULT_ENGINE"
    case elasticsearch = "SHEAF_TEST_ELASTICSEARCH"
    case opensearch = "SHEAF_TEST_OPENSEARCH"
    case secureElasticsearch = "SHEAF_TEST_ELASTICSEARCH_SECURE"
    /// The Apache-licensed build, which has no points in time.
    case elasticsearch7 = "SHEAF_TEST_ELASTICSEARCH7"

    /// Those that anybody may read and write.
    static let open: [TestServer] = [.defaultEngine, .elasticsearch, .opensearch]
    /// One that everybody has and one that is real, for what hardly depends on the server.
    static let two: [TestServer] = [.defaultEngine, .elasticsearch]

    var testDescription: String {
        switch self {
        case .defaultEngine: "default engine"
        case .elasticsearch: "Elasticsearch"
        case .opensearch: "OpenSearch"
        case .secureElasticsearch: "Elasticsearch with a password"
        case .elasticsearch7: "Elasticsearch 7"
        }
    }

    var isReal: Bool { self != .defaultEngine }

    /// Those of the servers that are given, and in CI those that should be, so that a missing one fails.
    ///
    /// The real engines' folder decides whether CI should have them.
    static func present(_ servers: [TestServer]) -> [TestServer] { servers.filter(\.isExpected) }

    private var isExpected: Bool {
        Surroundings.environment[rawValue] != nil || (Surroundings.isCI && (!isReal || Surroundings.hasEngines))
    }

    /// Why tests of this server are left out.
    var absence: Comment {
        isReal && !Surroundings.hasEngines
            ? "\(testDescription) is not here: there is no folder \(Surroundings.enginesFolder), and \(rawValue) is not set"
            : "set \(rawValue) to the URL of a running \(testDescription) to run"
    }

    func url() throws -> String {
        guard let url = Surroundings.environment[rawValue] else {
            throw Surroundings.Missing(message: "\(rawValue) is not set; start the servers with scripts/services")
        }
        return url
    }

    /// The certificate authority of the secure server, in PEM.
    func certificateAuthority() throws -> String? {
        guard self == .secureElasticsearch else { return nil }
        guard let path = Surroundings.environment[rawValue + "_CA"] else {
            throw Surroundings.Missing(message: "\(rawValue)_CA is not set")
        }
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    var credentials: (user: String, password: String)? {
        guard self == .secureElasticsearch else { return nil }
        return (
            Surroundings.environment[rawValue + "_USERNAME"] ?? "elastic",
            Surroundings.environment[rawValue + "_PASSWORD"] ?? "changeme-elastic"
        )
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips unless one of the servers is there, or should be.
    static func requires(_ servers: TestServer...) -> Self { requires(servers) }

    static func requires(_ servers: [TestServer]) -> Self {
        .enabled(
            if: !TestServer.present(servers).isEmpty,
            Comment(rawValue: servers.map(\.absence.rawValue).joined(separator: "; ")))
    }

    /// Skips without these programs, given by absolute paths or by those within the checkout; in CI the test runs and fails instead.
    static func requiresInstalled(_ programs: String...) -> Self {
        let missing = programs.filter { program in
            let path = program.hasPrefix("/") ? program : Surroundings.packageFolder + "/" + program
            return !FileManager.default.isExecutableFile(atPath: path)
        }
        return .enabled(
            if: missing.isEmpty || Surroundings.isCI,
            "run scripts/install, to have \(missing.joined(separator: ", "))")
    }

    /// Skips without `AMQP_URL`; in CI the test runs and fails instead.
    static var requiresBroker: Self {
        .enabled(
            if: Surroundings.environment[Broker.variable] != nil || Surroundings.isCI,
            "set AMQP_URL, e.g. to what `scripts/rabbitmq start DIR PORT` prints, to run")
    }
    /// Proofs measure what is shipped: `make flood` and the like build it and set `SHEAF_BINARY`.
    static var requiresReleaseBuild: Self {
        .enabled(
            if: Surroundings.environment["SHEAF_BINARY"] != nil || Surroundings.isCI,
            "set SHEAF_BINARY to a release build to run, or use scripts/proof")
    }
}
