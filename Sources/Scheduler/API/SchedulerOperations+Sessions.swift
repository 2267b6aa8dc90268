import AMQP
import API
import Crypto
import Manifests
import Messages
import Runtime

extension SchedulerOperations {
    private var board: PlanBoard { PlanBoard(folder: folder, ledger: ledger, pauses: pauses, schedules: schedules) }

    func plans() async throws(Problem) -> [Plan] {
        try await attempt("listing plans") { try await board.plans(only: nil, at: .now()) }
    }

    func plan(namespace: String, name: String) async throws(Problem) -> Plan {
        try await attempt("looking at a plan") {
            var found: [Plan] = []
            for kind in Self.kinds {
                found += try await board.plans(only: PlanName(kind: kind, namespace: namespace, name: name), at: .now())
            }
            guard let plan = found.first else { throw noPlan(namespace, name) }
            guard found.count == 1 else { throw ambiguous(namespace, name) }
            return plan
        }
    }

    func nextRuns(namespace: String, name: String, count: Int) async throws(Problem) -> [Timestamp] {
        try await attempt("counting next runs") {
            let configuration = try await backupPlan(namespace, name)
            guard (1...100).contains(count) else { throw Problem(.invalid, "count is \(count); give 1 to 100") }
            var book = ScheduleBook()
            do {
                try book.take(configuration)
            } catch {
                throw Problem(.conflict, "the schedule of \(configuration.planName.key) cannot be followed: \(error)")
            }
            var runs: [Timestamp] = []
            while runs.count < count, let next = book.nextRun(of: configuration.planName, after: runs.last ?? .now()) {
                runs.append(next)
            }
            return runs
        }
    }

    func pause(namespace: String, name: String, by actor: Actor) async throws(Problem) {
        try await attempt("pausing a plan") {
            let plan = try await backupPlan(namespace, name).planName
            if pauses[plan] == nil { try pauses.set(Plan.Pause(by: actor.name, at: .now()), of: plan) }
            log("pause", "\(namespace)/\(name)", by: actor)
        }
    }

    func resume(namespace: String, name: String, by actor: Actor) async throws(Problem) {
        try await attempt("resuming a plan") {
            // A pause outlives its plan, and is taken back without it too.
            let paused = Self.kinds.map { PlanName(kind: $0, namespace: namespace, name: name) }.filter { pauses[$0] != nil }
            guard paused.count <= 1 else { throw ambiguous(namespace, name) }
            for plan in paused { try pauses.set(nil, of: plan) }
            if !paused.isEmpty { log("resume", "\(namespace)/\(name)", by: actor) }
            if !paused.isEmpty, try await isGone(namespace, name) { return }
            let plan = try await backupPlan(namespace, name)
            // Still paused without the API's pause: the manifest says so itself.
            if plan.isPaused {
                throw Problem(.conflict, "the manifest of \(plan.planName.key) says paused: true; apply it without")
            }
        }
    }

    private func isGone(_ namespace: String, _ name: String) async throws(Problem) -> Bool {
        do throws(Problem) {
            _ = try await backupPlan(namespace, name)
            return false
        } catch {
            guard error.code == .notFound else { throw error }
            return true
        }
    }

    func startBackup(namespace: String, name: String, key: String?, by actor: Actor) async throws(Problem) -> SessionID {
        try await attempt("starting a backup") {
            let factory = SessionFactory(resources: await folder.resources(), now: .now())
            let kind = try await backupPlan(namespace, name).planName.kind
            let made = try factory.plan(namespace: namespace, name: name, kind: kind.rawValue, key: try Self.key(key))
            return try await start(made, "backup \(namespace)/\(name)", by: actor)
        }
    }

    func sessions(_ query: SessionQuery) async throws(Problem) -> SessionPage {
        try await attempt("listing sessions") {
            guard (1...500).contains(query.limit) else { throw Problem(.invalid, "limit is \(query.limit); give 1 to 500") }
            var filter = Ledger.Filter()
            (filter.kind, filter.namespace, filter.invokerName) = (query.kind, query.namespace, query.plan)
            filter.phases = query.phase.map { [$0] } ?? []
            if let cursor = query.cursor {
                let words = cursor.split(separator: "-", maxSplits: 1)
                guard words.count == 2, let time = Int(words[0]), (0...253_402_300_799_999).contains(time) else {
                    throw Problem(.invalid, "the cursor is not one that a page's next gave")
                }
                filter.after = (Timestamp(milliseconds: time), String(words[1]))
            }
            let found = try await ledger.sessions(limit: query.limit + 1, filter: filter)
            let page = found.prefix(query.limit)
            let next = found.count > page.count ? page.last.map { "\($0.createdAt.milliseconds)-\($0.id)" } : nil
            return SessionPage(sessions: page.compactMap { SessionSummary($0) }, next: next)
        }
    }

    func session(_ id: SessionID) async throws(Problem) -> SessionDetail {
        let found = try await attempt("looking at a session") { try await detail(of: id) }
        guard let found else {
            throw Problem(.notFound, "there is no session \(id) in the ledger; list them with GET /v1/sessions")
        }
        return found
    }

    /// Of a batch's session the whole.
    private func detail(of id: SessionID) async throws -> SessionDetail? {
        let batch = try await ledger.batch(id.text)
        if let batch { return SessionDetail(batch) }
        let session = try await ledger.session(id.text)
        guard let session else { return nil }
        return SessionDetail(session, indices: try await ledger.indices(of: id.text))
    }

    func cancel(_ id: SessionID, reason: String?, by actor: Actor) async throws(Problem) {
        try await attempt("cancelling a session") {
            guard (reason?.utf8.count ?? 0) <= 500 else { throw Problem(.invalid, "the reason has more than 500 bytes") }
            let kind = try await session(id).session.kind
            let role: Role = kind == .backup ? .operator : .restorer
            guard actor.may(role) else {
                throw Problem(.forbidden, "the cancel of a \(kind.rawValue) needs the role \(role.rawValue)")
            }
            log("cancel", id.text, by: actor)
            let request = CancelRequest(session: id, reason: reason ?? "cancelled by \(actor.name)")
            switch try await SessionCancel(ledger: ledger, starter: starter).order(request) {
            case .refused(let code, let message): throw Problem(refusal: code, message)
            case nil:
                throw Problem(.conflict, "the ledger knows session \(id) by its events only; cancel it with: sheaf cancel \(id)")
            default: break
            }
        }
    }

    func planRestore(_ restore: RestoreSession) async throws(Problem) -> RestorePlan {
        try await attempt("planning a restore") { try await preview(restore) }
    }

    func startRestore(
        _ restore: RestoreSession, planHash: String, key: String?, by actor: Actor
    ) async throws(Problem) -> SessionID {
        try await attempt("starting a restore") {
            let factory = SessionFactory(resources: await folder.resources(), now: .now())
            let made = try factory.restore(restore, key: try Self.key(key), planHash: planHash)
            // What was started under this key is told, though the world has changed since, by the restore itself.
            if key != nil, let id = made.session, try await ledger.session(id.text)?.identity != nil {
                return try await start(made, "restore \(restore.key)", by: actor)
            }
            // The worker that begins it looks again: this one tells whoever asks at once.
            let plan = try await preview(restore)
            guard plan.planHash == planHash else {
                // The same request may have started it meanwhile, and so changed what is there.
                if let id = made.session, try await ledger.session(id.text)?.identity != nil { return id }
                let problems = plan.preview.problems.joined(separator: "; ")
                throw Problem(
                    .changed,
                    problems.isEmpty
                        ? "what the restore would do is not what was planned under this hash; plan again and look at it"
                        : "the restore would be refused: \(problems)")
            }
            return try await start(made, "restore \(restore.key)", by: actor)
        }
    }

    private func preview(_ restore: RestoreSession) async throws -> RestorePlan {
        let resources = await folder.resources()
        guard resources.repository(restore.repositoryKey) != nil else {
            throw Problem(.notFound, "there is no \(restore.repositoryKey); apply it, or name another in spec.repository")
        }
        guard resources.appBinding(restore.targetKey) != nil else {
            throw Problem(.notFound, "there is no \(restore.targetKey); apply it, or name another in spec.target.ref")
        }
        guard case .restorePlan(let preview) = try await inquiry.ask(.restorePlan(manifest: restore)) else {
            throw Problem.unexpectedAnswer
        }
        return try RestorePlan(preview, of: restore)
    }

    private func start(_ made: SessionFactory.Made, _ object: String, by actor: Actor) async throws -> SessionID {
        guard isConnected() else {
            throw Problem(.unavailable, "the Scheduler has no connection to the broker; nothing was started")
        }
        let reply: Reply
        do {
            reply = try await starter.start(made)
        } catch let error as AMQPError {
            // It stands in the ledger, and is published once the broker takes it.
            guard let id = made.session, try await ledger.isWaiting(id.text) else { throw error }
            reply = .accepted(session: id)
        }
        switch reply {
        case .accepted(let session), .acceptedBatch(let session, _):
            log("start", "\(object): \(session)", by: actor)
            return session
        case .refused(let code, let message): throw Problem(refusal: code, message)
        default: throw Problem(.failed, "\(object) could not be started")
        }
    }

    private static func key(_ given: String?) throws -> SessionFactory.Key {
        guard let given else { return .event(source: "/sheaf/api", id: try randomBytes(16).hex) }
        guard (1...200).contains(given.utf8.count), given.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Problem(
                .invalid, "the Idempotency-Key has to be 1 to 200 visible characters of ASCII; it has \(given.utf8.count) bytes")
        }
        return .given(given)
    }

    private static var kinds: [ResourceKind] { [.backupConfiguration, .backupBatch] }

    private func backupPlan(_ namespace: String, _ name: String) async throws(Problem) -> any BackupPlan {
        let resources = await folder.resources()
        let found = Self.kinds.compactMap { resources.plan(PlanName(kind: $0, namespace: namespace, name: name)) }
        guard let plan = found.first else { throw noPlan(namespace, name) }
        guard found.count == 1 else { throw ambiguous(namespace, name) }
        return plan
    }

    private func ambiguous(_ namespace: String, _ name: String) -> Problem {
        Problem(
            .conflict,
            "there are a BackupConfiguration and a BackupBatch \(namespace)/\(name), which one path cannot tell apart; rename one,"
                + " or use: sheaf backup \(name) --kind KIND")
    }

    private func noPlan(_ namespace: String, _ name: String) -> Problem {
        Problem(.notFound, "there is no BackupConfiguration or BackupBatch \(namespace)/\(name); list them with GET /v1/plans")
    }
}
