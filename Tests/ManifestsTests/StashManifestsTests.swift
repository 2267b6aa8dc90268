import FoundationEssentials
import Manifests
import Messages
import Runtime
import Testing

/// Stash's own manifests are taken as they are.
struct StashManifestsTests {
    private static let inputs = URL(filePath: #filePath).deletingLastPathComponent().path + "/Inputs/stash/"

    private func load(_ name: String) throws -> LoadedResources {
        try ResourceLoader().load(path: Self.inputs + name)
    }

    @Test(arguments: ["secret", "repository", "appbinding", "backupconfiguration", "passing-args", "backupblueprint"])
    func manifestLoadsWithoutAnyComplaint(name: String) throws {
        let loaded = try load(name + ".yaml")
        #expect(loaded.complaints.isEmpty)
        #expect(loaded.resources.count == 1)
    }

    @Test(arguments: [
        ("restoresession", ["spec.rules"]), ("init-sample-restore", ["spec.rules"]),
    ])
    func manifestLoadsWithWarningsOnly(name: String, paths: [String]) throws {
        let loaded = try load(name + ".yaml")
        #expect(loaded.errors.isEmpty)
        #expect(loaded.warnings.map(\.path) == paths)
        #expect(loaded.resources.count == 1)
    }

    @Test func aKindThatIsNotHandledIsKeptWithAWarning() throws {
        let loaded = try load("kubedb.yaml")
        #expect(loaded.errors.isEmpty)
        #expect(loaded.resources.unhandled.map(\.kind) == ["Elasticsearch"])
        #expect(loaded.warnings.map(\.path) == ["kind"])
    }

    /// Stash's own catalog: its Function is built in here, and its Task is of built-in Functions alone.
    @Test func theAddonOfStashsCatalogIsTaken() throws {
        let loaded = try load("addon.yaml")
        #expect(loaded.errors.isEmpty && loaded.resources.unhandled.isEmpty)
        #expect(loaded.resources.functions.map(\.value.metadata.name) == ["elasticsearch-backup-7.3.2"])
        #expect(loaded.resources.tasks.map(\.value.sessionKind) == [.backup])
        #expect(loaded.warnings.map(\.path) == ["kind", "spec.steps[0].params[0].value"])
    }

    @Test func fieldsArriveWhereStashMeansThem() throws {
        let plan = try #require(
            try load("passing-args.yaml").resources.backupConfiguration("sample-es-backup", in: "demo")?.value)
        #expect(plan.spec.schedule == "*/2 * * * *")
        #expect(plan.targetKey == ResourceKey(kind: .appBinding, namespace: "demo", name: "sample-es"))
        #expect(plan.repositoryKey == ResourceKey(kind: .repository, namespace: "demo", name: "gcs-repo"))
        #expect(TaskParameters(plan.spec.task).match == "^(?![.])(?!searchguard).+")
        #expect(plan.spec.retentionPolicy?.keepYearly == 100 && plan.spec.retentionPolicy?.prune == true)
        #expect(plan.spec.runtimeSettings?["container"]?["securityContext"]?["runAsUser"] == 0)
        #expect(plan.hostname == "host-0")

        let restore = try #require(try load("init-sample-restore.yaml").resources.restoreSessions.first?.value)
        #expect(restore.rule?.snapshots == ["4bc21d6f"])

        let repository = try #require(try load("repository.yaml").resources.repositories.first?.value)
        #expect(repository.spec.backend.provider == .gcs(.init(bucket: "my-bucket", prefix: "/demo/elasticsearch/sample-es")))
        #expect(repository.secretKey?.name == "gcs-secret")

        let secret = try #require(try load("secret.yaml").resources.secret("gcs-secret", in: "demo")?.value)
        #expect(secret["RESTIC_PASSWORD"]?.text?.reveal() == "changeit")

        let appBinding = try #require(try load("appbinding.yaml").resources.appBinding("sample-es", in: "demo")?.value)
        #expect(appBinding.clusterURL == "http://sample-es.demo.svc:9200")
        #expect(appBinding.task(nil, for: .backup)?["args"] == "--match=^(?![.])(?!searchguard).+ --ignoreType=template")
    }

    @Test func resourcesReadFromManifestsSurviveJSON() throws {
        func check<Value: SpecResource>(_ declared: Declared<Value>?) throws {
            let value = try #require(declared?.value)
            #expect(try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value)) == value)
        }
        try check(try load("passing-args.yaml").resources.backupConfigurations.first)
        try check(try load("backupconfiguration.yaml").resources.backupConfigurations.first)
        try check(try load("restoresession.yaml").resources.restoreSessions.first)
        try check(try load("repository.yaml").resources.repositories.first)
        try check(try load("appbinding.yaml").resources.appBindings.first)
    }

    @Test func examplesLoadWithoutAnyComplaintAndReferToEachOther() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let loaded = try ResourceLoader().load(path: root.path + "/examples/resources")
        #expect(loaded.complaints.isEmpty)
        #expect(loaded.resources.referenceComplaints().isEmpty)
        #expect(loaded.resources.count == 7)
        #expect(loaded.resources.backupConfigurations.first?.value.spec.timeZone == "Europe/Berlin")
    }
}
