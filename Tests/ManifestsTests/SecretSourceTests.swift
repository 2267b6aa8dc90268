import FoundationEssentials
import Manifests
import Messages
import Testing

struct SecretSourceTests {
    private let key = ResourceKey(kind: .secret, namespace: "demo", name: "es-auth")

    private func resources(_ text: String) throws -> ResourceSet {
        let loaded = ResourceLoader().load(text: text, name: "t")
        try #require(loaded.errors.isEmpty)
        return loaded.resources
    }

    private func declared() throws -> ResourceSet {
        try resources(
            """
            apiVersion: v1
            kind: Secret
            metadata: {name: es-auth, namespace: demo, labels: {a: b}}
            stringData: {username: resource, password: resource, extra: resource}
            """)
    }

    @Test func environmentWinsOverFilesAndFilesOverResources() throws {
        let folder = try ScratchFolder()
        try folder.write("file", to: "es-auth/username")
        try folder.write("file\n", to: "es-auth/password")
        let source = SecretSource(
            resources: try declared(), directory: folder.path,
            environment: ["SHEAF_SECRET_ES_AUTH_USERNAME": "environment", "OTHER": "x"])
        let secret = try source.secret(key)
        #expect(secret["username"] == SecretValue("environment"))
        #expect(secret["password"] == SecretValue("file"))
        #expect(secret["extra"] == SecretValue("resource"))
        #expect(secret.metadata.labels == ["a": "b"])
    }

    @Test func eachPlaceAloneIsEnough() throws {
        let folder = try ScratchFolder()
        try folder.write("a", to: "es-auth/username")
        #expect(try SecretSource(resources: ResourceSet(), directory: folder.path).secret(key).keys == ["username"])
        #expect(try SecretSource(resources: try declared()).secret(key).keys == ["extra", "password", "username"])
        let environment = SecretSource(
            resources: ResourceSet(),
            environment: ["SHEAF_SECRET_ES_AUTH_RESTIC_PASSWORD": "a", "SHEAF_SECRET_ES_AUTH_TLS_CRT": "b"])
        #expect(try environment.secret(key).keys == ["RESTIC_PASSWORD", "tls.crt"])
    }

    @Test func missingSecretSaysWhereItWasLookedFor() throws {
        let source = SecretSource(
            resources: ResourceSet(), directory: "/run/secrets", environment: ["SHEAF_SECRET_ES_OTHER": "x"])
        let expected = """
            Secret demo/es-auth is not on this machine; provide a Secret manifest, files in /run/secrets/es-auth/, \
            or variables SHEAF_SECRET_ES_AUTH_<KEY>
            """
        #expect { try source.secret(key) } throws: {
            ($0 as? ManifestError)?.message == expected && ($0 as? ManifestError)?.code == .notFound
        }
    }

    @Test func mountsOfKubernetesAreReadThroughTheirLinks() throws {
        let folder = try ScratchFolder()
        try folder.write("p", to: "es-auth/..2024_01/password")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/es-auth/..data", withDestinationPath: "..2024_01")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/es-auth/password", withDestinationPath: "..data/password")
        let secret = try SecretSource(resources: ResourceSet(), directory: folder.path).secret(key)
        #expect(secret.keys == ["password"])
        #expect(secret["password"] == SecretValue("p"))
    }

    @Test func nameThatLeavesTheDirectoryFindsNothing() throws {
        let folder = try ScratchFolder()
        try folder.write("p", to: "outside/password")
        try folder.write("p", to: "inside/a/password")
        let source = SecretSource(resources: ResourceSet(), directory: folder.path + "/inside")
        #expect(throws: ManifestError.self) {
            try source.secret(ResourceKey(kind: .secret, namespace: "demo", name: "../outside"))
        }
    }

    @Test(arguments: [("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("a", "a"), ("\n", ""), ("a ", "a ")])
    func oneLineEndIsNotPartOfAFilesValue(text: String, value: String) throws {
        let folder = try ScratchFolder()
        try folder.write(text, to: "es-auth/password")
        let secret = try SecretSource(resources: ResourceSet(), directory: folder.path).secret(key)
        #expect(secret["password"] == SecretValue(value))
    }

    @Test func credentialsOfAnAppBindingAreTransformed() throws {
        let set = try resources(
            """
            apiVersion: v1
            kind: Secret
            metadata: {name: login}
            stringData: {user: elastic, junk: x}
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: more}
            stringData: {password: p}
            ---
            apiVersion: appcatalog.appscode.com/v1alpha1
            kind: AppBinding
            metadata: {name: es}
            spec:
              clientConfig: {url: "http://h"}
              secret: {name: login}
              secretTransforms:
              - renameKey: {from: user, to: username}
              - addKeysFrom: {secretRef: {name: more}}
              - removeKey: {key: junk}
            """)
        let appBinding = try #require(set.appBinding("es")?.value)
        let credentials = try #require(try SecretSource(resources: set).credentials(of: appBinding))
        #expect(credentials.keys == ["password", "username"])
        var open = appBinding
        open.spec.secret = nil
        #expect(try SecretSource(resources: set).credentials(of: open) == nil)
    }
}
