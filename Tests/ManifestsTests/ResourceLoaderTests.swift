import FoundationEssentials
import Manifests
import Messages
import Runtime
import Testing

struct ResourceLoaderTests {
    private let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: NAME}\nstringData: {password: hunter2}\n"

    @Test func folderIsReadByNameWithoutHiddenAndOtherFiles() throws {
        let folder = try ScratchFolder()
        for (file, name) in [("b.yml", "b"), ("a.yaml", "a"), (".hidden.yaml", "h"), ("notes.txt", "n"), ("sub/c.yaml", "c")] {
            try folder.write(secret.replacing("NAME", with: name), to: file)
        }
        try folder.write(
            #"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"j"},"stringData":{"a":"\/\u00e9"}}"#, to: "c.json")
        let loaded = try ResourceLoader().load(path: folder.path)
        #expect(loaded.complaints.isEmpty)
        #expect(loaded.resources.secrets.map(\.value.metadata.name) == ["a", "b", "j"])
        #expect(loaded.resources.secret("j")?.value["a"]?.text?.reveal() == "/é")
        #expect(loaded.resources.secret("b")?.place == SourcePlace(file: folder.path + "/b.yml", line: 1, column: 1))
    }

    @Test func sameNameInTwoFilesIsRefusedNamingBoth() throws {
        let folder = try ScratchFolder()
        try folder.write(secret.replacing("NAME", with: "a"), to: "1.yaml")
        try folder.write(secret.replacing("NAME", with: "a"), to: "2.yaml")
        let loaded = try ResourceLoader().load(path: folder.path)
        let expected =
            "\(folder.path)/2.yaml:3:18: error: metadata.name: Secret default/a is already declared at \(folder.path)/1.yaml:1:1"
        #expect(loaded.complaints.map(\.description) == [expected])
    }

    @Test func unreadableEntryOfAFolderIsAComplaintAndTheRestIsRead() throws {
        let folder = try ScratchFolder()
        try folder.write(secret.replacing("NAME", with: "a"), to: "a.yaml")
        try FileManager.default.createDirectory(atPath: folder.path + "/b.yaml", withIntermediateDirectories: true)
        let loaded = try ResourceLoader().load(path: folder.path)
        #expect(loaded.resources.count == 1)
        #expect(loaded.errors.map(\.place) == [SourcePlace(file: folder.path + "/b.yaml")])
    }

    @Test func nothingAtThePathIsAnError() throws {
        #expect { try ResourceLoader().load(path: "/nonexistent/x") } throws: { ($0 as? ManifestError)?.code == .notFound }
    }

    /// As restic and so Stash take it.
    @Test(arguments: ["gcs: {bucket: b, maxConnections: N}", "azure: {container: b, maxConnections: N}"])
    func zeroConnectionsAreTheDefault(backend: String) throws {
        func connections(_ number: String) throws -> Int? {
            let text = """
                apiVersion: stash.appscode.com/v1alpha1
                kind: Repository
                metadata: {name: r}
                spec: {backend: {\(backend.replacing("N", with: number))}}
                """
            let loaded = ResourceLoader().load(text: text, name: "r.yaml")
            switch try #require(loaded.resources.repositories.first?.value.spec.backend.provider) {
            case .gcs(let gcs): return gcs.maxConnections
            case .azure(let azure): return azure.maxConnections
            default: return nil
            }
        }
        #expect(try connections("3") == 3)
        #expect(try connections("0") == nil)
    }

    @Test func listCountsAsItsItems() {
        let text = """
            apiVersion: v1
            kind: List
            metadata: {resourceVersion: ""}
            items:
            - apiVersion: v1
              kind: Secret
              metadata: {name: a, uid: 1-2, creationTimestamp: "2024"}
            - apiVersion: v1
              kind: Secret
              metadata: {name: A}
            """
        let loaded = ResourceLoader().load(text: text, name: "t")
        #expect(loaded.resources.secrets.map(\.value.metadata.name) == ["a"])
        #expect(loaded.complaints.map(\.place.line) == [10])
    }

    @Test func unknownFieldsAreKeptInTheirOrder() throws {
        let text = """
            apiVersion: appcatalog.appscode.com/v1alpha1
            kind: AppBinding
            metadata: {name: es}
            spec: {zeta: 1.50, clientConfig: {url: "http://h"}, alpha: [x, {y: 18446744073709551616}]}
            """
        let loaded = ResourceLoader().load(text: text, name: "t")
        #expect(loaded.warnings.map(\.path) == ["spec.zeta", "spec.alpha"])
        let source = try #require(loaded.resources.appBinding("es")?.source.json)
        #expect(source["spec"]?.members?.map(\.name) == ["zeta", "clientConfig", "alpha"])
        #expect(source["spec"]?["zeta"] == .number("1.50"))
        #expect(source["spec"]?["alpha"] == ["x", ["y": .number("18446744073709551616")]])
    }

    @Test func sourceOfASecretHoldsNoValues() throws {
        let text = """
            apiVersion: v1
            kind: Secret
            metadata:
              name: a
              annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"stringData":{"p":"hunter2"}}', b: c}
            stringData: {p: hunter2}
            data: {q: aHVudGVyMg==}
            """
        let loaded = ResourceLoader().load(text: text, name: "t")
        let secret = try #require(loaded.resources.secret("a"))
        #expect(secret.value["p"]?.text?.reveal() == "hunter2" && secret.value["q"]?.text?.reveal() == "hunter2")
        #expect(secret.value.metadata.annotations == ["b": "c"])
        var dumped = secret.source.json.serialized()
        dump(secret, to: &dumped)
        #expect(!dumped.contains("hunter2") && !dumped.contains("aHVudGVyMg"))
        #expect(secret.source["data"]?["q"]?.text == "<secret>")
    }

    @Test func stringDataWinsOverData() throws {
        let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {p: new}\ndata: {p: b2xk}"
        let secret = try #require(ResourceLoader().load(text: text, name: "t").resources.secret("a")?.value)
        #expect(secret["p"]?.text?.reveal() == "new")
    }

    @Test func referencesThatLeadNowhereAreTold() {
        let plan = """
            apiVersion: stash.appscode.com/v1beta1
            kind: BackupConfiguration
            metadata: {name: plan, namespace: NAMESPACE}
            spec:
              target: {ref: {kind: AppBinding, name: es}}
              repository: {name: r, namespace: store}
            """
        let repository = """

            ---
            apiVersion: stash.appscode.com/v1alpha1
            kind: Repository
            metadata: {name: r, namespace: store}
            spec: {backend: {local: {mountPath: /r}}}
            """
        func complaints(_ text: String) -> [String] {
            ResourceLoader().load(text: text, name: "t").resources.referenceComplaints().map(\.description)
        }
        #expect(
            complaints(plan.replacing("NAMESPACE", with: "demo")) == [
                "t:5:42: warning: spec.target.ref.name: there is no AppBinding demo/es",
                "t:6:22: warning: spec.repository.name: there is no Repository store/r",
            ])
        #expect(
            complaints(plan.replacing("NAMESPACE", with: "demo") + repository).last
                == "t:6:22: error: spec.repository.name: the usagePolicy of Repository store/r does not allow its use from the namespace demo"
        )
        #expect(complaints(plan.replacing("NAMESPACE", with: "store") + repository).count == 1)
    }

    @Test func namespacesAreOfNoNamespaceAndKeepTheirLabels() throws {
        let loaded = ResourceLoader().load(
            text: "apiVersion: v1\nkind: Namespace\nmetadata: {name: demo, labels: {a: b}}\nspec: {finalizers: [kubernetes]}\n",
            name: "m")
        #expect(loaded.complaints.isEmpty && loaded.resources.count == 1)
        let namespace = try #require(loaded.resources.namespace("demo")?.value)
        #expect(namespace.metadata.labels == ["a": "b"] && namespace.key.description == "Namespace demo")
        let wrong = ResourceLoader().load(text: "apiVersion: v1\nkind: Namespace\nmetadata: {name: a.b}\n", name: "m")
        #expect(wrong.errors.map(\.path) == ["metadata.name"] && wrong.resources.isEmpty)
    }
}
