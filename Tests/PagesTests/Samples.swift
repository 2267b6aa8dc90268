import API
import Messages
import Pages
import Runtime

/// Values to make pages of: with much in them, with nothing, and with names that try to break out.
struct Samples {
    let now = Timestamp(millisecondsSinceEpoch: 1_795_442_531_000)
    /// Stands wherever a name from outside may.
    var name = "orders"
    var roles: Set<Role> = [.admin]
    var health = Health(broker: true, manifestErrors: [], workersUp: 2, repositoriesDown: [], version: "0.9.0")

    static let hostile = #""><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;javascript:alert(3)"#

    var frame: Frame {
        Frame(
            actor: Actor(name: name == "orders" ? "anna" : name, roles: roles), formToken: "form-token", formKey: "form-key",
            now: now, health: .success(health), version: "0.9.0")
    }

    func session(
        _ phase: Phase = .succeeded, kind: SessionKind = .backup, id: String = "4f0c2d", ago: Int64 = 4 * 3600
    ) -> SessionSummary {
        let start = now - .seconds(ago)
        var session = SessionSummary(
            id: id, kind: kind, name: "\(name)-1795442411", namespace: "shop",
            invoker: Invoker(kind: kind == .backup ? "BackupConfiguration" : "RestoreSession", name: name), repository: "local",
            target: name == "orders" ? "es" : name, phase: phase, requestedAt: start)
        session.startedAt = phase == .pending ? nil : start + .seconds(2)
        session.finishedAt = phase.isFinal ? start + .seconds(255) : nil
        session.totalDocuments = 1_336_776
        session.documents = phase == .succeeded ? 1_336_776 : phase == .pending ? 0 : 511_203
        session.bytes = session.documents * 410
        session.storedBytes = session.documents * 41
        if phase == .failed {
            session.error = "index \(name): shard 3: the point in time was lost four times; see circuit breakers of node es-2"
        }
        if phase == .succeeded { session.snapshot = snapshotID(ago: ago).text }
        return session
    }

    func detail(_ phase: Phase, kind: SessionKind = .backup) -> SessionDetail {
        let session = session(phase, kind: kind, ago: 180)
        let isPending = phase == .pending
        let figures = [(name, 1_000_000), ("\(name)-2026.11", 336_776), ("customers", 0), ("logs-2026.11.27-000001", 5_000)]
        let indices = figures.enumerated().map { number, figure in
            let done = phase == .succeeded ? figure.1 : number == 0 ? 511_203 : number == 3 ? 5_000 : 0
            return IndexResult(
                name: figure.0, expectedDocuments: figure.1, documents: done, bytes: done * 410, storedBytes: done * 41)
        }
        var detail = SessionDetail(
            session: session, indices: isPending ? [] : indices,
            conditions: isPending
                ? []
                : [
                    Condition(
                        type: "Note", reason: "Unsaved",
                        message: "\(name): security and transforms of the cluster are not saved", lastTransitionTime: now),
                    Condition(type: "RetentionPolicyApplied", reason: name, message: "kept 7", lastTransitionTime: now),
                ])
        detail.lastProgressAt = isPending ? nil : now - .seconds(4)
        detail.deadline = phase.isFinal ? nil : now + .seconds(86_000)
        if isPending { detail.waitsFor = "its target shop/\(name) is being restored by session 77aa" }
        if phase == .failed {
            detail.retryLeft = 2
            detail.nextRetry = now + .seconds(300)
        }
        return detail
    }

    func plan(_ health: Plan.Health, _ planName: String? = nil) -> Plan {
        let results: [Plan.DayResult] = [.succeeded, .succeeded, .mixed, .succeeded, .failed, .none]
        let days = (0..<30).map { number in
            Plan.Day(
                date: "2026-11-\(number < 9 ? "0" : "")\(number + 1)",
                result: health == .never ? .none : number % 11 == 4 ? results[number % 6] : .succeeded)
        }
        var plan = Plan(
            namespace: "shop", name: planName ?? name, target: "shop/es", repository: "shop/local", schedule: "0 2 * * *",
            isPaused: health == .paused, health: health, nextRun: now + .seconds(30_000), expectedIntervalSeconds: 86_400,
            lastSuccess: health == .never ? nil : session(id: "aa01"), consecutiveFailures: health == .failing ? 3 : 0, days: days
        )
        switch health {
        case .failing:
            plan.lastSession = session(.failed, id: "bb02")
            plan.problem = plan.lastSession?.error
        case .overdue: plan.problem = "Nothing succeeded for 2d3h; its schedule allows 1d6h."
        case .invalid: plan.problem = "Its Repository shop/\(name) is not among the resources."
        case .paused: plan.pause = Plan.Pause(by: name == "orders" ? "anna" : name, at: now - .seconds(90_000))
        case .healthy: plan.lastSession = session(.running, id: "cc03", ago: 90)
        case .never: break
        }
        return plan
    }

    var plans: [Plan] {
        [
            plan(.healthy), plan(.failing, "customers"), plan(.overdue, "logs-of-everything-eu-central"),
            plan(.paused, "metrics"),
            plan(.never, "search"), plan(.invalid, "broken"),
        ]
    }

    func snapshotID(ago: Int64) -> SnapshotID {
        guard let id = SessionID("4f0c2d") else { preconditionFailure("a plain id is one") }
        return SnapshotID(startedAt: now - .seconds(ago), session: id)
    }

    func snapshot(ago: Int64 = 4 * 3600, isPartial: Bool = false) -> SnapshotSummary {
        let indices = [name, "customers", "logs-2026.11.27-000001"].enumerated().map { number, index in
            SnapshotSummary.Index(
                name: index, shards: 3, documents: 445_592 / (number + 1), bytes: 182_000_000, storedBytes: 18_000_000,
                segments: 2,
                earliestView: now - .seconds(ago), latestView: now - .seconds(ago) + .milliseconds(1300))
        }
        var snapshot = SnapshotSummary(
            id: snapshotID(ago: ago), repository: "local", namespace: "shop", target: name == "orders" ? "es" : name,
            invoker: Invoker(kind: "BackupConfiguration", name: name), time: now - .seconds(ago), indices: indices)
        snapshot.objects = 14
        snapshot.tags = ["before-upgrade", name]
        snapshot.isKept = !isPartial
        if isPartial { snapshot.indices[0].missing = "12 documents of \(name) were lost when segment 3fa9 was damaged" }
        return snapshot
    }

    var snapshots: [SnapshotSummary] {
        [snapshot(), snapshot(ago: 90_000, isPartial: true), snapshot(ago: 180_000), snapshot(ago: 270_000)]
    }

    var source: RestoreSource {
        RestoreSource(snapshot: snapshot(), namespace: "shop", repository: "local", targets: ["shop/es", "test/\(name)"])
    }

    var choice: RestoreChoice {
        var choice = RestoreChoice()
        choice.indices = name
        choice.target = "test/\(name)"
        choice.prefix = "restored-"
        return choice
    }

    var preview: RestorePreview {
        RestorePreview(
            snapshot: snapshotID(ago: 14_400), target: name,
            indices: [
                RestorePreview.Index(
                    name: name, targetName: "restored-\(name)", documents: 445_592, bytes: 182_000_000, action: "create",
                    strippedSettings: ["index.creation_date", name], aliases: ["restored-current"]),
                RestorePreview.Index(
                    name: "logs-2026.11.27-000001", targetName: "restored-logs-2026.11.27-000001", dataStream: name,
                    documents: 5_000, bytes: 2_100_000, action: "overwrite"),
                RestorePreview.Index(name: "customers", targetName: "customers", documents: 9, bytes: 900, action: "skip"),
            ],
            objects: [
                RestorePreview.Object(kind: .indexTemplates, name: name, action: "create"),
                RestorePreview.Object(kind: .ingestPipelines, name: "geoip", action: "unsupported"),
            ],
            notes: ["\(name): its default pipeline is not run while it is restored"], problems: [])
    }

    var repository: RepositoryView {
        var view = RepositoryView(
            namespace: "shop", name: name == "orders" ? "local" : name, location: "s3 backups/\(name)", plans: ["shop/\(name)"])
        view.isUp = true
        view.checkedAt = now - .seconds(61)
        view.status = RepositoryStatus(
            firstBackupTime: now - .seconds(2_600_000), lastBackupTime: now - .seconds(14_400), size: 9_812_000_000,
            snapshotCount: 31,
            snapshotsRemovedOnLastCleanup: 1, integrity: true)
        return view
    }

    var workers: [WorkerView] {
        [("\(name)-w1", 3, 5), ("w2", 0, 4000)].map { worker, busy, ago in
            let heard = now - .seconds(ago)
            return WorkerView(
                heartbeat: WorkerHeartbeat(
                    worker: worker, version: "0.9.0", slots: 4, busy: busy, startedAt: now - .seconds(500_000), time: heard),
                heardAt: heard, now: now)
        }
    }

    var queues: [QueueView] {
        [
            QueueView(name: "sheaf.unit.\(name)", messages: 1_204, consumers: 2),
            QueueView(name: "sheaf.dead", messages: 0, consumers: 0),
        ]
    }

    /// Every view, by a name for its file.
    var pages: [(name: String, markup: Markup)] {
        var query = SessionQuery()
        query.phase = .failed
        query.plan = name
        query.cursor = name
        let listed = [
            session(.running, id: "1"), session(.pending, id: "2"), session(.failed, id: "3"), session(id: "4"),
            session(.skipped, id: "5"), session(kind: .restore, id: "6"),
        ]
        guard let restore = choice.restore(snapshot: source.snapshot.id, namespace: "shop", repository: "local") else {
            return []
        }
        return [
            ("login", LoginPage.page(formToken: "form-token", next: "/sessions?plan=\(name)", complaint: name)),
            ("home", HomePage.page(plans, frame)),
            ("sessions", SessionsPage.page(SessionPage(sessions: listed, next: name), query, frame)),
            ("session-pending", SessionDetailPage.page(detail(.pending), repository: repository, frame)),
            ("session-running", SessionDetailPage.page(detail(.running), repository: repository, frame)),
            ("session-succeeded", SessionDetailPage.page(detail(.succeeded), repository: repository, frame)),
            ("session-failed", SessionDetailPage.page(detail(.failed), repository: nil, frame)),
            ("session-restore", SessionDetailPage.page(detail(.running, kind: .restore), repository: repository, frame)),
            ("snapshots", SnapshotsPage.page(snapshots, namespace: "shop", repository: name, frame)),
            (
                "snapshot",
                SnapshotPage.page(
                    snapshot(isPartial: true), previous: Samples().snapshot(ago: 90_000), namespace: "shop", repository: name,
                    frame)
            ),
            ("restore-form", RestoreFormPage.page(source, choice, problems: ["index \(name) is there already"], frame)),
            ("restore-plan", RestorePlanPage.page(source, choice, restore, preview, hash: name, complaint: name, frame)),
            ("repositories", RepositoriesPage.page([repository], frame)), ("repository", RepositoryPage.page(repository, frame)),
            ("fleet", FleetPage.page(workers, queues, frame)),
            ("problem", ProblemPage.page(Problem(.notFound, "there is no session \(name)"), frame)),
        ]
    }

    /// Every view with nothing in it.
    var emptyPages: [(name: String, markup: Markup)] {
        var source = source
        source.targets = []
        source.snapshot.indices = []
        return [
            ("login-empty", LoginPage.page(formToken: "form-token", next: nil)), ("home-empty", HomePage.page([], frame)),
            ("sessions-empty", SessionsPage.page(SessionPage(sessions: [], next: nil), SessionQuery(), frame)),
            ("snapshots-empty", SnapshotsPage.page([], namespace: "shop", repository: "local", frame)),
            ("restore-empty", RestoreFormPage.page(source, RestoreChoice(), frame)),
            ("repositories-empty", RepositoriesPage.page([], frame)), ("fleet-empty", FleetPage.page([], [], frame)),
        ]
    }
}
