import FoundationEssentials
import Messages
import Runtime
import Testing

/// Resources travel inside JSON messages: what goes in must come out, under Stash's names.
struct ResourceCodingTests {
    private func recoded<Value: Codable>(_ value: Value) throws -> Value {
        try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
    }

    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private func decode<Value: Decodable>(_ text: String) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    }

    @Test func fullBackupConfigurationSurvivesJSON() throws {
        var target = BackupConfiguration.Target(ref: TargetRef(name: "es", namespace: "prod"), alias: "main")
        target.volumeMounts = [["mountPath": "/data", "name": "data"]]
        target.args = ["--quiet"]
        var spec = BackupConfiguration.Spec(target: target, repository: ObjectReference(name: "repo", namespace: "store"))
        spec.task = TaskRef(name: "elasticsearch-backup-8.2.0", params: [.init(name: "indices", value: "logs-*")])
        spec.schedule = "@daily"
        spec.timeZone = "Europe/Berlin"
        spec.driver = .restic
        spec.retentionPolicy = RetentionPolicy(name: "week", keepLast: 7, prune: true)
        spec.paused = true
        spec.backupHistoryLimit = 3
        spec.timeOut = StashDuration(seconds: 5400)
        spec.retryConfig = RetryConfig(maxRetry: 2, delay: StashDuration(seconds: 60))
        spec.runtimeSettings = ["container": ["nice": ["adjustment": 5]], "big": .number("18446744073709551615"), "no": nil]
        spec.tempDir = TempDir(medium: "Memory", disableCaching: true)
        var hook = Hook()
        hook.httpPost = Hook.HTTPPost(port: .name("http"))
        hook.executionPolicy = .onFinalRetryFailure
        spec.hooks = BackupConfiguration.Hooks(postBackup: hook)
        let metadata = ObjectMeta(name: "plan", namespace: "demo", labels: ["a": "b"])
        // Decoding sorts the members of opaque parts, so the second coding is the fixed point.
        let once = try recoded(BackupConfiguration(metadata: metadata, spec: spec))
        #expect(try recoded(once) == once)
        #expect(once.spec.runtimeSettings?["big"] == .number("18446744073709551615"))
        #expect(once.spec.runtimeSettings?["no"] == .null)
        #expect(once.spec.hooks == spec.hooks && once.spec.target == target && once.spec.timeOut == spec.timeOut)
        #expect(once.metadata == metadata)
    }

    @Test func emptyFieldsAreLeftOutAndNamesAreThoseOfStash() throws {
        let spec = BackupConfiguration.Spec(
            target: .init(ref: TargetRef(name: "es")), repository: ObjectReference(name: "repo"))
        let text = try json(BackupConfiguration(metadata: ObjectMeta(name: "plan"), spec: spec))
        let expected = """
            {"apiVersion":"stash.appscode.com/v1beta1","kind":"BackupConfiguration","metadata":{"name":"plan","namespace":"default"},\
            "spec":{"repository":{"name":"repo"},"target":{"ref":{"apiVersion":"appcatalog.appscode.com/v1alpha1",\
            "kind":"AppBinding","name":"es"}}}}
            """
        #expect(text == expected)
    }

    @Test(arguments: [
        Backend(.local(.init(mountPath: "/repo", subPath: "a")), storageSecretName: "s"),
        Backend(.s3(.init(bucket: "b", endpoint: "http://127.0.0.1:9000", prefix: "p", region: "eu"))),
        Backend(.gcs(.init(bucket: "b", prefix: "p"))), Backend(.azure(.init(container: "c"))),
        Backend(.swift(.init(container: "c"))), Backend(.b2(.init(bucket: "b"))), Backend(.rest(.init(url: "http://h"))),
    ])
    func everyBackendSurvivesJSON(backend: Backend) throws {
        let repository = Repository(
            metadata: ObjectMeta(name: "r"),
            spec: .init(backend: backend, usagePolicy: UsagePolicy(allowedNamespaces: .init(from: .all))))
        #expect(try recoded(repository) == repository)
        #expect(try json(backend).contains("\"\(backend.providerName.rawValue)\":{"))
    }

    @Test(arguments: ["{}", #"{"local":{"mountPath":"/a"},"s3":{"bucket":"b"}}"#])
    func backendWithoutOneProviderIsRefused(text: String) {
        #expect(throws: DecodingError.self) { try self.decode(text) as Backend }
    }

    @Test func appBindingSurvivesJSONWithBundleAndTransforms() throws {
        var config = AppBinding.ClientConfig(service: .init(scheme: "https", name: "es", port: 9200))
        config.caBundle = Data("-----BEGIN CERTIFICATE-----".utf8)
        var spec = AppBinding.Spec(clientConfig: config, secret: .init(name: "auth"))
        spec.secretTransforms = [.renameKey(from: "a", to: "b"), .addKeysFrom(secretName: "more"), .removeKey(key: "c")]
        spec.parameters = ["stash": ["addon": nil]]
        let appBinding = AppBinding(metadata: ObjectMeta(name: "es"), spec: spec)
        #expect(try recoded(appBinding) == appBinding)
    }

    @Test func addedKeyOfATransformCannotBeSent() {
        #expect(throws: EncodingError.self) {
            try JSONEncoder().encode(SecretTransform.addKey(key: "password", value: SecretValue("hunter2")))
        }
    }

    @Test func deprecatedRulesMoveToTheTarget() throws {
        let restore: RestoreSession = try decode(
            """
            {"apiVersion":"stash.appscode.com/v1beta1","kind":"RestoreSession","metadata":{"name":"r"},"spec":{
            "repository":{"name":"repo"},"target":{"ref":{"kind":"AppBinding","name":"es"}},"rules":[{"snapshots":["latest"]}]}}
            """)
        #expect(restore.spec.target.rules == [RestoreSession.Rule(snapshots: ["latest"])])
        #expect(restore.spec.rules.isEmpty)
        #expect(restore.rule?.snapshots == ["latest"])
        #expect(
            try json(restore).contains(#""target":{"ref":{"kind":"AppBinding","name":"es"},"rules":[{"snapshots":["latest"]}]}"#))
    }

    @Test func unknownFieldsAreIgnoredAndNullCountsAsLeftOut() throws {
        let policy: RetentionPolicy = try decode(#"{"name":"p","keepTags":null,"prune":null,"keepForever":true}"#)
        #expect(policy == RetentionPolicy(name: "p"))
        let retry: RetryConfig = try decode("{}")
        #expect(retry == RetryConfig(maxRetry: 1, delay: .zero))
    }

    @Test(arguments: [
        #"{"apiVersion":"stash.appscode.com/v1beta1","kind":"Repository","metadata":{"name":"r"},"spec":{"backend":{"local":{"mountPath":"/a"}}}}"#,
        #"{"apiVersion":"stash.appscode.com/v1alpha1","kind":"Repo","metadata":{"name":"r"},"spec":{"backend":{"local":{"mountPath":"/a"}}}}"#,
    ])
    func otherKindOrVersionIsRefused(text: String) {
        #expect(throws: DecodingError.self) { try self.decode(text) as Repository }
    }

    @Test func ruleForAHostIsTheOneThatNamesItElseTheOneForAll() {
        var session = RestoreSession(
            metadata: ObjectMeta(name: "r"),
            spec: .init(
                target: .init(
                    ref: TargetRef(name: "es"),
                    rules: [.init(snapshots: ["all"]), .init(snapshots: ["mine"], targetHosts: ["main"])]),
                repository: ObjectReference(name: "repo")))
        #expect(session.rule?.snapshots == ["all"])
        session.spec.target.alias = "main"
        #expect(session.rule?.snapshots == ["mine"])
    }
}
