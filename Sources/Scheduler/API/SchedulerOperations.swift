import AMQP
import API
import Bus
import Crypto
import Manifests
import Messages
import Runtime

/// The operations as a Scheduler carries them out: by its ledger and resources, and by asking workers for the rest.
struct SchedulerOperations: Operations {
    let folder: ResourceFolder
    let ledger: Ledger
    let starter: SessionStarter
    let inquiry: WorkerInquiry
    let pauses: PauseFile
    let schedules: Lock<[PlanName: ScheduleBook.Summary]>
    let queueStates: Lock<[BrokerConnection.QueueState]>
    let isConnected: @Sendable () -> Bool
    let version: String
    let logger: Logger

    /// Turns whatever goes wrong into a problem that says so; what only this program's user can mend is logged too.
    func attempt<Result>(_ work: String, _ body: () async throws -> Result) async throws(Problem) -> Result {
        do {
            return try await body()
        } catch let problem as Problem {
            throw problem
        } catch let error as InquiryError {
            throw Problem(error)
        } catch let error as AMQPError {
            throw Problem(.unavailable, "the broker cannot be used: \(error.message)")
        } catch is CancellationError {
            throw Problem(.unavailable, "the Scheduler is stopping; ask again in a moment")
        } catch {
            logger.error("a request failed", metadata: ["work": .string(work), "error": .string("\(error)")])
            throw Problem(.failed, "\(work) failed: \(error)")
        }
    }

    func log(_ action: String, _ object: String, by actor: Actor) {
        logger.notice(
            "ordered by HTTP", metadata: ["action": .string(action), "object": .string(object), "actor": .string(actor.name)])
    }

    func health() async throws(Problem) -> Health {
        try await attempt("looking at the health") {
            let now = Timestamp.now()
            let surroundings = try await ledger.surroundings(of: [], at: now)
            _ = await folder.resources()
            return Health(
                broker: isConnected(),
                manifestErrors: (await folder.isReadable ? [] : ["the folder of manifests cannot be read; the last ones stay"])
                    + (await folder.reported.filter { $0.severity == .error }.map(\.description)),
                workersUp: surroundings.workers.count { WorkerView(heartbeat: $0.heartbeat, heardAt: $0.at, now: now).isUp },
                repositoriesDown: surroundings.repositories.filter { !$0.isUp }.map { "\($0.namespace)/\($0.name)" },
                version: version)
        }
    }

    func repositories() async throws(Problem) -> [RepositoryView] {
        try await attempt("listing repositories") {
            let resources = await folder.resources()
            let known = try await ledger.repositories()
            return resources.repositories.map(\.value).map { repository in
                let key = repository.key
                var view = RepositoryView(
                    namespace: key.namespace, name: key.name, location: repository.spec.backend.provider.location,
                    plans: resources.plans.filter { $0.repositoryKey == key }
                        .map { "\($0.metadata.namespace)/\($0.metadata.name)" })
                if let told = known.first(where: { $0.namespace == key.namespace && $0.name == key.name }) {
                    (view.isUp, view.checkedAt, view.status) = (told.isUp, told.checkedAt, told.event?.status)
                }
                return view
            }
        }
    }

    func targets() async throws(Problem) -> [String] {
        await folder.resources().appBindings.map { "\($0.value.metadata.namespace)/\($0.value.metadata.name)" }
    }

    func workers() async throws(Problem) -> [WorkerView] {
        try await attempt("listing workers") {
            let now = Timestamp.now()
            return try await ledger.surroundings(of: [], at: now).workers.map {
                WorkerView(heartbeat: $0.heartbeat, heardAt: $0.at, now: now)
            }
        }
    }

    func queues() async throws(Problem) -> [QueueView] {
        queueStates.withLock { $0 }.map { QueueView(name: $0.name, messages: $0.messages, consumers: $0.consumers) }
    }

    func snapshots(namespace: String, repository name: String) async throws(Problem) -> [SnapshotSummary] {
        try await attempt("listing snapshots") {
            let repository = try await repository(namespace, name)
            guard case .snapshots(let summaries) = try await inquiry.ask(.snapshots(repository: repository)) else {
                throw Problem.unexpectedAnswer
            }
            return summaries.sorted { $0.time > $1.time }
        }
    }

    func snapshot(
        _ id: SnapshotID, namespace: String, repository name: String
    ) async throws(Problem) -> SnapshotSummary {
        try await attempt("looking at a snapshot") {
            let repository = try await repository(namespace, name)
            guard case .snapshot(let summary) = try await inquiry.ask(.snapshot(repository: repository, id: id)) else {
                throw Problem.unexpectedAnswer
            }
            return summary
        }
    }

    func check(namespace: String, name: String) async throws(Problem) -> ClusterReport {
        try await attempt("checking a cluster") {
            guard await folder.resources().appBinding(name, in: namespace) != nil else {
                throw Problem(.notFound, "there is no AppBinding \(namespace)/\(name); apply one")
            }
            guard case .check(let report) = try await inquiry.ask(.check(namespace: namespace, name: name)) else {
                throw Problem.unexpectedAnswer
            }
            return report
        }
    }

    private func repository(_ namespace: String, _ name: String) async throws(Problem) -> Repository {
        let resources = await folder.resources()
        guard let repository = resources.repository(name, in: namespace)?.value else {
            let known = resources.repositories.map { "\($0.value.metadata.namespace)/\($0.value.metadata.name)" }
            throw Problem(
                .notFound,
                "there is no Repository \(namespace)/\(name); "
                    + (known.isEmpty ? "none is applied yet" : "choose of: \(known.joined(separator: ", "))"))
        }
        return repository
    }
}

extension Problem {
    static let unexpectedAnswer = Problem(
        .failed, "a worker answered something else than was asked: are all programs of one version?")

    init(_ error: InquiryError) {
        switch error.code {
        case .noBroker: self.init(.unavailable, error.message)
        case .noWorker: self.init(.unreachable, error.message)
        case .refused(let code): self.init(refusal: code, error.message)
        }
    }

    init(refusal code: RefusalCode, _ message: String) {
        switch code {
        case .invalid: self.init(.invalid, message)
        case .notFound: self.init(.notFound, message)
        case .refused: self.init(.conflict, message)
        case .unreachable: self.init(.unreachable, message)
        case .failed: self.init(.failed, message)
        }
    }
}

extension Backend.Provider {
    /// Where it is, for people, without anything secret.
    var location: String {
        switch self {
        case .local(let local): "folder " + ([local.mountPath] + [local.subPath].compactMap(\.self)).joined(separator: "/")
        case .s3(let s3): "s3 " + Self.path(s3.bucket, s3.prefix) + (s3.endpoint.map { " at \(Self.host(of: $0))" } ?? "")
        case .gcs(let gcs): "gcs " + Self.path(gcs.bucket, gcs.prefix)
        case .azure(let azure): "azure " + Self.path(azure.container, azure.prefix)
        case .swift(let swift): "swift " + Self.path(swift.container, swift.prefix)
        case .b2(let b2): "b2 " + Self.path(b2.bucket, b2.prefix)
        case .rest(let rest): "rest at \(Self.host(of: rest.url))"
        }
    }

    private static func path(_ bucket: String, _ prefix: String?) -> String {
        ([bucket] + [prefix].compactMap(\.self)).joined(separator: "/")
    }

    /// Without user and password, which a URL may hold.
    private static func host(of url: String) -> String {
        let rest = url.split(separator: "://", maxSplits: 1).last ?? ""
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        return String(authority.split(separator: "@").last ?? "")
    }
}
