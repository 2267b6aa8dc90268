import FoundationEssentials
import Manifests
import Messages
import Runtime
import Testing

@testable import Scheduler

/// The folder that a Scheduler works from, and what `sheaf apply` does to it.
@Suite final class ResourceFolderTests {
    private let path: String
    private let logger = Logger(label: "test", level: .critical, handler: JSONLogHandler())

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "folder-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    private func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
    }

    private var files: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.hasPrefix(".") }.sorted() }
    }

    private func repository(_ mountPath: String) -> String {
        """
        apiVersion: stash.appscode.com/v1alpha1
        kind: Repository
        metadata: {name: disk, namespace: demo}
        spec: {backend: {local: {mountPath: \(mountPath)}}}

        """
    }

    private func refusal(_ reply: Reply) -> (code: RefusalCode, message: String)? {
        if case .refused(let code, let message) = reply { (code, message) } else { nil }
    }

    private let key = ResourceKey(kind: .repository, namespace: "demo", name: "disk")

    private func mountPath(_ resources: ResourceSet) -> String? {
        guard case .local(let local)? = resources.repository(key)?.value.spec.backend.provider else { return nil }
        return local.mountPath
    }

    @Test func appliedResourcesAreThereAtOnceAndAgain() async throws {
        let folder = try ResourceFolder(path: path, logger: logger)
        let reply = await folder.apply(ApplyRequest(manifests: repository("/srv/a"), fileName: "mine.yaml"))
        guard case .applied(let lines) = reply else {
            Issue.record("\(reply)")
            return
        }
        #expect(lines.count == 1 && lines[0].hasSuffix("applied"))
        #expect(try files == ["repository.demo.disk.json"])
        #expect(mountPath(await folder.resources()) == "/srv/a")
        #expect(mountPath(await (try ResourceFolder(path: path, logger: logger)).resources()) == "/srv/a")
    }

    @Test(arguments: ["", "/", "//"])
    func applyingAgainReplaces(slashes: String) async throws {
        let folder = try ResourceFolder(path: path + slashes, logger: logger)
        for mountPath in ["/srv/a", "/srv/b"] {
            let reply = await folder.apply(ApplyRequest(manifests: repository(mountPath), fileName: "mine.yaml"))
            #expect(refusal(reply) == nil)
        }
        #expect(try files.count == 1)
        #expect(mountPath(await folder.resources()) == "/srv/b")
    }

    @Test func secretsAreRefusedAndNothingIsWritten() async throws {
        let folder = try ResourceFolder(path: path, logger: logger)
        let secret = """
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: es-auth, namespace: demo}
            stringData: {username: elastic, password: hunter22}
            """
        let reply = await folder.apply(ApplyRequest(manifests: repository("/srv/a") + secret, fileName: "mine.yaml"))
        let refused = try #require(refusal(reply))
        #expect(refused.code == .refused && refused.message.contains("secrets are never sent"))
        #expect(!refused.message.contains("hunter22"))
        #expect(try files.isEmpty)
    }

    @Test func whatIsWrittenByHandIsNotReplaced() async throws {
        try write(repository("/srv/hand"), to: "hand.yaml")
        let folder = try ResourceFolder(path: path, logger: logger)
        let reply = await folder.apply(ApplyRequest(manifests: repository("/srv/a"), fileName: "mine.yaml"))
        let refused = try #require(refusal(reply))
        #expect(refused.message.contains("hand.yaml:1") && refused.message.contains("by hand"))
        #expect(try files == ["hand.yaml"])
        #expect(mountPath(await folder.resources()) == "/srv/hand")
    }

    @Test func manifestsWithErrorsAreRefusedWithTheirPlaces() async throws {
        let folder = try ResourceFolder(path: path, logger: logger)
        let reply = await folder.apply(
            ApplyRequest(manifests: repository("/srv/a").replacing("backend", with: "backnd"), fileName: "mine.yaml"))
        let refused = try #require(refusal(reply))
        #expect(refused.code == .invalid && refused.message.contains("mine.yaml:4"))
        #expect(try files.isEmpty)
    }

    @Test func aFolderThatBreaksKeepsItsLastGoodResources() async throws {
        try write(repository("/srv/a"), to: "a.yaml")
        let folder = try ResourceFolder(path: path, logger: logger)
        try write("kind: [", to: "b.yaml")
        #expect(mountPath(await folder.resources()) == "/srv/a")
        try write(repository("/srv/c"), to: "a.yaml")
        #expect(mountPath(await folder.resources()) == "/srv/a")
        try write("", to: "b.yaml")
        #expect(mountPath(await folder.resources()) == "/srv/c")
    }

    @Test func nothingIsAppliedToAFolderThatIsBroken() async throws {
        try write("kind: [", to: "b.yaml")
        let folder = try ResourceFolder(path: path, logger: logger)
        let reply = await folder.apply(ApplyRequest(manifests: repository("/srv/a"), fileName: "mine.yaml"))
        #expect(refusal(reply)?.code == .failed)
        #expect(try files == ["b.yaml"])
    }

    @Test func aFolderThatIsNotThereIsAnError() {
        #expect(throws: ManifestError.self) { try ResourceFolder(path: "\(path)/none", logger: logger) }
    }

    /// A plan may come before its Task: each file of a folder is applied by itself.
    @Test func functionsAndTasksAreApplied() async throws {
        let folder = try ResourceFolder(path: path, logger: logger)
        let head = "apiVersion: stash.appscode.com/v1beta1\nkind: "
        let function = head + "Function\nmetadata: {name: f}\nspec: {command: [f]}\n"
        let task = head + "Task\nmetadata: {name: t}\nspec: {steps: [{name: f}, {name: elasticsearch-restore}]}\n"
        for text in [task, function] {
            #expect(refusal(await folder.apply(ApplyRequest(manifests: text, fileName: "mine.yaml"))) == nil)
        }
        #expect(try files == ["function.f.json", "task.t.json"])
        let bad = task.replacing("{name: f}, {name: elasticsearch-restore}", with: "{name: f}")
        let refused = try #require(refusal(await folder.apply(ApplyRequest(manifests: bad, fileName: "mine.yaml"))))
        #expect(refused.code == .invalid && refused.message.hasPrefix("mine.yaml:4:15: error: spec.steps: "), "\(refused)")
        #expect(await folder.resources().tasks.count == 1)
    }

    private static let blueprint = """
        apiVersion: stash.appscode.com/v1beta1
        kind: BackupBlueprint
        metadata: {name: template}
        spec:
          backend: {local: {mountPath: /srv/a, subPath: "${TARGET_NAME}"}, storageSecretName: s}
          schedule: "0 2 * * *"

        """

    private func binding(_ annotations: String = "") -> String {
        """
        apiVersion: appcatalog.appscode.com/v1alpha1
        kind: AppBinding
        metadata: {name: es, namespace: demo, annotations: {stash.appscode.com/backup-blueprint: template\(annotations)}}
        spec: {clientConfig: {url: "http://es:9200"}}

        """
    }

    /// By itself it is right, since the blueprint is in the folder.
    @Test func whatIsWrongBesideTheOthersIsNotApplied() async throws {
        try write(Self.blueprint, to: "blueprint.yaml")
        let folder = try ResourceFolder(path: path, logger: logger)
        let bad = binding(", params.stash.appscode.com/allowPartial: maybe")
        let refused = try #require(refusal(await folder.apply(ApplyRequest(manifests: bad, fileName: "mine.yaml"))))
        #expect(refused.code == .invalid && refused.message.contains("spec.task.params[0].value: "), "\(refused)")
        #expect(try files == ["blueprint.yaml"])
        #expect(refusal(await folder.apply(ApplyRequest(manifests: binding(), fileName: "mine.yaml"))) == nil)
        #expect(await folder.resources().backupConfiguration("app-es", in: "demo")?.blueprint != nil)
    }

    @Test func anApplyMendsWhatIsWrongAndNothingElseGetsIn() async throws {
        try write(Self.blueprint, to: "blueprint.yaml")
        try write(
            binding(", params.stash.appscode.com/allowPartial: maybe"), to: "appbinding.demo.es.json")
        let folder = try ResourceFolder(path: path, logger: logger)
        let other = try #require(
            refusal(await folder.apply(ApplyRequest(manifests: repository("/srv/a"), fileName: "mine.yaml"))))
        #expect(other.code == .failed && other.message.contains("mended first"), "\(other)")
        #expect(refusal(await folder.apply(ApplyRequest(manifests: binding(), fileName: "mine.yaml"))) == nil)
        #expect(refusal(await folder.apply(ApplyRequest(manifests: repository("/srv/a"), fileName: "mine.yaml"))) == nil)
    }

    @Test func whatIsWrittenTakesThePlaceOfWhatWasMade() async throws {
        try write(Self.blueprint + "---\n" + binding(), to: "blueprint.yaml")
        let folder = try ResourceFolder(path: path, logger: logger)
        let own = repository("/srv/own").replacing("name: disk", with: "name: app-es")
        #expect(refusal(await folder.apply(ApplyRequest(manifests: own, fileName: "mine.yaml"))) == nil)
        let standing = try #require(await folder.resources().repository("app-es", in: "demo"))
        #expect(standing.blueprint == nil)
    }
}
