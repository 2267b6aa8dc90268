import Archive
import Foundation
import Manifests
import Messages
import Runtime
import Testing

@testable import Worker

/// Garbage collection beside a worker's sessions.
@Suite struct UpkeepTests {
    @Test func aRepositoryHasItsTurnOnceAnHour() {
        var pace = UpkeepPace()
        let (a, b) = (
            ResourceKey(kind: .repository, namespace: "n", name: "a"), ResourceKey(kind: .repository, namespace: "n", name: "b")
        )
        let start = ContinuousClock.now
        let answers = [(a, 0), (b, 0), (a, 3599), (a, 3600), (a, 3601)].map { pace.begins($0.0, at: start + .seconds($0.1)) }
        #expect(answers == [true, true, false, true, false])
    }

    /// What it logs, line by line, as soon as it is there.
    private final class Lines: LogHandler {
        let lines = Lock<[String]>([])

        func log(_ record: LogRecord) {
            lines.withLock { $0.append(record.message) }
            lines.notifyAll()
        }

        func wait(for count: Int) -> [String] { lines.wait { $0.count >= count ? $0 : nil } }
    }

    private func upkeep(_ folder: TemporaryFolder, _ lines: Lines) throws -> Upkeep {
        let resources = resources(
            """
            apiVersion: stash.appscode.com/v1alpha1
            kind: Repository
            metadata: {name: disk, namespace: demo, annotations: {sheaf.dev/encryption: none}}
            spec: {backend: {local: {mountPath: "\(folder.path)/repository"}}}
            """)
        return Upkeep(
            repositories: RepositoryPool(resources: resources, secrets: SecretSource(resources: resources)), grace: .zero,
            logger: Logger(label: "test", handler: lines))
    }

    private func repository(_ folder: TemporaryFolder, named name: String = "disk") -> Repository {
        Repository(
            metadata: ObjectMeta(name: name, namespace: "demo"),
            spec: .init(backend: Backend(.local(.init(mountPath: "\(folder.path)/repository")))))
    }

    @Test func garbageIsCollectedOnAnotherThreadAndErrorsAreLoggedAlone() throws {
        let folder = try TemporaryFolder()
        let lines = Lines()
        let upkeep = try upkeep(folder, lines)
        // There is none yet.
        upkeep.request(repository(folder))
        #expect(lines.wait(for: 1) == ["garbage was not collected"])
        let store = try LocalStore(try folder.makeFolder("repository"))
        _ = try OpenRepository.create(store, protection: .none, now: Date())
        // Too soon, then in time.
        upkeep.request(repository(folder))
        upkeep.request(repository(folder), at: .now + .seconds(3601))
        #expect(lines.wait(for: 2) == ["garbage was not collected", "garbage was collected"])
    }
}
