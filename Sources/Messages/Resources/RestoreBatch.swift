package import Runtime

/// One restore of several targets from one Repository: a session of it is one session for each member.
package struct RestoreBatch: SpecResource {
    package static let kind = ResourceKind.restoreBatch
    package var metadata: ObjectMeta
    package var spec: Spec

    package init(metadata: ObjectMeta, spec: Spec) {
        self.metadata = metadata
        self.spec = spec
    }

    package struct Spec: Codable, Sendable, Equatable {
        /// At least one.
        package var members: [Member]
        /// Nil means Parallel, as in Stash.
        package var executionOrder: ExecutionOrder?
        package var driver: BackupDriver?
        package var repository: ObjectReference
        /// Of all members together.
        package var timeOut: StashDuration?

        package init(members: [Member], repository: ObjectReference) {
            self.members = members
            self.repository = repository
        }
    }

    package struct Member: Codable, Sendable, Equatable {
        package var target: RestoreSession.Target
        package var task: TaskRef?
        package var runtimeSettings: JSONValue?
        package var tempDir: TempDir?
        package var interimVolumeTemplate: JSONValue?
        package var hooks: RestoreSession.Hooks?

        package init(target: RestoreSession.Target) { self.target = target }
    }

    /// What each member's session restores, in the order of the manifest: the RestoreSession that it would be by itself, under the batch's name.
    package var restores: [RestoreSession] {
        spec.members.map { member in
            var one = RestoreSession.Spec(target: member.target, repository: spec.repository)
            (one.task, one.hooks, one.driver, one.timeOut) = (member.task, member.hooks, spec.driver, spec.timeOut)
            (one.runtimeSettings, one.tempDir) = (member.runtimeSettings, member.tempDir)
            one.interimVolumeTemplate = member.interimVolumeTemplate
            return RestoreSession(metadata: metadata, spec: one)
        }
    }

    /// The Repository to read.
    package var repositoryKey: ResourceKey {
        ResourceKey(
            kind: .repository, namespace: spec.repository.namespace ?? metadata.namespace, name: spec.repository.name)
    }
}
