/// The kinds of resources that Sheaf handles, each with the one apiVersion it is known under.
package enum ResourceKind: String, Sendable, Hashable, CaseIterable, Codable {
    case namespace = "Namespace"
    case secret = "Secret"
    case appBinding = "AppBinding"
    case repository = "Repository"
    case backupConfiguration = "BackupConfiguration"
    case restoreSession = "RestoreSession"
    case backupBlueprint = "BackupBlueprint"
    case backupBatch = "BackupBatch"
    case restoreBatch = "RestoreBatch"
    case backupSession = "BackupSession"
    case function = "Function"
    case task = "Task"

    package var apiVersion: String {
        switch self {
        case .namespace, .secret: "v1"
        case .appBinding: "appcatalog.appscode.com/v1alpha1"
        case .repository: "stash.appscode.com/v1alpha1"
        case .backupConfiguration, .restoreSession, .backupBlueprint, .backupBatch, .restoreBatch, .backupSession, .function,
            .task:
            "stash.appscode.com/v1beta1"
        }
    }

    /// Whether its resources are of no namespace; `ObjectMeta.namespace` is empty then.
    package var isClusterScoped: Bool {
        switch self {
        case .namespace, .backupBlueprint, .function, .task: true
        case .secret, .appBinding, .repository, .backupConfiguration, .restoreSession, .backupBatch, .restoreBatch,
            .backupSession:
            false
        }
    }
}

/// A resource: something with a kind, a name and a namespace that a manifest declares.
package protocol Resource: Sendable, Equatable {
    static var kind: ResourceKind { get }
    var metadata: ObjectMeta { get }
}

extension Resource {
    /// What tells this resource from all others.
    package var key: ResourceKey { ResourceKey(kind: Self.kind, namespace: metadata.namespace, name: metadata.name) }
}

/// Kind, namespace and name; printed `Kind namespace/name`, or `Kind name` where there is no namespace.
package struct ResourceKey: Sendable, Hashable, Codable, CustomStringConvertible {
    package var kind: ResourceKind
    package var namespace: String
    package var name: String

    package init(kind: ResourceKind, namespace: String, name: String) {
        self.kind = kind
        self.namespace = namespace
        self.name = name
    }

    package var description: String { kind.rawValue + (namespace.isEmpty ? " \(name)" : " \(namespace)/\(name)") }
}

/// A resource of metadata and spec that may travel in messages, coded as its manifest is: apiVersion, kind, metadata, spec.
///
/// Decoding refuses another kind or apiVersion, and ignores fields it does not know.
package protocol SpecResource: Resource, Codable {
    associatedtype Spec: Codable, Sendable, Equatable
    var spec: Spec { get }
    init(metadata: ObjectMeta, spec: Spec)
}

private enum ManifestKey: String, CodingKey {
    case apiVersion, kind, metadata, spec
}

extension SpecResource {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: ManifestKey.self)
        for (key, expected) in [(ManifestKey.kind, Self.kind.rawValue), (.apiVersion, Self.kind.apiVersion)] {
            let found = try container.decode(String.self, forKey: key)
            guard found == expected else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: container, debugDescription: "expected \(key.rawValue) \(expected), found \(found)")
            }
        }
        self.init(
            metadata: try container.decode(ObjectMeta.self, forKey: .metadata),
            spec: try container.decode(Spec.self, forKey: .spec))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: ManifestKey.self)
        try container.encode(Self.kind.apiVersion, forKey: .apiVersion)
        try container.encode(Self.kind.rawValue, forKey: .kind)
        try container.encode(metadata, forKey: .metadata)
        try container.encode(spec, forKey: .spec)
    }
}
