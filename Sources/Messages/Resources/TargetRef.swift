/// What a backup reads or a restore writes: in Sheaf an AppBinding, by name.
package struct TargetRef: Codable, Sendable, Hashable {
    package var apiVersion: String?
    package var kind: String
    package var name: String
    /// Nil means the namespace of the resource that refers.
    package var namespace: String?

    package init(
        name: String, namespace: String? = nil, kind: String = ResourceKind.appBinding.rawValue,
        apiVersion: String? = ResourceKind.appBinding.apiVersion
    ) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.name = name
        self.namespace = namespace
    }
}

/// A reference by name to a resource whose kind the field tells; nil namespace means that of the resource that refers.
package struct ObjectReference: Codable, Sendable, Hashable {
    package var name: String
    package var namespace: String?

    package init(name: String, namespace: String? = nil) {
        self.name = name
        self.namespace = namespace
    }
}
