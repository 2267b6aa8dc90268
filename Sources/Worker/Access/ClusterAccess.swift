import Elasticsearch
import HTTP
package import Manifests
import Messages
import Runtime

/// Turns the AppBinding that a message names into a connection: this worker's own AppBinding of that name, with its own secrets.
///
/// A message that gives it another address or TLS setting is refused, so that nobody who can publish can have credentials or documents
/// sent to a host of theirs.
package struct ClusterAccess: Sendable {
    private let resources: ResourceSet
    private let secrets: SecretSource

    package init(resources: ResourceSet, secrets: SecretSource) {
        self.resources = resources
        self.secrets = secrets
    }

    /// - Throws: `WorkerError`, `.refused` for an address that is not this worker's, `.missingHere` for what only this worker may lack.
    func configuration(of named: AppBinding) throws -> ClusterConfiguration {
        guard let binding = resources.appBinding(named.key)?.value else {
            throw WorkerError(.missingHere, "\(named.key) is not among this worker's resources; apply it to every worker")
        }
        guard let url = binding.clusterURL else {
            throw WorkerError(.refused, "\(binding.key) has no address: give it spec.clientConfig.url or service")
        }
        guard named.spec.clientConfig == binding.spec.clientConfig else {
            throw WorkerError(
                .refused,
                "\(binding.key) is \(url) here, and the message has \(named.clusterURL ?? "no address") or another TLS setting; "
                    + "apply the same AppBinding to workers and Scheduler")
        }
        var configuration = ClusterConfiguration(
            url: url, caBundle: binding.spec.clientConfig.caBundle.map { Array($0) },
            serverName: binding.spec.clientConfig.serverName,
            insecureSkipTLSVerify: binding.spec.clientConfig.insecureSkipTLSVerify)
        let parameters = binding.clusterParameters
        configuration.endpoints = parameters.endpoints
        configuration.overrides = CapabilityOverrides(
            distribution: parameters.distribution.flatMap { .init(rawValue: $0.rawValue) }, version: parameters.version,
            reader: parameters.reader.flatMap { .init(rawValue: $0.rawValue) })
        do {
            if let key = binding.secretKey, let secret = try secrets.credentials(of: binding) {
                configuration.credential = try Login(signing: parameters.signing).credential(in: secret, key: key)
            } else if parameters.signing != nil {
                throw WorkerError(
                    .refused,
                    "\(binding.key) asks for signed requests and names no Secret; set spec.secret to one with the access key")
            }
            if let key = binding.tlsSecretKey { try addCertificate(try secrets.secret(key), key: key, to: &configuration) }
        } catch let error as ManifestError {
            throw WorkerError(.missingHere, error.message)
        }
        return configuration
    }

    /// Kubernetes' keys of a TLS secret.
    private func addCertificate(_ secret: Secret, key: ResourceKey, to configuration: inout ClusterConfiguration) throws {
        guard let certificate = secret["tls.crt"], let clientKey = secret["tls.key"]?.text else {
            throw WorkerError(.missingHere, "\(key) has no tls.crt and tls.key, which spec.tlsSecret needs")
        }
        configuration.clientCertificate = certificate.exposedBytes
        configuration.clientKey = clientKey
    }
}
