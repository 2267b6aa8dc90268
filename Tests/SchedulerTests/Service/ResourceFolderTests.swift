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
}
