import Archive
import Crypto
import Elasticsearch
import Messages
import Runtime
import Sessions
import Snapshots

/// What a restore asks for, step by step. Blocking.
struct RestoreEffects {
    let parts: WorkerParts
    let session: SessionID
    let client: ElasticsearchClient
    let store: RepositoryStore
    let spool: Spool
    let journal: any Journal

    private var target: RestoreTarget { RestoreTarget(client: client, session: session) }
    private var objects: ObjectRestorer { ObjectRestorer(client: client, store: store, session: session) }
    private var streams: StreamRestorer { StreamRestorer(client: client, session: session) }

    func plan(_ command: SessionCommand, deadline: Timestamp) throws -> PlanEntry {
        try RestorePlanner(client: client, store: store, settings: parts.settings, logger: parts.logger)
            .plan(command, deadline: deadline)
    }

    func prepare(_ plan: PlanEntry) throws {
        try RestorePreparation(client: client, store: store, manifests: parts.manifests, session: session)
            .run(plan, checkEnded: refuseIfEnded)
    }

    /// A slow duplicate must not make anew what an ended session has dropped.
    private func refuseIfEnded() throws {
        guard try journal.read([.outcome])[.outcome] == nil else { throw WorkerError(.sessionEnded, "the session was ended") }
    }

    func drop(_ plan: PlanEntry) throws {
        try streams.drop(plan)
        try target.drop(plan)
        try objects.drop(plan)
    }

    /// Loads a slice's next documents.
    ///
    /// - Parameter makeClient: a connection of its own for each that loads.
    func load(
        _ slice: Slice, _ position: UnitPosition, of plan: PlanEntry, guardian: UnitGuard,
        makeClient: @escaping @Sendable () throws -> ElasticsearchClient, report: @escaping (Int, Int, Int) -> Void
    ) throws -> PartEntry {
        let index = plan.indices[slice.index]
        guard let manifest = index.manifest, let id = Digest(hex: manifest) else {
            throw WorkerError(.refused, "the plan names no manifest for index \(index.name)")
        }
        var fence = target.loadAlias(slice.index)
        if let generation = index.stream {
            if position.cursor == nil { try streams.rollOver(to: generation, of: plan) }
            fence = streams.fence(slice.index)
        }
        let unit = LoadUnit(
            makeClient: makeClient, gate: parts.loadGates.gate(of: client.configuration.url), store: store, spool: spool,
            settings: parts.settings, logger: parts.logger, report: report)
        return try unit.run(
            plan: plan, slice: slice, position: position, fence: fence,
            segments: try parts.manifests.segments(of: id, in: store), guardian: guardian)
    }

    func compose(_ plan: PlanEntry, of command: SessionCommand, begin: BeginEntry) throws -> OutcomeEntry.Commit {
        let results = try SessionResults(journal: journal, plan: plan)
        let summary = SnapshotSummary(
            id: plan.snapshot ?? SnapshotID(startedAt: begin.startedAt, session: session),
            repository: command.repository.metadata.name, namespace: command.namespace, target: command.target.metadata.name,
            invoker: command.invoker, time: begin.startedAt, indices: results.summaries)
        return OutcomeEntry.Commit(summary: summary, manifests: [], partsByWorker: results.partsByWorker)
    }

    /// Each part of a restore is settled whatever becomes of the others.
    ///
    /// - Returns: what had to be left out.
    func settle(_ plan: PlanEntry) throws -> [String] {
        let documents = try SessionResults(journal: journal, plan: plan).indices.map(\.documents)
        let steps = [
            { try target.settle(plan, expected: documents) }, { try streams.settle(plan, expected: documents) },
            { try objects.settle(plan) },
        ]
        var notes: [String] = []
        var failures: [String] = []
        for step in steps {
            do {
                notes += try step()
            } catch  where FailureKind(error) == .permanent {
                failures.append("\(error)")
            }
        }
        guard failures.isEmpty else { throw WorkerError(.refused, failures.joined(separator: "; ")) }
        return notes
    }
}
