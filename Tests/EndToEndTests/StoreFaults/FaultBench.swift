import AMQP
import Archive
import Crypto
import Foundation
import Manifests
import Messages
import Runtime
import Sessions
import Snapshots
import Testing

@testable import Worker

/// A repository with some history, of which every run gets a copy of its own.
final class FaultBench {
    static let password = "password of the bench"

    let folder: String
    let stub: StubEngine
    /// What the history holds: the newest snapshot last.
    private(set) var history: [SnapshotID] = []
    private var runs = 0

    init(folder: String, stub: StubEngine) throws {
        self.folder = folder
        self.stub = stub
        try FileManager.default.createDirectory(atPath: template, withIntermediateDirectories: true)
        _ = try OpenRepository.create(
            try LocalStore(template), protection: .password(Sensitive(Self.password), KeyringCache()), now: Date(),
            cost: ScryptCost(logN: 10, r: 8, p: 1))
        for session in ["history-a", "history-b", "history-c"] {
            let run = try FaultRun(path: template, bench: self, fault: nil)
            let final = try #require(try run.backUp(session))
            #expect(final.phase == .succeeded, "\(final)")
            history.append(try #require(final.snapshot))
        }
        try age(template)
    }

    var template: String { "\(folder)/template" }
    var spools: String { "\(folder)/spools" }

    /// A copy of the template, with one fault.
    func makeRun(_ fault: (call: Int, fault: FaultStore.Fault)?) throws -> FaultRun {
        runs += 1
        let path = "\(folder)/run-\(runs)"
        try FileManager.default.copyItem(atPath: template, toPath: path)
        try age(path)
        return try FaultRun(path: path, bench: self, fault: fault)
    }

    /// Makes everything look as if it had been stored two days ago.
    func age(_ path: String) throws {
        let past = Date(timeIntervalSinceNow: -2 * 86_400)
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
            try FileManager.default.setAttributes([.modificationDate: past], ofItemAtPath: "\(path)/\(name)")
        }
    }
}

/// One copy of the repository, and what is done with it through a store that does one call wrongly.
final class FaultRun {
    let path: String
    let bench: FaultBench
    let store: FaultStore
    private let parts: WorkerParts
    /// What the faulty run and its repetition complained of, for messages.
    private(set) var errors: [String] = []

    /// - Parameter meanwhile: what others do while a call is delayed.
    init(path: String, bench: FaultBench, fault: (call: Int, fault: FaultStore.Fault)?) throws {
        self.path = path
        self.bench = bench
        let intruder = Intruder(path: path)
        let store = FaultStore(try LocalStore(path), fault: fault, meanwhile: { try intruder.run() })
        self.store = store
        let manifests = """
            {"apiVersion": "stash.appscode.com/v1alpha1", "kind": "Repository", "metadata": {"name": "disk", "namespace": "default"},
             "spec": {"backend": {"local": {"mountPath": "\(path)"}, "storageSecretName": "storage"}}}
            ---
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "storage", "namespace": "default"},
             "stringData": {"RESTIC_PASSWORD": "\(FaultBench.password)"}}
            ---
            {"apiVersion": "appcatalog.appscode.com/v1alpha1", "kind": "AppBinding", "metadata": {"name": "es", "namespace": "default"},
             "spec": {"type": "elasticsearch", "clientConfig": {"url": "\(bench.stub.url)"}}}
            """
        let resources = ResourceLoader().load(text: manifests, name: "bench.yaml").resources
        var settings = WorkerSettings(name: "w1")
        settings.unitBytes = 4 << 10
        settings.retryDelay = 0.001
        parts = WorkerParts(
            settings: settings, resources: resources,
            repositories: RepositoryPool(
                resources: resources, secrets: SecretSource(resources: resources), wrap: { _ in store }),
            secrets: SecretSource(resources: resources), spool: try Spool(in: bench.spools, limit: 1 << 28),
            // The broker's address is never used.
            broker: try BrokerAddress("amqp://nowhere.invalid"), logger: Logger(label: "bench", handler: SilentHandler()))
    }

    /// - Returns: nil where the session left no record: its store could not be read.
    func backUp(_ session: String) throws -> StatusEvent? {
        guard let id = SessionID(session), let target = parts.resources.appBindings.first?.value,
            let repository = parts.resources.repositories.first?.value
        else { throw WorkerError(.refused, "the bench has no target") }
        let configuration = BackupConfiguration(
            metadata: ObjectMeta(name: "nightly", namespace: "default"),
            spec: .init(target: .init(ref: TargetRef(name: "es")), repository: ObjectReference(name: "disk")))
        let drive = SessionDrive(
            parts,
            SessionCommand(
                kind: .backup, id: id, name: session, namespace: "default", requestedAt: .now(), target: target,
                repository: repository, configuration: configuration))
        let final = try drive.run()
        errors += drive.errors
        return final
    }

    /// The repository as the faulty store shows it.
    func open() throws -> OpenRepository { try Self.open(store) }

    /// The repository as it is.
    func openPlainly() throws -> OpenRepository { try Self.open(try LocalStore(path)) }

    static func open(_ store: any ObjectStore, _ password: String = FaultBench.password) throws -> OpenRepository {
        try OpenRepository.open(
            store, protection: .password(Sensitive(password), KeyringCache(freshness: .zero)), for: .writing)
    }

    /// Does a thing until it succeeds, as whoever it is to be done for would.
    func persist(_ body: (OpenRepository) throws -> Void) {
        for _ in 0..<3 {
            do {
                return try body(try open())
            } catch {
                errors.append("\(error)")
            }
        }
    }

    func verify() throws -> VerificationReport {
        try Verification(store: try openPlainly().store, mode: .full).run()
    }
}

/// What others do while one call is delayed: garbage is collected without any grace, and a key is added.
private struct Intruder: Sendable {
    let path: String

    func run() throws {
        let repository = try FaultRun.open(try LocalStore(path))
        _ = try Collector(repository.store, grace: .zero).run()
        _ = try KeyMaintenance(repository, cost: ScryptCost(logN: 10, r: 8, p: 1)).add(
            Sensitive("another password"), label: "intruder", now: Date())
    }
}

private struct SilentHandler: LogHandler {
    func log(_ record: LogRecord) {}
}
