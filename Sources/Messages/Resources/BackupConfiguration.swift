package import Runtime

/// A plan: what is backed up, when, where to, and how long it is kept.
package struct BackupConfiguration: SpecResource {
    package static let kind = ResourceKind.backupConfiguration
    package var metadata: ObjectMeta
    package var spec: Spec

    package init(metadata: ObjectMeta, spec: Spec) {
        self.metadata = metadata
        self.spec = spec
    }

    package struct Spec: Codable, Sendable, Equatable {
        /// Nil takes the task and the parameters from the AppBinding (see `AppBinding.task(_:for:)`).
        package var task: TaskRef?
        package var target: Target
        /// A cron expression, checked by the Scheduler. Nil means the plan runs only when asked to.
        package var schedule: String?
        /// Sheaf's extension: IANA name of the zone that `schedule` is read in; nil means UTC.
        package var timeZone: String?
        package var driver: BackupDriver?
        package var repository: ObjectReference
        /// Nil keeps every snapshot.
        package var retentionPolicy: RetentionPolicy?
        /// Stops the schedule; sessions that someone asks for still run.
        @OmittedWhenEmpty package var paused: Bool
        /// Finished sessions that stay listed; nil means 1, as in Stash.
        package var backupHistoryLimit: Int?
        package var timeOut: StashDuration?
        /// Nil means that a failed session is not tried again.
        package var retryConfig: RetryConfig?
        package var runtimeSettings: JSONValue?
        package var tempDir: TempDir?
        package var interimVolumeTemplate: JSONValue?
        package var hooks: Hooks?

        package init(target: Target, repository: ObjectReference) {
            self.target = target
            self.repository = repository
            self.paused = false
        }
    }

    package struct Target: Codable, Sendable, Equatable {
        /// Names the source of a snapshot; nil means `host-0`, as in Stash.
        package var alias: String?
        package var ref: TargetRef
        @OmittedWhenEmpty package var paths: [String]
        @OmittedWhenEmpty package var exclude: [String]
        @OmittedWhenEmpty package var args: [String]
        @OmittedWhenEmpty package var volumeMounts: [JSONValue]
        package var replicas: Int?
        package var snapshotClassName: String?

        package init(ref: TargetRef, alias: String? = nil) {
            self.alias = alias
            self.ref = ref
            paths = []
            exclude = []
            args = []
            volumeMounts = []
        }
    }

    package struct Hooks: Codable, Sendable, Equatable {
        package var preBackup: Hook?
        package var postBackup: Hook?

        package init(preBackup: Hook? = nil, postBackup: Hook? = nil) {
            self.preBackup = preBackup
            self.postBackup = postBackup
        }
    }

    /// The AppBinding to read.
    package var targetKey: ResourceKey {
        ResourceKey(
            kind: .appBinding, namespace: spec.target.ref.namespace ?? metadata.namespace, name: spec.target.ref.name)
    }

    /// The Repository to write to.
    package var repositoryKey: ResourceKey {
        ResourceKey(
            kind: .repository, namespace: spec.repository.namespace ?? metadata.namespace, name: spec.repository.name)
    }

    /// Stash's `--host`: what a snapshot says it is of.
    package var hostname: String { spec.target.alias ?? "host-0" }
}
