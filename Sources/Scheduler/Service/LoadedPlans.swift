import Manifests
import Messages

/// The BackupConfigurations and RestoreSessions that the folder names, also those that are refused for a mistake.
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
            + refused.map(\.key).filter { $0.kind == .backupConfiguration || $0.kind == .restoreSession }
        let errors = reported.count { $0.severity == .error } + (isReadable ? 0 : 1)
        let isEmpty =
            resources.backupConfigurations.isEmpty && resources.repositories.isEmpty && resources.appBindings.isEmpty
        return (resources, LoadedPlans(keys: Set(keys), errors: errors, isWhole: errors == 0 && !isEmpty))
    }
}

extension PlanName {
    var key: ResourceKey { ResourceKey(kind: .backupConfiguration, namespace: namespace, name: name) }
}
