import Archive
import FoundationEssentials
import Manifests
import Messages
import Runtime
import Testing

@testable import Worker

@Suite struct StoreFactoryTests {
    private static func manifest(_ backend: String, annotations: String = "", secret: String? = "store") -> String {
        """
        apiVersion: stash.appscode.com/v1alpha1
        kind: Repository
        metadata: {name: backups, namespace: demo\(annotations.isEmpty ? "" : ", annotations: {\(annotations)}")}
        spec: {backend: {\(backend)\(secret.map { ", storageSecretName: \($0)" } ?? "")}}
        """
    }

    private static func secret(_ values: String) -> String {
        "\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: store, namespace: demo}\nstringData: {\(values)}\n"
    }

    private static let azure = "azure: {container: box, prefix: /demo/}"
    private static let azureSecret = secret("AZURE_ACCOUNT_NAME: acc, AZURE_ACCOUNT_KEY: a2V5")
    private static let gcs = "gcs: {bucket: box, prefix: demo}"

    private func store(
        _ manifest: String, _ secret: String = "", environment: [String: String] = [:]
    ) throws -> any ObjectStore {
        let loaded = resources(manifest + secret)
        let repository = try #require(
            loaded.repository(ResourceKey(kind: .repository, namespace: "demo", name: "backups"))?.value)
        return try StoreFactory(secrets: SecretSource(resources: loaded), environment: environment).store(for: repository)
    }

    private func failure(_ manifest: String, _ secret: String = "") -> WorkerError? {
        #expect(throws: WorkerError.self) { _ = try store(manifest, secret) }
    }

    @Test func azureHasItsAccountsAddressOrTheAnnotations() throws {
        #expect(try store(Self.manifest(Self.azure), Self.azureSecret).location == "https://acc.blob.core.windows.net/box/demo")
        let other = Self.manifest(Self.azure, annotations: #"sheaf.dev/endpoint: "http://127.0.0.1:10000/acc/""#)
        #expect(try store(other, Self.azureSecret).location == "http://127.0.0.1:10000/acc/box/demo")
        let signed = Self.secret(#"AZURE_ACCOUNT_NAME: acc, AZURE_ACCOUNT_SAS: "?sv=1&sig=x""#)
        #expect(try store(Self.manifest(Self.azure), signed).location == "https://acc.blob.core.windows.net/box/demo")
    }

    @Test func gcsTakesTheAccountsKey() throws {
        let key = #"'{"client_email":"a@b","private_key":"p","token_uri":"http://127.0.0.1:1/token"}'"#
        let secret = Self.secret("GOOGLE_SERVICE_ACCOUNT_JSON_KEY: \(key)")
        #expect(try store(Self.manifest(Self.gcs), secret).location == "gs://box/demo")
        let error = failure(Self.manifest(Self.gcs), Self.secret(#"GOOGLE_SERVICE_ACCOUNT_JSON_KEY: "{}""#))
        #expect(error?.code == .missingHere)
        #expect(error?.message.contains("GOOGLE_SERVICE_ACCOUNT_JSON_KEY in Secret demo/store") == true)
        #expect(error?.message.contains("has no client_email") == true)
    }

    private static let s3 = "s3: {bucket: box, prefix: demo, region: eu-west-1}"
    private static let s3Secret = secret("AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret")

    @Test func s3IsAtItsEndpointOrAtAmazons() throws {
        #expect(try store(Self.manifest(Self.s3), Self.s3Secret).location == "https://box.s3.eu-west-1.amazonaws.com/demo")
        let path = Self.manifest(Self.s3, annotations: "sheaf.dev/addressing: path, sheaf.dev/multipart: never")
        #expect(try store(path, Self.s3Secret).location == "https://s3.eu-west-1.amazonaws.com/box/demo")
        let own = Self.manifest(#"s3: {bucket: box, endpoint: "http://127.0.0.1:9000"}"#)
        #expect(try store(own, Self.s3Secret).location == "http://127.0.0.1:9000/box")
    }

    /// As files and editors leave them.
    @Test func lineEndsBehindCredentialsAreNoPartOfThem() throws {
        let server = try StubServer { _ in StubServer.Reply(403, "<Error><Code>InvalidToken</Code><Message>m</Message></Error>") }
        let secret = Self.secret(
            #"AWS_ACCESS_KEY_ID: "key\n", AWS_SECRET_ACCESS_KEY: "secret\r\n", AWS_SESSION_TOKEN: "token\n""#)
        let store = try store(Self.manifest(#"s3: {bucket: box, endpoint: "\#(server.url)"}"#), secret)
        let error = #expect(throws: ArchiveError.self) { _ = try store.get(.format) }
        #expect(
            error?.message.contains("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN in Secret demo/store") == true
        )
        let headers = try #require(server.requests.first).headers
        #expect(headers["authorization"]?.contains("Credential=key/") == true && headers["x-amz-security-token"] == "token")
        let empty = failure(Self.manifest(Self.s3), Self.secret(#"AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: "\n""#))
        #expect(empty?.message.contains("has no AWS_SECRET_ACCESS_KEY") == true)
    }

    @Test func s3WithoutKeysTakesTheRoleOfSecretOrEnvironment() throws {
        let role = ["AWS_ROLE_ARN": "arn:aws:iam::1:role/sheaf", "AWS_WEB_IDENTITY_TOKEN_FILE": "/run/token"]
        _ = try store(Self.manifest(Self.s3, secret: nil), environment: role)
        _ = try store(
            Self.manifest(Self.s3), Self.secret(#"AWS_ROLE_ARN: "arn:aws:iam::1:role/x", AWS_WEB_IDENTITY_TOKEN_FILE: /run/t"#))
        let half = failure(Self.manifest(Self.s3), Self.secret("AWS_ACCESS_KEY_ID: key"))
        #expect(half?.message.contains("Secret demo/store has no AWS_SECRET_ACCESS_KEY") == true)
        let none = failure(Self.manifest(Self.s3, secret: nil))
        #expect(none?.message.contains("AWS_ACCESS_KEY_ID") == true)
    }

    /// Manifests of them are refused when they are read; nothing that may be a password is repeated.
    @Test(arguments: [
        (s3, "addressing", "hunter2"), (s3, "multipart", "hunter2"), (s3, "max-bytes-per-second", "0"),
        (azure, "max-bytes-per-second", "fast"), (azure, "endpoint", "ftp://x"), (azure, "endpoint", "https://"),
        (azure, "endpoint", "https://u:hunter2@x"), (gcs, "endpoint", "https://x?sig=hunter2"),
    ])
    func annotationsThatCannotBeAreTold(backend: String, name: String, value: String) throws {
        let account = #"'{"client_email":"a@b","private_key":"p","token_uri":"http://127.0.0.1:1/token"}'"#
        let secret = Self.secret(
            "AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret, AZURE_ACCOUNT_NAME: acc, AZURE_ACCOUNT_KEY: a2V5, "
                + "GOOGLE_SERVICE_ACCOUNT_JSON_KEY: \(account)")
        let loaded = resources(Self.manifest(backend) + secret)
        let key = ResourceKey(kind: .repository, namespace: "demo", name: "backups")
        var repository = try #require(loaded.repository(key)?.value)
        repository.metadata.annotations = ["sheaf.dev/\(name)": value]
        let error = #expect(throws: WorkerError.self) {
            _ = try StoreFactory(secrets: SecretSource(resources: loaded), environment: [:]).store(for: repository)
        }
        #expect(error?.code == .missingHere && error?.message.contains("annotation sheaf.dev/\(name): ") == true)
        #expect(name != "endpoint" || error?.message.contains("hunter2") == false)
    }

    /// Manifests of them are refused when they are read; a message may carry one all the same.
    @Test func otherBackendsAreRefusedWithWhatToUse() {
        let backends: [(Backend.Provider, String)] = [
            (.swift(.init(container: "c")), "spec.backend.s3"), (.b2(.init(bucket: "b")), "backblazeb2.com"),
            (.rest(.init(url: "http://r")), "spec.backend.local"),
        ]
        for (provider, advice) in backends {
            let repository = Repository(
                metadata: ObjectMeta(name: "backups", namespace: "demo"), spec: .init(backend: Backend(provider)))
            let error = #expect(throws: WorkerError.self) {
                _ = try StoreFactory(secrets: SecretSource(resources: resources("")), environment: [:]).store(for: repository)
            }
            #expect(error?.code == .refused)
            #expect(error?.message.contains("Repository demo/backups") == true && error?.message.contains(advice) == true)
        }
    }

    @Test func whatIsMissingIsNamed() {
        let none = failure(Self.manifest(Self.azure, secret: nil))
        #expect(
            none?.code == .missingHere && none?.message.contains("AZURE_ACCOUNT_NAME; set spec.backend.storageSecretName") == true
        )
        let absent = failure(Self.manifest(Self.azure))
        #expect(absent?.code == .missingHere && absent?.message.contains("Secret demo/store is not on this machine") == true)
        let empty = failure(Self.manifest(Self.azure), Self.secret(#"AZURE_ACCOUNT_NAME: acc, AZURE_ACCOUNT_KEY: """#))
        #expect(empty?.message.contains("Secret demo/store has no AZURE_ACCOUNT_KEY or AZURE_ACCOUNT_SAS") == true)
        let wrong = failure(Self.manifest(Self.azure), Self.secret("AZURE_ACCOUNT_NAME: acc, AZURE_ACCOUNT_KEY: \"n0t-a-k3y!\""))
        #expect(wrong?.code == .missingHere && wrong?.message.contains("n0t-a-k3y") == false)
        #expect(wrong?.message.contains("AZURE_ACCOUNT_KEY in Secret demo/store") == true)
    }

    @Test func aLocalFolderIsLookedAtAnewAndMayBeLimited() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "factory-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: "\(folder)/sub", withIntermediateDirectories: true)
        let local = "local: {mountPath: \(folder), subPath: sub}"
        #expect(try store(Self.manifest(local, secret: nil)) is LocalStore)
        let limited = try store(Self.manifest(local, annotations: "sheaf.dev/max-bytes-per-second: 1MiB", secret: nil))
        #expect(limited is LimitedStore && limited.location == "\(folder)/sub")
        #expect(throws: ArchiveError.self) { _ = try store(Self.manifest("local: {mountPath: \(folder)/none}", secret: nil)) }
    }

    @Test func aStoreIsKeptUntilItsSecretOrManifestChanges() throws {
        let loaded = resources(Self.manifest(Self.azure))
        let folder = FileManager.default.temporaryDirectory.appending(path: "factory-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: "\(folder)/store", withIntermediateDirectories: true)
        func write(_ key: String, _ value: String) throws {
            try Data(value.utf8).write(to: URL(filePath: "\(folder)/store/\(key)"))
        }
        try write("AZURE_ACCOUNT_NAME", "acc")
        try write("AZURE_ACCOUNT_KEY", "a2V5")
        let made = Lock<[String]>([])
        let maker = StoreMaker(environment: [:])
        let factory = StoreFactory(secrets: SecretSource(resources: loaded, directory: folder)) { settings in
            let store = try maker.makeStore(settings)
            made.withLock { $0.append(store.location) }
            return store
        }
        let repository = try #require(
            loaded.repository(ResourceKey(kind: .repository, namespace: "demo", name: "backups"))?.value)
        for _ in 0..<3 { #expect(try factory.store(for: repository) is RetryingStore<SystemRandomNumberGenerator>) }
        #expect(made.withLock { $0 } == ["https://acc.blob.core.windows.net/box/demo"])
        try write("AZURE_ACCOUNT_NAME", "other")
        for _ in 0..<2 { _ = try factory.store(for: repository) }
        #expect(made.withLock { $0.last } == "https://other.blob.core.windows.net/box/demo" && made.withLock { $0.count } == 2)
        var limited = repository
        limited.metadata.annotations["sheaf.dev/max-bytes-per-second"] = "1MiB"
        _ = try factory.store(for: limited)
        #expect(made.withLock { $0.count } == 3)
    }
}
