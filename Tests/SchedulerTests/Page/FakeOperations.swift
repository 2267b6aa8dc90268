import API
import Messages
import Runtime

/// Operations that remember what was asked of them, and answer from values.
final class FakeOperations: Operations {
    struct State {
        var calls: [String] = []
        var problem: Problem?
        var planProblems: [String] = []
        var planHash = "hash-1"
        var kind = SessionKind.backup
    }

    let state = Lock(State())
    let now = Timestamp(millisecondsSinceEpoch: 1_795_442_531_000)

    var calls: [String] { state.withLock { $0.calls } }

    private func note(_ call: String) throws(Problem) {
        let problem = state.withLock { state in
            state.calls.append(call)
            return state.problem
        }
        if let problem { throw problem }
    }

    func health() async throws(Problem) -> Health {
        Health(broker: true, manifestErrors: [], workersUp: 1, repositoriesDown: [], version: "1")
    }

    func plans() async throws(Problem) -> [Plan] {
        try note("plans")
        return [Plan(namespace: "shop", name: "orders", target: "shop/es", repository: "shop/local", health: .never)]
    }

    func plan(namespace: String, name: String) async throws(Problem) -> Plan {
        throw Problem(.notFound, "there is no plan \(namespace)/\(name)")
    }

    func nextRuns(namespace: String, name: String, count: Int) async throws(Problem) -> [Timestamp] { [] }

    func pause(namespace: String, name: String, by actor: Actor) async throws(Problem) {
        try note("pause \(namespace)/\(name) by \(actor.name)")
    }

    func resume(namespace: String, name: String, by actor: Actor) async throws(Problem) {
        try note("resume \(namespace)/\(name) by \(actor.name)")
    }

    func startBackup(namespace: String, name: String, key: String?, by actor: Actor) async throws(Problem) -> SessionID {
        try note("backup \(namespace)/\(name) \(key ?? "without a key") by \(actor.name)")
        return try id("b1")
    }

    func sessions(_ query: SessionQuery) async throws(Problem) -> SessionPage {
        try note("sessions \(query.phase?.rawValue ?? "any") \(query.plan ?? "any")")
        return SessionPage(sessions: [], next: nil)
    }

    func session(_ id: SessionID) async throws(Problem) -> SessionDetail {
        let session = SessionSummary(
            id: id.text, kind: state.withLock { $0.kind }, name: "orders-1", namespace: "shop",
            invoker: Invoker(kind: "BackupConfiguration", name: "orders"), repository: "local", target: "es", phase: .running,
            requestedAt: now)
        return SessionDetail(session: session, indices: [], conditions: [])
    }

    func cancel(_ id: SessionID, reason: String?, by actor: Actor) async throws(Problem) {
        try note("cancel \(id) \(reason ?? "without a reason") by \(actor.name)")
    }

    func repositories() async throws(Problem) -> [RepositoryView] {
        [RepositoryView(namespace: "shop", name: "local", location: "/backups", plans: ["shop/orders"])]
    }

    func snapshots(namespace: String, repository: String) async throws(Problem) -> [SnapshotSummary] { [] }

    func snapshot(_ id: SnapshotID, namespace: String, repository: String) async throws(Problem) -> SnapshotSummary {
        SnapshotSummary(
            id: id, repository: repository, namespace: namespace, target: "es",
            invoker: Invoker(kind: "BackupConfiguration", name: "orders"), time: now, indices: [])
    }

    func planRestore(_ restore: RestoreSession) async throws(Problem) -> RestorePlan {
        try note("plan \(restore.targetKey) \(restore.spec.task?["prefix"] ?? "")")
        let (problems, hash) = state.withLock { ($0.planProblems, $0.planHash) }
        let index = RestorePreview.Index(name: "orders", targetName: "new-orders", documents: 7, bytes: 70, action: "create")
        guard let snapshot = restore.rule?.snapshots.first.flatMap({ SnapshotID($0) }) else {
            throw Problem(.invalid, "no snapshot")
        }
        let preview = RestorePreview(
            snapshot: snapshot, target: "es", indices: [index], objects: [], notes: [], problems: problems)
        return RestorePlan(preview: preview, planHash: problems.isEmpty ? hash : nil)
    }

    func startRestore(
        _ restore: RestoreSession, planHash: String, key: String?, by actor: Actor
    ) async throws(Problem) -> SessionID {
        try note("restore \(restore.targetKey) \(planHash) by \(actor.name)")
        guard planHash == state.withLock({ $0.planHash }) else { throw Problem(.changed, "the plan has changed") }
        return try id("e5")
    }

    func targets() async throws(Problem) -> [String] { ["shop/es"] }

    func check(namespace: String, name: String) async throws(Problem) -> ClusterReport {
        throw Problem(.notFound, "there is no AppBinding \(namespace)/\(name)")
    }

    func workers() async throws(Problem) -> [WorkerView] { [] }

    func queues() async throws(Problem) -> [QueueView] { [] }

    private func id(_ text: String) throws(Problem) -> SessionID {
        guard let id = SessionID(text) else { throw Problem(.failed, "\(text) is no session id") }
        return id
    }
}
