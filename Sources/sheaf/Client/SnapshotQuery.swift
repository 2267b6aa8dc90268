import Bus
import Messages
import Runtime

/// Asks the Scheduler which repositories there are, and the workers what is in them.
struct SnapshotQuery: Sendable {
    static let definitions: [OptionDefinition] = [
        .value("repository", short: "r", valueName: "NAME", help: "only this Repository, a name or NAMESPACE/NAME"),
        .value(
            "namespace", short: "n", valueName: "NS", help: "only Repositories of this namespace", environment: "SHEAF_NAMESPACE"),
    ]

    private let broker: BrokerOption
    private let repository: String?
    private let namespace: String?

    init(_ arguments: ParsedArguments) throws {
        broker = try BrokerOption(arguments)
        let name: String? = try arguments.optionalValue("repository")
        let option: String? = try arguments.optionalValue("namespace")
        let parts = name?.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init) ?? []
        repository = parts.last
        namespace = parts.count == 2 ? parts[0] : option
    }

    /// Connects and finds the repositories that are meant.
    ///
    /// - Throws: `.notFound` when one is named that does not exist.
    func begin() async throws -> (SheafClient, [Repository]) {
        let client = try SheafClient(broker.address())
        try await client.connect()
        let reply = try await client.ask(.repositories)
        guard case .repositories(let all) = reply else { throw CommandError.unexpected(reply) }
        let meant = all.filter {
            (repository == nil || $0.metadata.name == repository) && (namespace == nil || $0.metadata.namespace == namespace)
        }
        if meant.isEmpty, let repository {
            let known = all.map { "\($0.metadata.namespace)/\($0.metadata.name)" }.joined(separator: ", ")
            let place = namespace.map { " in namespace \($0)" } ?? ""
            throw CommandError(
                .notFound, "there is no Repository \(repository)\(place); there \(known.isEmpty ? "is none" : "is \(known)")")
        }
        return (client, meant)
    }

    func snapshots(of repository: Repository, _ client: SheafClient) async throws -> [SnapshotSummary] {
        let reply = try await client.ask(.snapshots(repository: repository))
        guard case .snapshots(let snapshots) = reply else { throw CommandError.unexpected(reply) }
        return snapshots
    }
}
