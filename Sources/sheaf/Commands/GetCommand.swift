import Console
import Manifests
import Messages
import Runtime

/// How resources are written.
private enum ResourceFormat: String, CaseIterable, ArgumentValue {
    case text
    /// One JSON object a line.
    case json
    case yaml
}

/// What `get` and `describe` have in common: they ask a Scheduler for resources of one kind.
private struct ResourceQuery {
    static let arguments = [
        PositionalDefinition("kind", help: "such as backupconfiguration, backupsessions, repository"),
        PositionalDefinition("name", help: "of one resource; all where it is left out", isRequired: false),
    ]
    static let options: [OptionDefinition] = [
        .value(
            "namespace", short: "n", valueName: "NS", help: "namespace of the resources", default: "default",
            environment: "SHEAF_NAMESPACE"),
        .flag("all-namespaces", short: "A", help: "of all namespaces"),
    ]

    let kind: String
    let name: String?
    private let namespace: String?
    private let broker: BrokerOption

    init(_ arguments: ParsedArguments) throws {
        kind = try arguments.value("kind")
        name = try arguments.optionalValue("name")
        namespace = try arguments.flag("all-namespaces") ? nil : try arguments.value("namespace")
        broker = try BrokerOption(arguments)
    }

    /// - Throws: `CommandError(.notFound)` for a name that there is not.
    func objects() async throws -> [JSONValue] {
        let client = try SheafClient(broker.address())
        try await client.connect()
        let reply = try await client.ask(.resources(kind: kind, namespace: namespace, name: name))
        await client.close()
        guard case .resources(let objects) = reply else { throw CommandError.unexpected(reply) }
        return objects
    }

    func noteOfNone() -> String {
        let place = namespace.map { "in namespace \($0)" } ?? "in any namespace"
        return "no \(kind) \(place); apply some with: sheaf apply -f FILE"
    }
}

struct GetCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "get", abstract: "Show resources of the Scheduler with their status, as kubectl does.",
        discussion: "A BackupSession is a session of the ledger. Secrets are shown without what is in them.",
        arguments: ResourceQuery.arguments,
        options: ResourceQuery.options + [
            .value(
                "output", short: "o", valueName: "FORMAT", help: "text, yaml, or json: one object a line", default: "text",
                environment: "SHEAF_OUTPUT")
        ])

    private let query: ResourceQuery
    private let format: ResourceFormat

    init(_ arguments: ParsedArguments) throws {
        query = try ResourceQuery(arguments)
        format = try arguments.value("output")
    }

    func run() async throws {
        try await CommandError.naming {
            let objects = try await query.objects()
            if objects.isEmpty { Terminal.writeError("sheaf: \(query.noteOfNone())\n") }
            switch format {
            case .text where objects.isEmpty: break
            case .text: Terminal.write(ResourceTable.lines(objects).joined(separator: "\n") + "\n")
            case .json: for object in objects { Terminal.write(object.serialized() + "\n") }
            case .yaml where objects.isEmpty: break
            case .yaml: Terminal.write(try YAMLText.text(of: objects))
            }
        }
    }
}

struct DescribeCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "describe", abstract: "Show resources whole: what is declared, how it stands and why.",
        arguments: ResourceQuery.arguments, options: ResourceQuery.options)

    private let query: ResourceQuery

    init(_ arguments: ParsedArguments) throws { query = try ResourceQuery(arguments) }

    func run() async throws {
        try await CommandError.naming {
            let objects = try await query.objects()
            if objects.isEmpty { Terminal.writeError("sheaf: \(query.noteOfNone())\n") }
            for object in objects {
                Terminal.write(ResourceTable.lines([object]).joined(separator: "\n") + "\n\n")
                Terminal.write(try YAMLText.text(of: [object]) + "\n")
                let findings = ResourceTable.findings(object)
                if !findings.isEmpty { Terminal.write(findings.joined(separator: "\n") + "\n\n") }
            }
        }
    }
}
