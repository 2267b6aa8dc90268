package import Messages
package import Runtime

/// Which sessions to list; nil means any.
package struct SessionQuery: Sendable, Equatable {
    package var kind: SessionKind?
    package var phase: Phase?
    package var namespace: String?
    /// Name of the BackupConfiguration or RestoreSession.
    package var plan: String?
    /// 1 to 500.
    package var limit = 50
    package var cursor: String?

    package init() {}
}

/// What people and programs may ask and order by HTTP, in whichever form they get the answer: JSON or a page.
///
/// Every member throws `Problem`. Whoever calls has checked that the actor may.
package protocol Operations: Sendable {
    func health() async throws(Problem) -> Health
    func plans() async throws(Problem) -> [Plan]
    func plan(namespace: String, name: String) async throws(Problem) -> Plan
    /// The next runs of its schedule, at most 100, in UTC.
    func nextRuns(namespace: String, name: String, count: Int) async throws(Problem) -> [Timestamp]
    func pause(namespace: String, name: String, by actor: Actor) async throws(Problem)
    func resume(namespace: String, name: String, by actor: Actor) async throws(Problem)
    /// Starts a backup of a plan, paused or not.
    func startBackup(namespace: String, name: String, key: String?, by actor: Actor) async throws(Problem) -> SessionID
    func sessions(_ query: SessionQuery) async throws(Problem) -> SessionPage
    func session(_ id: SessionID) async throws(Problem) -> SessionDetail
    func cancel(_ id: SessionID, reason: String?, by actor: Actor) async throws(Problem)
    func repositories() async throws(Problem) -> [RepositoryView]
    /// By time, the newest first; asks a worker.
    func snapshots(namespace: String, repository: String) async throws(Problem) -> [SnapshotSummary]
    func snapshot(_ id: SnapshotID, namespace: String, repository: String) async throws(Problem) -> SnapshotSummary
    /// What a restore would do; asks a worker, writes nothing.
    func planRestore(_ restore: RestoreSession) async throws(Problem) -> RestorePlan
    /// - Parameter planHash: of the plan that was confirmed.
    func startRestore(
        _ restore: RestoreSession, planHash: String, key: String?, by actor: Actor
    ) async throws(Problem) -> SessionID
    /// Names of AppBindings, `NAMESPACE/NAME`: where a restore may go.
    func targets() async throws(Problem) -> [String]
    /// How a cluster fares; asks a worker.
    func check(namespace: String, name: String) async throws(Problem) -> ClusterReport
    func workers() async throws(Problem) -> [WorkerView]
    func queues() async throws(Problem) -> [QueueView]
}
