import Elasticsearch
import HTTP
import Manifests
import Messages
import Runtime
import Testing

@testable import Worker

/// Which keys of a Secret make which login, and what of `spec.parameters.sheaf` reaches the connection.
@Suite struct LoginTests {
    private static func manifests(_ spec: String, secret: String) -> String {
        """
        apiVersion: appcatalog.appscode.com/v1alpha1
        kind: AppBinding
        metadata: {name: es, namespace: demo}
        spec: {clientConfig: {url: "https://es.example:9200"}, secret: {name: login}\(spec)}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: login, namespace: demo}
        stringData: {\(secret)}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: more, namespace: demo}
        stringData: {token: t2, extra: x2}
        """
    }

    private func configuration(_ spec: String = "", secret: String) throws -> ClusterConfiguration {
        let loaded = resources(Self.manifests(spec, secret: secret))
        let access = ClusterAccess(resources: loaded, secrets: SecretSource(resources: loaded))
        let binding = try #require(loaded.appBinding(ResourceKey(kind: .appBinding, namespace: "demo", name: "es"))?.value)
        return try access.configuration(of: binding)
    }

    /// In words, the secret parts revealed.
    private func login(_ spec: String = "", secret: String) throws -> String {
        switch try configuration(spec, secret: secret).credential {
        case .none: "none"
        case .basic(let user, let password): "basic \(user) \(password.reveal())"
        case .apiKey(let key): "key \(key.reveal())"
        case .bearer(let token): "bearer \(token.reveal())"
        case .signature(let signer):
            "signed \(signer.service) \(signer.region) \(signer.accessKeyID) \(signer.secretAccessKey.reveal()) "
                + (signer.sessionToken?.reveal() ?? "-")
        }
    }

    private static let signing = ", parameters: {sheaf: {signing: {service: aoss, region: eu-west-1}}}"

    @Test(arguments: [
        ("", "username: u, password: p", "basic u p"),
        ("", "ADMIN_USERNAME: u, ADMIN_PASSWORD: p", "basic u p"),
        ("", "username: u, password: p, token: t", "basic u p"),
        ("", "apiKey: k, token: t", "key k"),
        ("", "token: t", "bearer t"),
        (signing, "accessKeyID: a, secretAccessKey: s", "signed aoss eu-west-1 a s -"),
        (
            signing, "AWS_ACCESS_KEY_ID: a, AWS_SECRET_ACCESS_KEY: s, AWS_SESSION_TOKEN: t, username: u, password: p",
            "signed aoss eu-west-1 a s t"
        ),
        // Each step sees what the one before left.
        (", secretTransforms: [{renameKey: {from: k, to: apiKey}}]", "k: v", "key v"),
        (", secretTransforms: [{addKeysFrom: {secretRef: {name: more}}}]", "token: t", "bearer t2"),
        (
            ", secretTransforms: [{addKeysFrom: {secretRef: {name: more}}}, {removeKey: {key: token}}, {renameKey: {from: extra, to: apiKey}}]",
            "token: t", "key x2"
        ),
        (
            ", secretTransforms: [{renameKey: {from: id, to: accessKeyID}}]" + signing, "id: a, secretAccessKey: s",
            "signed aoss eu-west-1 a s -"
        ),
    ])
    func theKeysDecide(spec: String, secret: String, wanted: String) throws {
        #expect(try login(spec, secret: secret) == wanted)
    }

    @Test(arguments: [
        ("", "accessKeyID: a, secretAccessKey: s", "set spec.parameters.sheaf.signing"),
        (signing, "username: u, password: p", "has no accessKeyID and secretAccessKey"),
        ("", "username: u", "has neither username and password"),
    ])
    func whatIsMissingIsNamed(spec: String, secret: String, part: String) {
        do {
            _ = try login(spec, secret: secret)
            Issue.record("it was enough")
        } catch {
            #expect("\(error)".contains(part), "\(error)")
            #expect((error as? WorkerError)?.code == .missingHere)
        }
    }

    @Test func theParametersReachTheConnection() throws {
        let spec =
            ", parameters: {sheaf: {endpoints: [\"https://b:1\", \"https://c:2\"], distribution: opensearch, version: \"2.3.0\", reader: scroll}}"
        let configuration = try configuration(spec, secret: "token: t")
        #expect(configuration.endpoints == ["https://b:1", "https://c:2"])
        #expect(configuration.overrides == CapabilityOverrides(distribution: .opensearch, version: "2.3.0", reader: .scroll))
    }
}
