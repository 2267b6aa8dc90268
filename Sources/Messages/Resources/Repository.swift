/// Where snapshots are kept.
package struct Repository: SpecResource {
    package static let kind = ResourceKind.repository
    package var metadata: ObjectMeta
    package var spec: Spec

    package init(metadata: ObjectMeta, spec: Spec) {
        self.metadata = metadata
        self.spec = spec
    }

    package struct Spec: Codable, Sendable, Equatable {
        package var backend: Backend
        /// Deleting the Repository then deletes everything under its prefix.
        @OmittedWhenEmpty package var wipeOut: Bool
        /// Nil: only resources of the Repository's own namespace may use it.
        package var usagePolicy: UsagePolicy?

        package init(backend: Backend, wipeOut: Bool = false, usagePolicy: UsagePolicy? = nil) {
            self.backend = backend
            self.wipeOut = wipeOut
            self.usagePolicy = usagePolicy
        }
    }

    /// The Secret with the encryption password and the store's credentials.
    package var secretKey: ResourceKey? {
        spec.backend.storageSecretName.map { ResourceKey(kind: .secret, namespace: metadata.namespace, name: $0) }
    }

    /// Whether resources of `namespace` may use this Repository; `labels` are that namespace's, for `Selector`.
    package func allows(namespace: String, labels: [String: String] = [:]) -> Bool {
        guard namespace != metadata.namespace else { return true }
        guard let allowed = spec.usagePolicy?.allowedNamespaces else { return false }
        switch allowed.from {
        case .all: return true
        case .same: return false
        case .selector: return allowed.selector?.matches(labels) ?? false
        }
    }
}
