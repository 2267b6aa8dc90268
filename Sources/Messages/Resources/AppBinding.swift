package import FoundationEssentials
package import Runtime

/// How to reach one Elasticsearch or OpenSearch cluster, and as whom.
package struct AppBinding: SpecResource {
    package static let kind = ResourceKind.appBinding
    package var metadata: ObjectMeta
    package var spec: Spec

    package init(metadata: ObjectMeta, spec: Spec) {
        self.metadata = metadata
        self.spec = spec
    }

    package struct Spec: Codable, Sendable, Equatable {
        /// `group/resource`, such as `kubedb.com/elasticsearch`.
        package var type: String?
        package var version: String?
        package var appRef: JSONValue?
        package var clientConfig: ClientConfig
        /// Keys `username`/`password`, or the older `ADMIN_USERNAME`/`ADMIN_PASSWORD`. Nil: the cluster asks for no login.
        package var secret: SecretReference?
        @OmittedWhenEmpty package var secretTransforms: [SecretTransform]
        /// Keys `tls.crt` and `tls.key` of a client certificate.
        package var tlsSecret: SecretReference?
        package var parameters: JSONValue?

        package init(clientConfig: ClientConfig, secret: SecretReference? = nil) {
            self.clientConfig = clientConfig
            self.secret = secret
            self.secretTransforms = []
        }
    }

    package struct ClientConfig: Codable, Sendable, Equatable {
        /// `scheme://host:port/path`, without user, password, query and fragment.
        package var url: String?
        package var service: Service?
        /// PEM; base64 in manifests and messages.
        package var caBundle: Data?
        /// The name that the server's certificate is checked for, when it is not the host's.
        package var serverName: String?
        @OmittedWhenEmpty package var insecureSkipTLSVerify: Bool

        package init(url: String? = nil, service: Service? = nil) {
            self.url = url
            self.service = service
            self.insecureSkipTLSVerify = false
        }
    }

    package struct Service: Codable, Sendable, Hashable {
        package var scheme: String
        /// Nil means the AppBinding's own.
        package var namespace: String?
        package var name: String
        package var port: Int
        package var path: String?
        package var query: String?

        package init(scheme: String, name: String, port: Int, namespace: String? = nil) {
            self.scheme = scheme
            self.namespace = namespace
            self.name = name
            self.port = port
        }
    }

    package struct SecretReference: Codable, Sendable, Hashable {
        package var apiGroup: String?
        package var kind: String?
        package var name: String

        package init(name: String) { self.name = name }
    }

    /// The cluster's address: `clientConfig.url`, else `scheme://name.namespace.svc:port/path?query` of the service; nil with neither.
    package var clusterURL: String? {
        if let url = spec.clientConfig.url { return url }
        guard let service = spec.clientConfig.service else { return nil }
        var url = "\(service.scheme)://\(service.name).\(service.namespace ?? metadata.namespace).svc:\(service.port)"
        if let path = service.path, !path.isEmpty { url += path.hasPrefix("/") ? path : "/" + path }
        if let query = service.query, !query.isEmpty { url += "?" + query }
        return url
    }

    package var secretKey: ResourceKey? { spec.secret.map { key(of: $0) } }

    package var tlsSecretKey: ResourceKey? { spec.tlsSecret.map { key(of: $0) } }

    private func key(of secret: SecretReference) -> ResourceKey {
        ResourceKey(kind: .secret, namespace: metadata.namespace, name: secret.name)
    }
}

extension AppBinding {
    package enum Direction: String, Sendable {
        case backup = "backupTask"
        case restore = "restoreTask"
    }

    /// The task of a session: the user's, with what it leaves open taken from `spec.parameters.stash.addon`.
    package func task(_ user: TaskRef?, for direction: Direction) -> TaskRef? {
        guard let own = spec.parameters?["stash"]?["addon"]?[direction.rawValue], let name = own["name"]?.string else {
            return user
        }
        let params = (own["params"]?.array ?? []).compactMap { entry -> TaskRef.Param? in
            guard let name = entry["name"]?.string, let value = entry["value"]?.string else { return nil }
            return TaskRef.Param(name: name, value: value)
        }
        let defaults = TaskRef(name: name, params: params)
        guard var task = user else { return defaults }
        if task.name.isEmpty { task.name = name }
        return task.adding(defaults: defaults)
    }
}
