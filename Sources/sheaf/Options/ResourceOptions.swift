import Manifests
import Messages
import Runtime

/// The resources of this machine, for commands that need no broker.
struct ResourceOptions: Sendable {
    static let definitions: [OptionDefinition] = [
        .value(
            "resources", valueName: "DIR", help: "manifests of the AppBindings, Repositories and Secrets of this machine",
            environment: "SHEAF_RESOURCES", isRequired: true),
        .value(
            "secrets", valueName: "DIR", help: "secrets as files, DIR/<secret>/<key>, as Kubernetes and Docker mount them",
            environment: "SHEAF_SECRETS"),
    ]

    private let folder: String
    private let secretsFolder: String?

    init(_ arguments: ParsedArguments) throws {
        folder = try arguments.value("resources")
        secretsFolder = try arguments.optionalValue("secrets")
    }

    func load() throws -> (resources: ResourceSet, secrets: SecretSource) {
        let resources = try ManifestFile.load(folder)
        return (resources, SecretSource(resources: resources, directory: secretsFolder, environment: Program.environment))
    }
}

/// `NAMESPACE/NAME`, or the name of one in the namespace `default`.
struct NamespacedName: ArgumentValue {
    static let argumentExpectation = "a name, or NAMESPACE/NAME"

    let namespace: String
    let name: String

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        namespace = parts.count == 2 ? parts[0] : ObjectMeta.defaultNamespace
        name = parts[parts.count - 1]
    }

    func key(_ kind: ResourceKind) -> ResourceKey { ResourceKey(kind: kind, namespace: namespace, name: name) }
}
