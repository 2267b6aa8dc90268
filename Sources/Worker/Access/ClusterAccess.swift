import Elasticsearch
import HTTP
package import Manifests
import Messages
import Runtime

/// Turns a message's AppBinding into a connection, with the secrets of this machine.
///
/// A secret serves only the addresses that this worker's own AppBindings pair it with: a message that pairs it with another host is
/// refused, so that nobody who can publish can have credentials sent to a host of theirs.
package struct ClusterAccess: Sendable {
    private let resources: ResourceSet
    private let secrets: SecretSource

    package init(resources: ResourceSet, secrets: SecretSource) {
        self.resources = resources
        self.secrets = secrets
    }

    /// - Throws: `WorkerError`, `.refused` for a pairing that is not this worker's, `.missingHere` for a secret it lacks.
    func configuration(of binding: AppBinding) throws -> ClusterConfiguration {
        guard let url = binding.clusterURL else {
            throw WorkerError(.refused, "\(binding.key) has no address: give it spec.clientConfig.url or service")
        }
        var configuration = ClusterConfiguration(
            url: url, caBundle: binding.spec.clientConfig.caBundle.map { Array($0) },
            serverName: binding.spec.clientConfig.serverName,
            insecureSkipTLSVerify: binding.spec.clientConfig.insecureSkipTLSVerify)
        guard let key = binding.secretKey else { return configuration }
        try checkPairing(of: key, with: binding, url: url)
        do {
            guard let secret = try secrets.credentials(of: binding) else { return configuration }
            configuration.credential = try credential(in: secret, key: key)
        } catch let error as ManifestError {
            throw WorkerError(.missingHere, error.message)
        }
        return configuration
    }

    /// All that decides where a credential goes and whether the peer is verified must be as this worker knows it.
    private func checkPairing(of secret: ResourceKey, with binding: AppBinding, url: String) throws {
        let own = resources.appBindings.map(\.value).filter { $0.secretKey == secret }
        guard !own.isEmpty else {
            throw WorkerError(
                .missingHere, "no AppBinding among this worker's resources uses \(secret); add the one that it serves")
        }
        let isPaired = own.contains { $0.clusterURL == url && $0.spec.clientConfig == binding.spec.clientConfig }
        guard isPaired else {
            let known = own.compactMap(\.clusterURL).joined(separator: ", ")
            throw WorkerError(
                .refused,
                "\(secret) serves \(known) here, and the message pairs it with \(url) or another TLS setting; "
                    + "apply the same AppBinding to workers and Scheduler")
        }
    }

    /// Stash's keys (`username`/`password`, or the older `ADMIN_USERNAME`/`ADMIN_PASSWORD`), or `apiKey`, or `token`.
    private func credential(in secret: Secret, key: ResourceKey) throws -> ClusterConfiguration.Credential {
        func value(_ name: String) -> Sensitive? { secret[name]?.text }
        if let user = value("username"), let password = value("password") {
            return .basic(user: user.reveal(), password: password)
        }
        if let user = value("ADMIN_USERNAME"), let password = value("ADMIN_PASSWORD") {
            return .basic(user: user.reveal(), password: password)
        }
        if let apiKey = value("apiKey") { return .apiKey(apiKey) }
        if let token = value("token") { return .bearer(token) }
        throw WorkerError(
            .missingHere, "\(key) has neither username and password, nor ADMIN_USERNAME and ADMIN_PASSWORD, nor apiKey, nor token"
        )
    }
}
