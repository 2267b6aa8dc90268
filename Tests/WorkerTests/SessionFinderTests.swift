import Archive
import FoundationEssentials
import Manifests
import Messages
import Runtime
import Sessions
import Snapshots
import Testing

@testable import Worker

/// Where a session is looked for of which only the id is known, and what is believed of what is found.
@Suite struct SessionFinderTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func finder(_ yaml: String = "") -> SessionFinder {
        let resources = resources(yaml)
        return SessionFinder(
            resources: resources, clusters: ClusterAccess(resources: resources, secrets: SecretSource(resources: resources)),
            repositories: RepositoryPool(resources: resources, secrets: SecretSource(resources: resources)),
            logger: Logger(label: "test", handler: JSONLogHandler()))
    }

    private func repositoryYAML(_ name: String, path: String) -> String {
        """
        apiVersion: stash.appscode.com/v1alpha1
        kind: Repository
        metadata: {name: \(name), namespace: demo, annotations: {sheaf.dev/encryption: none}}
        spec: {backend: {local: {mountPath: "\(path)"}}}
        """
    }

    private func bindingYAML(_ url: String) -> String {
        """
        apiVersion: appcatalog.appscode.com/v1alpha1
        kind: AppBinding
        metadata: {name: es, namespace: demo}
        spec: {clientConfig: {url: "\(url)"}}
        """
    }

    private func describe(_ result: SessionFinder.Result?) -> String {
        switch result {
        case nil: "nothing"
        case .found(let command): "\(command.kind.rawValue) \(command.id) of \(command.repository.metadata.name)"
        case .nameless: "nameless"
        case .unknown(let unreachable): "unknown, \(unreachable.count) unreachable"
        }
    }

    @Test func aSessionIsFoundInTheRepositoryThatItsMessageNamesAndInNoOther() throws {
        // One folder under two names: the journal lies in both.
        let path = try folder.makeFolder("disk")
        let store = try LocalStore(path)
        _ = try OpenRepository.create(store, protection: .none, now: Date())
        var begin = Samples.begin()
        begin.command?.repository.metadata.name = "disk"
        begin.command?.repository.spec.backend = Backend(.local(.init(mountPath: path)))
        _ = try ArchiveJournal(store: RepositoryStore(store), session: Samples.session).put(.begin(begin), at: .begin)
        let both = finder(repositoryYAML("alias", path: path) + "\n---\n" + repositoryYAML("disk", path: path))
        #expect(describe(both.find(Samples.session)) == "backup abc of disk")
        #expect(describe(finder(repositoryYAML("alias", path: path)).find(Samples.session)) == "unknown, 0 unreachable")
        #expect(describe(both.find(Samples.makeID("other"))) == "unknown, 0 unreachable")
    }

    struct Found: Sendable {
        var text: String
        var change: @Sendable (inout SessionCommand) -> Void
        var isBelieved = false
    }

    /// Somebody who may write into a cluster's journal puts the message of another session there.
    @Test(arguments: [
        Found(text: "its own", change: { _ in }, isBelieved: true),
        Found(text: "another id", change: { $0.id = Samples.makeID("victim") }),
        Found(text: "a backup", change: { $0.kind = .backup }),
        Found(text: "another target", change: { $0.target.metadata.name = "other" }),
        Found(text: "another namespace", change: { $0.target.metadata.namespace = "other" }),
    ])
    func aJournalIsBelievedAboutItsOwnSessionsAlone(found: Found) throws {
        var begin = Samples.begin()
        var command = Samples.command(.restore)
        found.change(&command)
        begin.command = command
        let place = Samples.command(.restore).target.key
        let result = try finder().look(into: MemoryJournal([.begin: .begin(begin)]), of: place, for: Samples.session) {
            $0.kind == .restore && $0.target.key == place
        }
        #expect((result != nil) == found.isBelieved, "\(found.text): \(describe(result))")
    }

    @Test func anOlderVersionsSessionIsKnownButNotNamed() throws {
        var begin = Samples.begin()
        begin.command = nil
        let place = Samples.command().repository.key
        let journal = MemoryJournal([.begin: .begin(begin)])
        #expect(describe(try finder().look(into: journal, of: place, for: Samples.session) { _ in true }) == "nameless")
    }

    /// It takes connections and says nothing: whoever looks for a session must not wait for it as long as a backup does.
    @Test(.timeLimit(.minutes(1))) func aClusterThatDoesNotAnswerIsLeftAloneSoon() throws {
        let server = try StubServer { _ in .silence }
        let start = ContinuousClock.now
        let result = finder(bindingYAML(server.url)).find(Samples.session)
        #expect(describe(result) == "unknown, 1 unreachable")
        #expect(ContinuousClock.now - start < .seconds(20))
    }
}
