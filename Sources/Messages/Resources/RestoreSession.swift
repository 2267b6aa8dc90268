package import Runtime

/// One restore: which snapshot of which Repository goes to which target.
package struct RestoreSession: SpecResource {
    package static let kind = ResourceKind.restoreSession
    package var metadata: ObjectMeta
    package var spec: Spec

    /// Moves the deprecated `spec.rules` to `spec.target.rules`, as Stash's webhook does, so that readers look in one place.
    package init(metadata: ObjectMeta, spec: Spec) {
        self.metadata = metadata
        self.spec = spec
        self.spec.target.rules += spec.rules
        self.spec.rules = []
    }

    package struct Spec: Codable, Sendable, Equatable {
        package var task: TaskRef?
        package var target: Target
        package var driver: BackupDriver?
        package var repository: ObjectReference
        /// Deprecated by Stash; empty in every RestoreSession, since its init moves them to the target.
        @OmittedWhenEmpty package var rules: [Rule]
        package var timeOut: StashDuration?
        package var runtimeSettings: JSONValue?
        package var tempDir: TempDir?
        package var interimVolumeTemplate: JSONValue?
        package var hooks: Hooks?

        package init(target: Target, repository: ObjectReference) {
            self.target = target
            self.repository = repository
            self.rules = []
        }
    }

    package struct Target: Codable, Sendable, Equatable {
        package var alias: String?
        package var ref: TargetRef
        @OmittedWhenEmpty package var rules: [Rule]
        @OmittedWhenEmpty package var args: [String]
        @OmittedWhenEmpty package var volumeMounts: [JSONValue]
        @OmittedWhenEmpty package var volumeClaimTemplates: [JSONValue]
        package var replicas: Int?

        package init(ref: TargetRef, alias: String? = nil, rules: [Rule] = []) {
            self.alias = alias
            self.ref = ref
            self.rules = rules
            args = []
            volumeMounts = []
            volumeClaimTemplates = []
        }
    }

    /// Which snapshot to take for which hosts; `snapshots` and `paths` exclude each other.
    package struct Rule: Codable, Sendable, Hashable {
        /// Empty: the rule for every host that no other rule names.
        @OmittedWhenEmpty package var targetHosts: [String]
        package var sourceHost: String?
        /// Snapshot ids, or `latest`.
        @OmittedWhenEmpty package var snapshots: [String]
        @OmittedWhenEmpty package var paths: [String]
        @OmittedWhenEmpty package var exclude: [String]
        @OmittedWhenEmpty package var include: [String]

        package init(snapshots: [String] = [], targetHosts: [String] = [], sourceHost: String? = nil) {
            self.targetHosts = targetHosts
            self.sourceHost = sourceHost
            self.snapshots = snapshots
            paths = []
            exclude = []
            include = []
        }
    }

    package struct Hooks: Codable, Sendable, Equatable {
        package var preRestore: Hook?
        package var postRestore: Hook?

        package init(preRestore: Hook? = nil, postRestore: Hook? = nil) {
            self.preRestore = preRestore
            self.postRestore = postRestore
        }
    }

    /// The AppBinding to write to.
    package var targetKey: ResourceKey {
        ResourceKey(
            kind: .appBinding, namespace: spec.target.ref.namespace ?? metadata.namespace, name: spec.target.ref.name)
    }

    /// The Repository to read.
    package var repositoryKey: ResourceKey {
        ResourceKey(
            kind: .repository, namespace: spec.repository.namespace ?? metadata.namespace, name: spec.repository.name)
    }

    /// The rule that holds for this target's host: the one that names it, else the one that names nobody.
    package var rule: Rule? {
        spec.target.rules.first { $0.targetHosts.contains(hostname) } ?? spec.target.rules.first(where: \.targetHosts.isEmpty)
    }

    /// Stash's name of the host that is restored.
    package var hostname: String { spec.target.alias ?? "host-0" }
}
