import AMQP
import Archive
import Crypto
import Elasticsearch
import FoundationEssentials
import Messages
import Runtime
import Sessions
import Snapshots

/// Carries out what the session protocol asks for, for one delivery: engine and store behind the names of `Handling.Work`.
///
/// Blocking; lives on one thread of a slot.
final class SessionEffects {
    let parts: WorkerParts
    let command: SessionCommand
    let repository: OpenRepository
    let journal: any Journal
    private let spool: Spool
    let isOurs: @Sendable () -> Bool
    /// Whether the message may be begun again, and whether its session may be ended with the engine's help.
    let endurance: Endurance
    private var openedClient: ElasticsearchClient?
    /// When `waitTimeout` is over; nil before anything was waited for.
    var waitEnd: ContinuousClock.Instant?
    /// As the plan has it, so that no unit asks the cluster what it can do.
    private var capabilities: ClusterCapabilities? {
        didSet { if let capabilities { openedClient?.adopt(capabilities) } }
    }
    /// Where the unit at hand begins.
    private let unitCursor: String?
    /// Reports the unit at work: documents, bytes, stored bytes.
    var report: (Int, Int, Int) -> Void = { _, _, _ in }

    init(
        _ parts: WorkerParts, command: SessionCommand, repositoryID: RepositoryID?, endurance: Endurance,
        unitCursor: String? = nil, isOurs: @escaping @Sendable () -> Bool
    ) throws {
        self.unitCursor = unitCursor
        self.parts = parts
        self.command = command
        self.endurance = endurance
        self.isOurs = isOurs
        spool = parts.spool.share(of: command)
        repository = try parts.repositories.open(
            command.repository, for: command.kind == .backup ? .writing : .reading,
            creating: command.kind == .backup && repositoryID == nil)
        if let repositoryID, repositoryID.text != repository.id {
            throw WorkerError(
                .missingHere,
                "\(command.repository.key) is repository \(repository.id) on this worker, the session began in \(repositoryID): "
                    + "is \(repository.store.location) the same shared folder on all workers?")
        }
        switch command.kind {
        case .backup: journal = ArchiveJournal(store: repository.store, session: command.id)
        case .restore:
            let client = try Self.makeClient(parts, command, isOurs)
            openedClient = client
            journal = TargetJournal(client: client, session: command.id)
        }
    }

    /// Made when it is first needed: a backup's journal can be reached without the cluster, and can say that the cluster cannot.
    var client: ElasticsearchClient {
        get throws {
            if let openedClient { return openedClient }
            let client = try Self.makeClient(parts, command, isOurs)
            if let capabilities { client.adopt(capabilities) }
            openedClient = client
            return client
        }
    }

    /// - Throws: whatever the engine, the store or the rules object to; `FailureKind` tells what that means for the message.
    func perform(_ work: Handling.Work, begin: BeginEntry?, plan: PlanEntry?) throws -> Handling.Reply {
        if capabilities == nil, let text = plan?.cluster { capabilities = ClusterCapabilities(text: text) }
        switch work {
        case .plan:
            try refuseIfGivenUp()
            try waitForCluster(begin)
            return .planned(try self.plan(begin))
        case .run(let action, let begin, let end):
            if end == nil {
                try refuseIfGivenUp()
                try waitForCluster(begin)
            }
            return .ran(try run(action, begin: begin, end))
        case .prepare(let plan):
            try refuseIfGivenUp()
            if command.kind == .restore { try restore.prepare(plan) }
            return .prepared
        case .openView(let slice):
            try refuseIfGivenUp()
            return .opened(try openView(slice, plan: plan))
        case .closeView(let view):
            if !endurance.finishesBlindly { close(view) }
            return .closed
        case .dropIndices(let plan):
            if !endurance.finishesBlindly { try restore.drop(plan) }
            return .dropped
        case .transfer(let slice, let position, let view):
            try refuseIfGivenUp()
            return try transfer(slice, position, view, begin: begin, plan: plan)
        case .compose(let plan, let epochs):
            try refuseIfGivenUp()
            return .composed(try compose(plan, epochs: epochs, begin: begin))
        case .finish(let outcome, let begin, let plan): return .finished(try finish(outcome, begin: begin, plan: plan))
        }
    }

    /// A restore that has come to its end reads its snapshot no more. Where its pin cannot be taken away, that ends by itself.
    func release(with publications: [Handling.Publication]) {
        let isFinal = publications.contains { if case .final = $0 { true } else { false } }
        guard command.kind == .restore, isFinal else { return }
        do {
            try Pins(repository.store).release(name: command.id.text)
        } catch {
            parts.logger.info(
                "the pin of a restore stays until it ends by itself",
                metadata: ["session": .string(command.id.text), "reason": .string(error.message)])
        }
    }

    private var restore: RestoreEffects {
        get throws {
            RestoreEffects(
                parts: parts, session: command.id, client: try client, store: repository.store, spool: spool, journal: journal)
        }
    }

    private func refuseIfGivenUp() throws {
        guard endurance.isGivenUp else { return }
        throw WorkerError(
            .refused, "a message of this session was handed out again and again and never finished: see the workers' logs")
    }

    private func plan(_ begin: BeginEntry?) throws -> PlanEntry {
        switch command.kind {
        case .backup:
            try BackupPlanner(
                client: try client, settings: parts.settings,
                objects: ObjectDumper(
                    client: try client, store: repository.store, spool: spool, session: command.id)
            ).plan(command)
        case .restore: try restore.plan(command, deadline: begin?.deadline ?? .now() + .seconds(command.allowedSeconds))
        }
    }

    private func openView(_ slice: Slice, plan: PlanEntry?) throws -> ViewEntry {
        guard let plan else { throw WorkerError(.refused, "a view was asked for without a plan") }
        return try ViewOpener(client: try client, query: plan.query).open(slice, of: plan.indices[slice.index])
    }

    /// A view that cannot be closed expires by itself: not worth a session.
    private func close(_ view: ViewEntry) {
        do {
            guard view.scrolls != true else {
                // A scroll is known to its units alone, by their cursors.
                if let scroll = unitCursor.flatMap({ ScrollCursor(text: $0) }) { try client.clearScroll(scroll.scroll) }
                return
            }
            try client.closePointInTime(PointInTime(view))
        } catch {
            parts.logger.info("a point in time could not be closed and will expire", metadata: ["error": .string("\(error)")])
        }
    }

    private func transfer(
        _ slice: Slice, _ position: UnitPosition, _ view: ViewEntry?, begin: BeginEntry?, plan: PlanEntry?
    ) throws -> Handling.Reply {
        guard let plan, plan.indices.indices.contains(slice.index) else { throw WorkerError(.refused, "a unit without its plan") }
        let guardian = UnitGuard(
            settings: parts.settings, deadline: begin?.deadline, journal: journal, isDraining: { [parts] in parts.isDraining },
            isOurs: isOurs, isHinted: { [parts, command] in parts.endedSessions.take(command.id) })
        guard let view else {
            return .transferred(
                try restore.load(
                    slice, position, of: plan, guardian: guardian,
                    makeClient: { [parts, command, isOurs] in try Self.makeClient(parts, command, isOurs) }, report: report))
        }
        let unit = DumpUnit(
            client: try client, store: repository.store, spool: spool, settings: parts.settings, pageSizes: parts.pageSizes,
            logger: parts.logger, report: report)
        switch try unit.run(plan: plan, slice: slice, position: position, view: view, guardian: guardian) {
        case .part(let part): return .transferred(part)
        case .viewGone: return .viewGone
        }
    }

    private func compose(_ plan: PlanEntry, epochs: [Int], begin: BeginEntry?) throws -> OutcomeEntry.Commit {
        guard let begin else { throw WorkerError(.refused, "a session was to be committed that never began") }
        guard command.kind == .backup else { return try restore.compose(plan, of: command, begin: begin) }
        return try SnapshotComposer(store: repository.store, spool: spool, journal: journal)
            .compose(command, begin: begin, plan: plan, epochs: epochs)
    }

    /// - Throws: only what a repetition may mend; what it cannot becomes a Failed final entry.
    private func finish(_ outcome: OutcomeEntry, begin: BeginEntry, plan: PlanEntry?) throws -> FinalEntry {
        var failures: [OutcomeEntry.Abort] = []
        var notes: [String] = []
        switch outcome.verdict {
        case .abort(let abort): failures.append(abort)
        case .commit(let commit):
            if let partly = OutcomeEntry.Abort(partOf: commit, command.kind) { failures.append(partly) }
        }
        do {
            notes = try rest(outcome, plan)
        } catch  where FailureKind(error) == .permanent {
            failures.append(OutcomeEntry.Abort(condition: "RestoreFailed", message: "\(error)"))
        }
        return try final(outcome, begin: begin, plan: plan, failures: failures, notes: notes)
    }

    /// Brings the engine to rest. - Returns: what had to be left out.
    private func rest(_ outcome: OutcomeEntry, _ plan: PlanEntry?) throws -> [String] {
        guard let plan else { return [] }
        switch (command.kind, outcome.isCommit) {
        case (.restore, _) where endurance.finishesBlindly:
            throw WorkerError(
                .refused,
                "ending the session killed workers again and again, so its indices were left as they are: look at "
                    + plan.indices.map(\.targetName).joined(separator: ", "))
        case (.restore, true): return try restore.settle(plan)
        case (.restore, false): try restore.drop(plan)
        // A slice that is done has no view any more.
        case (.backup, false) where !endurance.finishesBlindly:
            try ViewCloser(journal: journal, logger: parts.logger, isCancelled: { [isOurs] in !isOurs() }).close(plan) {
                try client
            }
        case (.backup, _): break
        }
        return []
    }

    private func final(
        _ outcome: OutcomeEntry, begin: BeginEntry, plan: PlanEntry?, failures: [OutcomeEntry.Abort], notes: [String]
    ) throws -> FinalEntry {
        let now = Timestamp.now()
        let results = try plan.map { plan in
            if case .commit(let commit) = outcome.verdict { return SessionResults(commit, plan: plan) }
            return try SessionResults(journal: journal, plan: plan)
        }
        var conditions = ((plan?.notes ?? []) + notes).map {
            Condition(type: "Note", reason: "LeftOut", message: $0, lastTransitionTime: now)
        }
        conditions += failures.map { $0.condition(at: now) }
        conditions += try RefusalConditions(command, outcome, plan, journal).conditions(at: now)
        if command.kind == .backup, outcome.isCommit,
            let retention = PlanRetention(store: repository.store, command: command, memory: parts.catalogMemory)
                .condition(isGivenUp: endurance.finishesBlindly)
        {
            conditions.append(retention)
        }
        var snapshot = plan?.snapshot
        if command.kind == .backup, outcome.isCommit { snapshot = SnapshotID(startedAt: begin.startedAt, session: command.id) }
        let status = StatusEvent(
            of: command, phase: failures.isEmpty ? .succeeded : .failed, source: .final, startedAt: begin.startedAt,
            finishedAt: now, snapshot: snapshot, indices: results?.indices ?? [], conditions: conditions,
            error: failures.isEmpty ? nil : failures.map(\.message).joined(separator: "; then: "),
            partsByWorker: results?.partsByWorker ?? [:])
        return FinalEntry(nonce: try Nonce.make(), status: status)
    }
}
