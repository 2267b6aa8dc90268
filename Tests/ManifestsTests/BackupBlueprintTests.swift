import Manifests
import Messages
import Runtime
import Testing

/// A blueprint makes a Repository and a BackupConfiguration for each AppBinding that asks for it.
@Suite struct BackupBlueprintTests {
    private static let blueprint = """
        apiVersion: stash.appscode.com/v1beta1
        kind: BackupBlueprint
        metadata: {name: template, annotations: {sheaf.dev/max-bytes-per-second: 10MiB}}
        spec:
          backend:
            s3: {endpoint: "https://s3.example", bucket: b, prefix: "stash/${TARGET_NAMESPACE}/${TARGET_APP_RESOURCE}/${TARGET_NAME}"}
            storageSecretName: storage
          schedule: "*/5 * * * *"
          task: {name: elasticsearch-backup, params: [{name: indices, value: "orders-${TARGET_NAME}"}, {name: waitTimeout, value: "5"}]}
          interimVolumeTemplate: {metadata: {name: "${TARGET_APP_GROUP:=none}-${TARGET_NAME}"}}
          retentionPolicy: {name: five, keepLast: 5, prune: true}
          backupHistoryLimit: 3

        """

    private static func binding(_ name: String, in namespace: String = "demo", _ annotations: String) -> String {
        """
        ---
        apiVersion: appcatalog.appscode.com/v1alpha1
        kind: AppBinding
        metadata: {name: \(name), namespace: \(namespace), annotations: {\(annotations)}}
        spec: {type: kubedb.com/elasticsearch, version: 8.2.0, clientConfig: {url: "http://\(name):9200"}}

        """
    }

    private static let asks = "stash.appscode.com/backup-blueprint: template"

    private func load(_ texts: String...) -> LoadedResources {
        ResourceLoader().load(text: texts.joined(), name: "m.yaml")
    }

    @Test func eachAppBindingThatAsksGetsItsOwn() throws {
        let loaded = load(
            Self.blueprint, Self.binding("es", Self.asks), Self.binding("other", in: "shop", Self.asks),
            Self.binding("none", "a: b"))
        #expect(loaded.errors.isEmpty, "\(loaded.complaints)")
        #expect(
            loaded.resources.repositories.map(\.value.key.description) == ["Repository demo/app-es", "Repository shop/app-other"])
        #expect(loaded.resources.backupConfigurations.map(\.value.metadata.namespace) == ["demo", "shop"])
        let repository = try #require(loaded.resources.repository("app-es", in: "demo"))
        guard case .s3(let s3) = repository.value.spec.backend.provider else { throw Unexpected("\(repository.value)") }
        #expect(s3.prefix == "stash/demo/elasticsearch/es" && repository.value.spec.backend.storageSecretName == "storage")
        #expect(repository.value.metadata.annotations == ["sheaf.dev/max-bytes-per-second": "10MiB"])
        #expect(repository.blueprint?.description == "BackupBlueprint template")
        let plan = try #require(loaded.resources.backupConfiguration("app-es", in: "demo")?.value)
        #expect(
            plan.spec.schedule == "*/5 * * * *" && plan.spec.retentionPolicy?.keepLast == 5 && plan.spec.backupHistoryLimit == 3)
        #expect(plan.repositoryKey == repository.value.key && plan.targetKey.name == "es" && plan.targetKey.namespace == "demo")
        #expect(plan.spec.task?.params.first?.value == "orders-es")
        #expect(plan.spec.interimVolumeTemplate?["metadata"]?["name"] == "kubedb.com-es")
        #expect(plan.metadata.labels == ["sheaf.dev/backup-blueprint": "template"])
    }

    @Test func annotationsOfTheAppBindingWin() throws {
        let annotations = #"\#(Self.asks), stash.appscode.com/schedule: "0 3 * * *", params.stash.appscode.com/indices: "x-*""#
        let loaded = load(Self.blueprint, Self.binding("es", annotations))
        let plan = try #require(loaded.resources.backupConfiguration("app-es", in: "demo")?.value)
        #expect(plan.spec.schedule == "0 3 * * *")
        #expect(plan.spec.task?.params.map(\.name) == ["waitTimeout", "indices"])
        #expect(plan.spec.task?.params.last?.value == "x-*")
    }

    @Test func namespacesAreTheBlueprintsWhereItNamesThem() throws {
        let blueprint =
            Self.blueprint
            + "  repoNamespace: storage\n  backupNamespace: backup\n  usagePolicy: {allowedNamespaces: {from: All}}\n"
        let loaded = load(blueprint, Self.binding("es", Self.asks))
        let plan = try #require(loaded.resources.backupConfiguration("app-es", in: "backup")?.value)
        #expect(plan.repositoryKey == ResourceKey(kind: .repository, namespace: "storage", name: "app-es"))
        #expect(plan.targetKey.namespace == "demo")
        #expect(loaded.resources.repository("app-es", in: "storage")?.value.allows(namespace: "backup") == true)
    }

    @Test func whatSomebodyWroteStays() throws {
        let own = """
            ---
            apiVersion: stash.appscode.com/v1alpha1
            kind: Repository
            metadata: {name: app-es, namespace: demo}
            spec: {backend: {local: {mountPath: /own}}}

            """
        let loaded = load(Self.blueprint, Self.binding("es", Self.asks), own)
        #expect(loaded.resources.repository("app-es", in: "demo")?.blueprint == nil)
        #expect(loaded.resources.backupConfiguration("app-es", in: "demo")?.blueprint != nil)
        #expect(loaded.complaints.count == 1 && loaded.warnings.first?.message.contains("is declared at m.yaml:") == true)
        #expect(loaded.warnings.first?.path == #"metadata.annotations["stash.appscode.com/backup-blueprint"]"#)
    }

    @Test func twoAppBindingsThatComeToOneNameAreTold() {
        let loaded = load(
            Self.blueprint + "  backupNamespace: backup\n", Self.binding("es", Self.asks),
            Self.binding("es", in: "shop", Self.asks))
        #expect(loaded.resources.backupConfigurations.count == 1)
        #expect(loaded.resources.repositories.map(\.value.metadata.namespace) == ["demo"], "a Repository without its plan")
        #expect(loaded.warnings.contains { $0.message.contains("is made for the AppBinding at") })
    }

    @Test func aBlueprintThatIsNotThereIsNamed() {
        let loaded = load(Self.binding("es", Self.asks))
        #expect(loaded.resources.count == 1)
        #expect(loaded.warnings.map(\.message) == ["there is no BackupBlueprint template"])
    }

    /// Where it is written, and once, however many use it.
    @Test(arguments: [
        (
            "prefix: \"stash/${TARGET_NAMESPACE}", "prefix: \"stash/${TARGET_PLACE}",
            "spec.backend.s3.prefix: there is no variable TARGET_PLACE"
        ),
        ("keepLast: 5", "keepLast: many", "spec.retentionPolicy.keepLast: expected a whole number"),
        ("  backupHistoryLimit: 3", "  backupHistoryLimits: 3", "spec.backupHistoryLimits: not a field that Sheaf knows"),
        ("bucket: b", "bukket: b", "spec.backend.s3.bucket: expected"),
    ])
    func complaintsAreAboutTheBlueprint(good: String, bad: String, cause: String) {
        let loaded = load(
            Self.blueprint.replacing(good, with: bad), Self.binding("es", Self.asks), Self.binding("other", Self.asks))
        #expect(loaded.complaints.count { $0.description.contains(cause) } == 1, "\(loaded.complaints)")
    }

    @Test func aScheduleOfAnAnnotationThatIsNoTextIsComplainedAboutThere() {
        let loaded = load(Self.blueprint, Self.binding("es", "\(Self.asks), stash.appscode.com/schedule: 5"))
        #expect(loaded.resources.backupConfigurations.isEmpty)
        #expect(!loaded.errors.isEmpty)
    }
}

private struct Unexpected: Error {
    let what: String
    init(_ what: String) { self.what = what }
}
