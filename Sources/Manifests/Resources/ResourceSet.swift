package import Messages

/// All resources that were loaded, by kind, namespace and name.
package struct ResourceSet: Sendable {
    private var namespacesByKey: [ResourceKey: Declared<Namespace>] = [:]
    private var secretsByKey: [ResourceKey: Declared<Secret>] = [:]
    private var appBindingsByKey: [ResourceKey: Declared<AppBinding>] = [:]
    private var repositoriesByKey: [ResourceKey: Declared<Repository>] = [:]
    private var backupConfigurationsByKey: [ResourceKey: Declared<BackupConfiguration>] = [:]
    private var restoreSessionsByKey: [ResourceKey: Declared<RestoreSession>] = [:]
    private var backupBlueprintsByKey: [ResourceKey: Declared<BackupBlueprint>] = [:]
    /// Documents of kinds that Sheaf does not handle, in the order they were read.
    package internal(set) var unhandled: [UnhandledResource] = []

    package init() {}

    // Lists are sorted by namespace and name, so that two loads of the same files look the same.

    package var namespaces: [Declared<Namespace>] { sorted(namespacesByKey) }
    package var secrets: [Declared<Secret>] { sorted(secretsByKey) }
    package var appBindings: [Declared<AppBinding>] { sorted(appBindingsByKey) }
    package var repositories: [Declared<Repository>] { sorted(repositoriesByKey) }
    package var backupConfigurations: [Declared<BackupConfiguration>] { sorted(backupConfigurationsByKey) }
    package var restoreSessions: [Declared<RestoreSession>] { sorted(restoreSessionsByKey) }
    package var backupBlueprints: [Declared<BackupBlueprint>] { sorted(backupBlueprintsByKey) }

    /// The same with more plans paused than their manifests say.
    package func pausing(_ isPaused: (BackupConfiguration) -> Bool) -> ResourceSet {
        var paused = self
        for (key, declared) in backupConfigurationsByKey where isPaused(declared.value) {
            paused.backupConfigurationsByKey[key]?.value.spec.paused = true
        }
        return paused
    }

    package func namespace(_ name: String) -> Declared<Namespace>? {
        namespacesByKey[ResourceKey(kind: .namespace, namespace: "", name: name)]
    }

    /// Whether resources of a namespace may use a Repository, by the labels that its Namespace declares.
    package func allows(_ repository: Repository, from namespace: String) -> Bool {
        repository.allows(
            namespace: namespace, labels: Namespace.labels(of: namespace, declared: self.namespace(namespace)?.value))
    }

    package func secret(_ key: ResourceKey) -> Declared<Secret>? { secretsByKey[key] }
    package func appBinding(_ key: ResourceKey) -> Declared<AppBinding>? { appBindingsByKey[key] }
    package func repository(_ key: ResourceKey) -> Declared<Repository>? { repositoriesByKey[key] }
    package func backupConfiguration(_ key: ResourceKey) -> Declared<BackupConfiguration>? { backupConfigurationsByKey[key] }
    package func restoreSession(_ key: ResourceKey) -> Declared<RestoreSession>? { restoreSessionsByKey[key] }
    package func backupBlueprint(_ key: ResourceKey) -> Declared<BackupBlueprint>? { backupBlueprintsByKey[key] }

    package func secret(_ name: String, in namespace: String = ObjectMeta.defaultNamespace) -> Declared<Secret>? {
        secretsByKey[ResourceKey(kind: .secret, namespace: namespace, name: name)]
    }

    package func appBinding(_ name: String, in namespace: String = ObjectMeta.defaultNamespace) -> Declared<AppBinding>? {
        appBindingsByKey[ResourceKey(kind: .appBinding, namespace: namespace, name: name)]
    }

    package func repository(_ name: String, in namespace: String = ObjectMeta.defaultNamespace) -> Declared<Repository>? {
        repositoriesByKey[ResourceKey(kind: .repository, namespace: namespace, name: name)]
    }

    package func backupConfiguration(
        _ name: String, in namespace: String = ObjectMeta.defaultNamespace
    ) -> Declared<BackupConfiguration>? {
        backupConfigurationsByKey[ResourceKey(kind: .backupConfiguration, namespace: namespace, name: name)]
    }

    package func restoreSession(
        _ name: String, in namespace: String = ObjectMeta.defaultNamespace
    ) -> Declared<RestoreSession>? {
        restoreSessionsByKey[ResourceKey(kind: .restoreSession, namespace: namespace, name: name)]
    }

    package var isEmpty: Bool { count == 0 && unhandled.isEmpty }

    /// Resources of the kinds that Sheaf handles.
    package var count: Int {
        namespacesByKey.count + secretsByKey.count + appBindingsByKey.count + repositoriesByKey.count
            + backupConfigurationsByKey.count
            + restoreSessionsByKey.count + backupBlueprintsByKey.count
    }

    package var keys: [ResourceKey] {
        let keys: [[ResourceKey]] = [
            Array(namespacesByKey.keys), Array(secretsByKey.keys), Array(appBindingsByKey.keys), Array(repositoriesByKey.keys),
            Array(backupConfigurationsByKey.keys), Array(restoreSessionsByKey.keys), Array(backupBlueprintsByKey.keys),
        ]
        return keys.joined().sorted { $0.description < $1.description }
    }

    /// Where a resource is declared; nil where it is not.
    package func place(of key: ResourceKey) -> SourcePlace? {
        switch key.kind {
        case .namespace: namespacesByKey[key]?.place
        case .secret: secretsByKey[key]?.place
        case .appBinding: appBindingsByKey[key]?.place
        case .repository: repositoriesByKey[key]?.place
        case .backupConfiguration: backupConfigurationsByKey[key]?.place
        case .restoreSession: restoreSessionsByKey[key]?.place
        case .backupBlueprint: backupBlueprintsByKey[key]?.place
        }
    }

    /// Adds a resource; nil, or the place of the one that has the same kind, namespace and name, which stays.
    mutating func add(_ declared: AnyDeclared) -> SourcePlace? {
        switch declared {
        case .namespace(let value): Self.add(value, to: &namespacesByKey)
        case .secret(let value): Self.add(value, to: &secretsByKey)
        case .appBinding(let value): Self.add(value, to: &appBindingsByKey)
        case .repository(let value): Self.add(value, to: &repositoriesByKey)
        case .backupConfiguration(let value): Self.add(value, to: &backupConfigurationsByKey)
        case .restoreSession(let value): Self.add(value, to: &restoreSessionsByKey)
        case .backupBlueprint(let value): Self.add(value, to: &backupBlueprintsByKey)
        }
    }

    private static func add<Value>(_ declared: Declared<Value>, to map: inout [ResourceKey: Declared<Value>]) -> SourcePlace? {
        let key = declared.value.key
        if let earlier = map[key] { return earlier.place }
        map[key] = declared
        return nil
    }

    private func sorted<Value>(_ map: [ResourceKey: Declared<Value>]) -> [Declared<Value>] {
        map.values.sorted {
            let (left, right) = ($0.value.metadata, $1.value.metadata)
            return (left.namespace, left.name) < (right.namespace, right.name)
        }
    }
}

/// One resource of any kind, on its way into the set.
enum AnyDeclared {
    case namespace(Declared<Namespace>)
    case secret(Declared<Secret>)
    case appBinding(Declared<AppBinding>)
    case repository(Declared<Repository>)
    case backupConfiguration(Declared<BackupConfiguration>)
    case restoreSession(Declared<RestoreSession>)
    case backupBlueprint(Declared<BackupBlueprint>)

    var key: ResourceKey {
        switch self {
        case .namespace(let declared): declared.value.key
        case .secret(let declared): declared.value.key
        case .appBinding(let declared): declared.value.key
        case .repository(let declared): declared.value.key
        case .backupConfiguration(let declared): declared.value.key
        case .restoreSession(let declared): declared.value.key
        case .backupBlueprint(let declared): declared.value.key
        }
    }

    /// The same, as made of a blueprint.
    func made(of blueprint: ResourceKey) -> AnyDeclared {
        func marked<Value>(_ declared: Declared<Value>) -> Declared<Value> {
            var copy = declared
            copy.blueprint = blueprint
            return copy
        }
        return switch self {
        case .namespace(let declared): .namespace(marked(declared))
        case .secret(let declared): .secret(marked(declared))
        case .appBinding(let declared): .appBinding(marked(declared))
        case .repository(let declared): .repository(marked(declared))
        case .backupConfiguration(let declared): .backupConfiguration(marked(declared))
        case .restoreSession(let declared): .restoreSession(marked(declared))
        case .backupBlueprint(let declared): .backupBlueprint(marked(declared))
        }
    }
}
