package import Messages

/// What names a plan: a BackupConfiguration, or a BackupBatch.
package struct PlanName: Hashable, Sendable {
    package var kind: ResourceKind
    package var namespace: String
    package var name: String

    package init(kind: ResourceKind = .backupConfiguration, namespace: String, name: String) {
        self.kind = kind
        self.namespace = namespace
        self.name = name
    }

    package var key: ResourceKey { ResourceKey(kind: kind, namespace: namespace, name: name) }

    /// As sessions name it.
    package var invoker: Invoker { Invoker(kind: kind.rawValue, name: name) }
}
