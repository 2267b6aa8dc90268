package import Runtime

/// A plan of several targets that are backed up as one: a session of it is one session for each member.
package struct BackupBatch: Resource {
    package static let kind = ResourceKind.backupBatch
    package var metadata: ObjectMeta
    package var spec: Spec

    package init(metadata: ObjectMeta, spec: Spec) {
        self.metadata = metadata
        self.spec = spec
    }

    package struct Spec: Sendable, Equatable {
        /// At least one.
        package var members: [Member]
        package var executionOrder = ExecutionOrder.parallel
        /// As a BackupConfiguration's.
        package var schedule: String?
        package var timeZone: String?
        package var driver: BackupDriver?
        package var repository: ObjectReference
        package var retentionPolicy: RetentionPolicy?
        package var paused = false
        package var backupHistoryLimit: Int?
        /// Of all members together.
        package var timeOut: StashDuration?
        package var retryConfig: RetryConfig?

        package init(members: [Member], repository: ObjectReference) {
            self.members = members
            self.repository = repository
        }
    }

    package struct Member: Sendable, Equatable {
        package var target: BackupConfiguration.Target
        package var task: TaskRef?
        package var runtimeSettings: JSONValue?
        package var tempDir: TempDir?
        package var interimVolumeTemplate: JSONValue?
        package var hooks: BackupConfiguration.Hooks?

        package init(target: BackupConfiguration.Target) { self.target = target }
    }

    /// What each member's session backs up, in the order of the manifest: the plan that it would be by itself, under the batch's name.
    package var configurations: [BackupConfiguration] {
        spec.members.map { member in
            var one = BackupConfiguration.Spec(target: member.target, repository: spec.repository)
            (one.task, one.hooks, one.driver) = (member.task, member.hooks, spec.driver)
            (one.runtimeSettings, one.tempDir) = (member.runtimeSettings, member.tempDir)
            one.interimVolumeTemplate = member.interimVolumeTemplate
            (one.retentionPolicy, one.timeOut, one.retryConfig) = (spec.retentionPolicy, spec.timeOut, spec.retryConfig)
            return BackupConfiguration(metadata: metadata, spec: one)
        }
    }

    /// The Repository to write to.
    package var repositoryKey: ResourceKey {
        ResourceKey(
            kind: .repository, namespace: spec.repository.namespace ?? metadata.namespace, name: spec.repository.name)
    }
}
