package import Messages
import Runtime

/// What has a schedule: a BackupConfiguration, or a BackupBatch.
package protocol BackupPlan: Resource {
    var schedule: String? { get }
    var timeZone: String? { get }
    var isPaused: Bool { get }
    var retryConfig: RetryConfig? { get }
    var backupHistoryLimit: Int? { get }
    var repositoryKey: ResourceKey { get }
    /// The AppBindings that are backed up.
    var targetKeys: [ResourceKey] { get }
}

extension BackupPlan {
    package var planName: PlanName {
        PlanName(kind: Self.kind, namespace: metadata.namespace, name: metadata.name)
    }
}

extension BackupConfiguration: BackupPlan {
    package var schedule: String? { spec.schedule }
    package var timeZone: String? { spec.timeZone }
    package var isPaused: Bool { spec.paused }
    package var retryConfig: RetryConfig? { spec.retryConfig }
    package var backupHistoryLimit: Int? { spec.backupHistoryLimit }
    package var targetKeys: [ResourceKey] { [targetKey] }
}

extension BackupBatch: BackupPlan {
    package var schedule: String? { spec.schedule }
    package var timeZone: String? { spec.timeZone }
    package var isPaused: Bool { spec.paused }
    package var retryConfig: RetryConfig? { spec.retryConfig }
    package var backupHistoryLimit: Int? { spec.backupHistoryLimit }
    package var targetKeys: [ResourceKey] { configurations.map(\.targetKey) }
}
