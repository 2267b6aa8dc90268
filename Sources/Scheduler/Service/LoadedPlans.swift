import Manifests
import Messages

/// The plans and restores that the folder names, also those that are refused for a mistake.
struct LoadedPlans: Sendable {
    var keys: Set<ResourceKey>
    /// Errors that keep manifests from being in force.
    var errors: Int
    /// Whether what is not named is gone: not while something could not be read, nor when there is nothing at all, as before a volume is mounted.
    var isWhole: Bool

    func isGone(_ plan: ResourceKey) -> Bool { isWhole && !keys.contains(plan) }
}

extension ResourceFolder {
    func plans() -> LoadedPlans { loaded().plans }

    /// What is in force, and what the folder names.
    func loaded() -> (resources: ResourceSet, plans: LoadedPlans) {
        let (resources, refused) = view()
        let keys =
            resources.backupConfigurations.map(\.value.key) + resources.restoreSessions.map(\.value.key)
            + resources.backupBatches.map(\.value.key) + resources.restoreBatches.map(\.value.key)
            + refused.map(\.key).filter {
                [.backupConfiguration, .restoreSession, .backupBatch, .restoreBatch].contains($0.kind)
            }
        let errors = reported.count { $0.severity == .error } + (isReadable ? 0 : 1)
        let isEmpty =
            resources.backupConfigurations.isEmpty && resources.backupBatches.isEmpty && resources.repositories.isEmpty
            && resources.appBindings.isEmpty
        return (resources, LoadedPlans(keys: Set(keys), errors: errors, isWhole: errors == 0 && !isEmpty))
    }
}

extension ResourceSet {
    /// All that has a schedule.
    var plans: [any BackupPlan] { backupConfigurations.map(\.value) + backupBatches.map(\.value) }

    func plan(_ name: PlanName) -> (any BackupPlan)? {
        name.kind == .backupBatch ? backupBatch(name.key)?.value : backupConfiguration(name.key)?.value
    }
}

extension SessionCommand {
    /// Of a backup.
    var planName: PlanName {
        PlanName(kind: parent == nil ? .backupConfiguration : .backupBatch, namespace: namespace, name: invoker.name)
    }
}
