import Messages

/// Stash's variables of a session, those that mean something here, as templates of hooks: a session's own name is known to the worker alone.
struct SessionVariables {
    private(set) var values: [String: String] = [:]

    /// - Parameter invoker: the batch that it is a member of; nil: the plan itself.
    init(of plan: BackupConfiguration, invoker: ResourceKey?, target: AppBinding, repository: Repository) {
        add(invoker: invoker ?? plan.key, target, repository, hostname: plan.hostname)
        values["BACKUP_SESSION"] = Self.sessionName
        let policy = plan.spec.retentionPolicy
        for (name, number) in [
            ("LAST", policy?.keepLast), ("HOURLY", policy?.keepHourly), ("DAILY", policy?.keepDaily),
            ("WEEKLY", policy?.keepWeekly), ("MONTHLY", policy?.keepMonthly), ("YEARLY", policy?.keepYearly),
        ] { set("RETENTION_KEEP_\(name)", number.map(String.init)) }
        set("RETENTION_KEEP_TAGS", policy?.keepTags.joined(separator: ","))
        set("RETENTION_PRUNE", policy.map { "\($0.prune)" })
        set("RETENTION_DRY_RUN", policy.map { "\($0.dryRun)" })
    }

    init(of restore: RestoreSession, invoker: ResourceKey?, target: AppBinding, repository: Repository) {
        add(invoker: invoker ?? restore.key, target, repository, hostname: restore.hostname)
        values["RESTORE_SESSION"] = Self.sessionName
        set("SOURCE_HOSTNAME", restore.rule?.sourceHost)
        set("RESTORE_SNAPSHOTS", restore.rule?.snapshots.joined(separator: ","))
    }

    /// The same for two Schedulers at one slot, though they may give the session two names.
    private static let sessionName = "{{ .Name }}"

    private mutating func add(invoker: ResourceKey, _ target: AppBinding, _ repository: Repository, hostname: String) {
        for (name, value) in BlueprintTarget.variables(of: target) { set(name, value) }
        set("NAMESPACE", invoker.namespace)
        set("INVOKER_KIND", invoker.kind.rawValue)
        set("INVOKER_NAME", invoker.name)
        set("HOSTNAME", hostname)
        set("REPOSITORY_NAME", repository.metadata.name)
        set("REPOSITORY_NAMESPACE", repository.metadata.namespace)
        let backend = repository.spec.backend
        set("REPOSITORY_PROVIDER", backend.providerName.rawValue)
        set("REPOSITORY_SECRET_NAME", backend.storageSecretName)
        set("REPOSITORY_SECRET_NAMESPACE", backend.storageSecretName.map { _ in repository.metadata.namespace })
        var place: (bucket: String?, prefix: String?, endpoint: String?, region: String?)
        var isInsecure = false
        switch backend.provider {
        case .local, .rest: break
        case .s3(let s3):
            place = (s3.bucket, s3.prefix, s3.endpoint, s3.region)
            isInsecure = s3.insecureTLS
        case .gcs(let gcs): (place.bucket, place.prefix) = (gcs.bucket, gcs.prefix)
        case .azure(let azure): (place.bucket, place.prefix) = (azure.container, azure.prefix)
        case .swift(let swift): (place.bucket, place.prefix) = (swift.container, swift.prefix)
        case .b2(let b2): (place.bucket, place.prefix) = (b2.bucket, b2.prefix)
        }
        set("REPOSITORY_BUCKET", place.bucket)
        set("REPOSITORY_PREFIX", place.prefix)
        set("REPOSITORY_ENDPOINT", place.endpoint)
        set("REPOSITORY_REGION", place.region)
        set("REPOSITORY_INSECURE_TLS", "\(isInsecure)")
    }

    /// One that has no value here is there all the same, and empty.
    private mutating func set(_ name: String, _ value: String?) { values[name] = Argument.escaped(value ?? "") }
}
