import Archive
import Elasticsearch
import FoundationEssentials
import Manifests
import Messages
import Testing

@testable import Worker

/// Whatever a message says, a worker connects only to what its own resources name, and a secret serves only its own address.
@Suite struct AccessTests {
    static let manifests = """
        apiVersion: appcatalog.appscode.com/v1alpha1
        kind: AppBinding
        metadata: {name: es, namespace: demo}
        spec:
          clientConfig: {url: "https://es.example:9200", insecureSkipTLSVerify: false}
          secret: {name: es-auth}
        ---
        apiVersion: appcatalog.appscode.com/v1alpha1
        kind: AppBinding
        metadata: {name: open, namespace: demo}
        spec:
          clientConfig: {url: "http://open.example:9200"}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: es-auth, namespace: demo}
        stringData: {username: elastic, password: s3cret}
        """

    private func access(_ yaml: String = manifests, environment: [String: String] = [:]) -> ClusterAccess {
        let loaded = resources(yaml)
        return ClusterAccess(resources: loaded, secrets: SecretSource(resources: loaded, environment: environment))
    }

    private func binding(_ name: String = "es", url: String = "https://es.example:9200") -> AppBinding {
        AppBinding(
            metadata: ObjectMeta(name: name, namespace: "demo"),
            spec: .init(clientConfig: .init(url: url), secret: .init(name: "es-auth")))
    }

    private func code(_ body: () throws -> Void) -> WorkerError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? WorkerError)?.code
        }
    }

    @Test func theOwnAppBindingGetsItsSecret() throws {
        let configuration = try access().configuration(of: binding())
        #expect(configuration.url == "https://es.example:9200")
        guard case .basic(let user, let password) = configuration.credential else {
            Issue.record("there is no user")
            return
        }
        #expect(user == "elastic" && "\(password)".contains("s3cret") == false)
    }

    @Test func aMessageThatNamesAnotherHostIsRefused() {
        #expect(code { _ = try access().configuration(of: binding(url: "https://evil.example:9200")) } == .refused)
        #expect(code { _ = try access().configuration(of: binding(url: "http://es.example:9200")) } == .refused)
    }

    @Test func aMessageThatSwitchesVerificationOffIsRefused() {
        var insecure = binding()
        insecure.spec.clientConfig.insecureSkipTLSVerify = true
        #expect(code { _ = try access().configuration(of: insecure) } == .refused)
        var other = binding()
        other.spec.clientConfig.caBundle = Data([1])
        #expect(code { _ = try access().configuration(of: other) } == .refused)
        var renamed = binding()
        renamed.spec.clientConfig.serverName = "evil.example"
        #expect(code { _ = try access().configuration(of: renamed) } == .refused)
    }

    @Test func aMessageCannotPairASecretWithAnotherAppBinding() throws {
        let configuration = try access().configuration(of: binding("open", url: "http://open.example:9200"))
        guard case .none = configuration.credential else {
            Issue.record("the secret of the message was used")
            return
        }
    }

    @Test func aMessageCannotAddKeysOfAnotherSecret() throws {
        var transformed = binding()
        transformed.spec.secretTransforms = [.addKeysFrom(secretName: "other")]
        let configuration = try access().configuration(of: transformed)
        guard case .basic("elastic", _) = configuration.credential else {
            Issue.record("the transforms of the message were used")
            return
        }
    }

    @Test func whatOnlyThisWorkerLacksIsTriedElsewhere() {
        #expect(code { _ = try access().configuration(of: binding("unknown")) } == .missingHere)
        let withoutSecret = Self.manifests.split(separator: "---").dropLast().joined(separator: "---")
        #expect(code { _ = try access(withoutSecret).configuration(of: binding()) } == .missingHere)
        let withoutPassword = Self.manifests.replacing(", password: s3cret", with: "")
        #expect(code { _ = try access(withoutPassword).configuration(of: binding()) } == .missingHere)
    }

    // MARK: - Repositories

    private func repository(_ path: String, name: String = "disk") -> Repository {
        Repository(
            metadata: ObjectMeta(name: name, namespace: "demo"),
            spec: .init(backend: Backend(.local(.init(mountPath: path)))))
    }

    private func pool(_ path: String) -> RepositoryPool {
        RepositoryPool(
            resources: resources(
                """
                apiVersion: stash.appscode.com/v1alpha1
                kind: Repository
                metadata: {name: disk, namespace: demo}
                spec: {backend: {local: {mountPath: "\(path)"}}}
                ---
                apiVersion: stash.appscode.com/v1alpha1
                kind: Repository
                metadata: {name: bucket, namespace: demo}
                spec: {backend: {s3: {endpoint: s3.example, bucket: b}, storageSecretName: s}}
                """))
    }

    @Test func theOwnRepositoryIsMadeOnceAndStaysTheSame() throws {
        let folder = try TemporaryFolder()
        let made = try pool(folder.path).open(repository(folder.path), creating: true)
        #expect(try pool(folder.path).open(repository(folder.path), creating: true).id == made.id)
        #expect(try pool(folder.path).open(repository(folder.path), creating: false).id == made.id)
    }

    @Test func aUnitNeverMakesARepository() throws {
        let folder = try TemporaryFolder()
        #expect(code { _ = try pool(folder.path).open(repository(folder.path), creating: false) } == .missingHere)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func aMessageCannotNameAnotherFolder() throws {
        let (own, other) = (try TemporaryFolder(), try TemporaryFolder())
        #expect(code { _ = try pool(own.path).open(repository(other.path), creating: true) } == .missingHere)
        #expect(code { _ = try pool(own.path).open(repository(own.path, name: "unknown"), creating: true) } == .missingHere)
        #expect(try FileManager.default.contentsOfDirectory(atPath: other.path).isEmpty)
    }

    @Test func aBackendThatIsNotServedIsRefusedForGood() throws {
        let folder = try TemporaryFolder()
        let bucket = try #require(
            resources(
                """
                apiVersion: stash.appscode.com/v1alpha1
                kind: Repository
                metadata: {name: bucket, namespace: demo}
                spec: {backend: {s3: {endpoint: s3.example, bucket: b}, storageSecretName: s}}
                """
            ).repositories.first)
        #expect(code { _ = try pool(folder.path).open(bucket.value, creating: true) } == .refused)
    }
}
