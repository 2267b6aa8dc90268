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
            spec: .init(backend: Backend(.local(.init(mountPath: path)), storageSecretName: "s")))
    }

    /// - Parameters:
    ///   - annotations: of the Repository `disk`.
    ///   - secret: values of the Secret that it names.
    private func pool(
        _ path: String, annotations: String = "{}", secret: String = "{RESTIC_PASSWORD: first}"
    ) -> RepositoryPool {
        let resources = resources(
            """
            apiVersion: stash.appscode.com/v1alpha1
            kind: Repository
            metadata: {name: disk, namespace: demo, annotations: \(annotations)}
            spec: {backend: {local: {mountPath: "\(path)"}, storageSecretName: s}}
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: s, namespace: demo}
            stringData: \(secret)
            ---
            apiVersion: stash.appscode.com/v1alpha1
            kind: Repository
            metadata: {name: bucket, namespace: demo}
            spec: {backend: {s3: {endpoint: s3.example, bucket: b}, storageSecretName: s}}
            """)
        return RepositoryPool(resources: resources, secrets: SecretSource(resources: resources))
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

    @Test func aRepositoryThatIsNotThereIsNotFoundWhereNoOtherWorkerIsAsked() throws {
        let folder = try TemporaryFolder()
        let pool = pool(folder.path)
        let error = #expect(throws: ArchiveError.self) { _ = try pool.openHere(repository(folder.path)) }
        #expect(error?.code == .notFound && error?.message.contains("there is no repository in \(folder.path)") == true)
        try Data("rest".utf8).write(to: URL(filePath: "\(folder.path)/recover.py"))
        #expect(try pool.bareStore(of: repository(folder.path)).list("", after: nil, limit: 9).map(\.key.text) == ["recover.py"])
    }

    @Test func aMessageCannotNameAnotherFolder() throws {
        let (own, other) = (try TemporaryFolder(), try TemporaryFolder())
        #expect(code { _ = try pool(own.path).open(repository(other.path), creating: true) } == .missingHere)
        #expect(code { _ = try pool(own.path).open(repository(own.path, name: "unknown"), creating: true) } == .missingHere)
        #expect(try FileManager.default.contentsOfDirectory(atPath: other.path).isEmpty)
    }

    @Test func aRepositoryIsEncryptedUnlessItsOwnManifestSaysOtherwise() throws {
        let (sealed, plain) = (try TemporaryFolder(), try TemporaryFolder())
        let made = try pool(sealed.path).open(repository(sealed.path), creating: true)
        #expect(made.format.isEncrypted)
        let refusal = #expect(throws: ArchiveError.self) {
            _ = try pool(sealed.path, annotations: "{sheaf.dev/encryption: none}").open(repository(sealed.path), creating: false)
        }
        #expect(refusal?.code == .invalid)
        let open = try pool(plain.path, annotations: "{sheaf.dev/encryption: none}", secret: "{}")
            .open(repository(plain.path), creating: true)
        #expect(!open.format.isEncrypted)
        var message = repository(sealed.path)
        message.metadata.annotations = ["sheaf.dev/encryption": "none"]
        #expect(try pool(sealed.path).open(message, creating: false).format.isEncrypted)
    }

    @Test(arguments: [
        ("{}", "{other: x}", WorkerError.Code.missingHere), ("{}", "{RESTIC_PASSWORD: a, SHEAF_PASSWORD: b}", .refused),
        ("{}", "{RESTIC_PASSWORD: \"\"}", .refused), ("{}", "{RESTIC_PASSWORD: \"\\n\"}", .refused),
    ])
    func withoutOnePasswordNothingIsMade(annotations: String, secret: String, expected: WorkerError.Code) throws {
        let folder = try TemporaryFolder()
        let pool = pool(folder.path, annotations: annotations, secret: secret)
        #expect(code { _ = try pool.open(repository(folder.path), creating: true) } == expected)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    /// A file's line end is cut off, a manifest's is not; the same password may be given both ways.
    @Test(arguments: [
        #"{RESTIC_PASSWORD: "first\n"}"#, #"{RESTIC_PASSWORD: "first\r\n"}"#,
        #"{RESTIC_PASSWORD: "first\n", SHEAF_PASSWORD: first}"#,
    ])
    func aLineEndBehindAPasswordIsNoPartOfIt(secret: String) throws {
        let folder = try TemporaryFolder()
        let made = try pool(folder.path).open(repository(folder.path), creating: true)
        #expect(try pool(folder.path, secret: secret).open(repository(folder.path), creating: false).id == made.id)
    }

    @Test func anotherWordThanNoneIsNoEncryption() throws {
        var other = repository("/nowhere")
        other.metadata.annotations = ["sheaf.dev/encryption": "aes"]
        #expect(code { _ = try RepositoryPassword(of: other, in: SecretSource(resources: resources("{}"))) } == .refused)
    }

    @Test func anotherPasswordIsToldWithItsSecretAndTriedElsewhere() throws {
        let folder = try TemporaryFolder()
        let made = try pool(folder.path).open(repository(folder.path), creating: true)
        let same = pool(folder.path, secret: "{SHEAF_PASSWORD: first, RESTIC_PASSWORD: first}")
        #expect(try same.open(repository(folder.path), creating: false).id == made.id)
        let error = #expect(throws: ArchiveError.self) {
            _ = try pool(folder.path, secret: "{SHEAF_PASSWORD: other}").open(repository(folder.path), creating: false)
        }
        #expect(error?.code == .wrongPassword && error?.isRetryable == true)
        #expect(error?.message.contains("the password of Secret demo/s opens none of 1 keys of repository \(made.id)") == true)
    }

    @Test func aBackendWithoutItsKeysWaitsForAWorkerThatHasThem() throws {
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
        #expect(code { _ = try pool(folder.path).open(bucket.value, creating: true) } == .missingHere)
    }
}
