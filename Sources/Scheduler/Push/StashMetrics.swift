import Messages
import Runtime

/// A finished session, or a Repository, as the metrics that Stash pushes: each under its new name and under its older one.
///
/// Names, labels and what is told of a failure are those of `stash.appscode.dev/apimachinery`, `pkg/metrics`; docs/monitoring.md has the
/// table. Gauges that end in `_total` are Stash's too.
struct StashMetrics {
    /// The prefix of Stash's new names.
    static let prefix = "stash_appscode_com_"

    private(set) var families: [MetricFamily] = []

    private mutating func add(_ new: String, _ legacy: String, _ value: Double, _ labels: MetricsRegistry.Labels, _ help: String)
    {
        let sample = MetricFamily.Sample(labels: labels, value: value)
        for name in [Self.prefix + new, "stash_" + legacy] {
            if let known = families.firstIndex(where: { $0.name == name }) {
                families[known].samples.append(sample)
            } else {
                families.append(MetricFamily(name: name, help: help, samples: [sample]))
            }
        }
    }

    init() {}

    /// One target of a session.
    struct Target {
        /// Of a batch the member's.
        var session: LedgerSession
        /// What asked for it; nil where only its events are known, and the AppBinding's type, driver and alias are Stash's defaults.
        var command: SessionCommand?
        /// Names of the session's own.
        var indices: Set<String>
        /// Names of those in the backup that succeeded before.
        var earlierIndices: Set<String>
    }

    /// - Parameters:
    ///   - session: one that is Succeeded or Failed; of a batch the whole.
    ///   - targets: of a batch one for each member, else the session's own.
    init(_ session: LedgerSession, targets: [Target]) {
        guard let identity = session.identity else { return }
        let labels = SessionLabels(identity, targets.first?.command).session
        let (new, old) = Self.prefixes(of: identity.kind)
        let isSuccess = session.phase == .succeeded
        add(new + "success", old + "session_success", isSuccess ? 1 : 0, labels, "1 when the session succeeded, else 0.")
        if isSuccess {
            let seconds = session.duration?.seconds ?? 0
            add(new + "duration_seconds", old + "session_duration_seconds", seconds, labels, "How long the session took.")
            add(
                new + "target_count_total", old + "target_count_total", Double(targets.count), labels, "Targets of the session.")
            if identity.kind == .backup {
                let end = session.finishedAt?.secondsSinceEpoch ?? 0
                add(
                    new + "last_success_time_seconds", old + "last_success_time_seconds", end, labels,
                    "When the session ended.")
            }
        }
        for target in targets { add(target) }
    }

    private static func prefixes(of kind: SessionKind) -> (new: String, old: String) {
        kind == .backup ? ("backupsession_", "backup_") : ("restoresession_", "restore_")
    }

    private mutating func add(_ target: Target) {
        let session = target.session
        guard let identity = session.identity else { return }
        let labels = SessionLabels(identity, target.command)
        let isSuccess = session.phase == .succeeded
        let success = isSuccess ? 1.0 : 0
        let seconds = session.duration?.seconds ?? 0
        let (new, old) = Self.prefixes(of: identity.kind)
        let verb = identity.kind.rawValue
        add(new + "target_success", old + "target_success", success, labels.target, "1 when the target was done, else 0.")
        add("\(new)host_\(verb)_success", "\(old)host_\(verb)_success", success, labels.host, "1 when the host was done, else 0.")
        guard isSuccess else { return }
        add(new + "target_host_count_total", old + "target_host_count_total", 1, labels.target, "Hosts of the target.")
        add(
            "\(new)host_\(verb)_duration_seconds", "\(old)host_\(verb)_duration_seconds", seconds, labels.host,
            "How long the host took.")
        guard identity.kind == .backup else { return }
        let end = session.finishedAt?.secondsSinceEpoch ?? 0
        add(
            new + "target_last_success_time_seconds", old + "target_last_success_time_seconds", end, labels.target,
            "When the target was done.")
        add(
            new + "host_data_size_bytes", old + "host_data_size_bytes", Double(session.bytes), labels.host,
            "Bytes of documents read.")
        add(
            new + "host_data_uploaded_bytes", old + "host_data_uploaded_bytes", Double(session.storedBytes), labels.host,
            "Bytes stored in the repository.")
        add(
            new + "host_data_processing_time_seconds", old + "host_data_processing_time_seconds", seconds, labels.host,
            "How long reading and storing took.")
        // What restic counts as files are indices here. Every backup stores all documents of an index anew, so that none is unmodified.
        let (indices, added) = (target.indices, target.indices.subtracting(target.earlierIndices).count)
        for (state, count) in [("total", indices.count), ("new", added), ("modified", indices.count - added), ("unmodified", 0)] {
            add(
                "\(new)host_files_\(state)", "\(old)host_files_\(state)", Double(count), labels.host,
                "Indices of the backup: \(state).")
        }
    }

    init(_ event: RepositoryEvent, _ command: SessionCommand) {
        let identity = LedgerSession.Identity(
            kind: command.kind, name: command.name, namespace: event.namespace, invoker: command.invoker,
            repository: event.name, target: command.target.metadata.name)
        let backend = command.repository.spec.backend
        var labels = SessionLabels(identity, command).session
        labels += [("name", event.name), ("backend", backend.providerName.rawValue)]
        for case (let name, let value?) in [("bucket", backend.bucket), ("prefix", backend.prefix)] where !value.isEmpty {
            labels.append((name, value))
        }
        if let integrity = event.status.integrity {
            add(
                "repository_integrity", "repository_integrity", integrity ? 1 : 0, labels,
                "1 when all was whole by the last verification.")
        }
        add("repository_size_bytes", "repository_size_bytes", Double(event.status.size), labels, "Bytes stored of all snapshots.")
        add(
            "repository_snapshot_count", "repository_snapshot_count", Double(event.status.snapshotCount), labels,
            "Snapshots that can be restored.")
        add(
            "repository_snapshot_cleaned", "repository_snapshot_cleaned", Double(event.status.snapshotsRemovedOnLastCleanup),
            labels,
            "Snapshots that the last retention has forgotten.")
    }
}

/// Stash's labels of a session, of its target and of its host.
private struct SessionLabels {
    let session: MetricsRegistry.Labels
    let target: MetricsRegistry.Labels
    let host: MetricsRegistry.Labels

    init(_ identity: LedgerSession.Identity, _ command: SessionCommand?) {
        let driver = command?.configuration?.spec.driver ?? command?.restore?.spec.driver ?? .restic
        session = [
            ("invoker_kind", identity.invoker.kind), ("invoker_name", identity.invoker.name), ("namespace", identity.namespace),
            ("driver", driver.rawValue), ("repository", identity.repository),
        ]
        // `kubedb.com/elasticsearch` is group and kind; an AppBinding without a type is named as the resource itself.
        var (group, kind) = ("appcatalog.appscode.com", "appbindings")
        if let type = command?.target.spec.type, !type.isEmpty {
            let words = type.split(separator: "/", omittingEmptySubsequences: false)
            (group, kind) = (words.dropLast().joined(separator: "/"), String(words.last ?? ""))
        }
        target = session + [("kind", kind), ("group", group), ("name", identity.target)]
        host = target + [("hostname", command?.configuration?.hostname ?? command?.restore?.spec.target.alias ?? "host-0")]
    }
}

extension Backend {
    /// What the provider keeps objects in: a bucket, a container, a folder.
    fileprivate var bucket: String? {
        switch provider {
        case .local(let local): local.mountPath
        case .s3(let s3): s3.bucket
        case .gcs(let gcs): gcs.bucket
        case .azure(let azure): azure.container
        case .swift(let swift): swift.container
        case .b2(let b2): b2.bucket
        case .rest: nil
        }
    }

    fileprivate var prefix: String? {
        switch provider {
        case .local(let local): local.subPath
        case .s3(let s3): s3.prefix
        case .gcs(let gcs): gcs.prefix
        case .azure(let azure): azure.prefix
        case .swift(let swift): swift.prefix
        case .b2(let b2): b2.prefix
        case .rest: nil
        }
    }
}
