/// A BackupSession that somebody wrote: asks for one session of a plan, once (docs/batches.md).
package struct BackupSessionRequest: Resource {
    package static let kind = ResourceKind.backupSession
    package var metadata: ObjectMeta
    /// A BackupConfiguration or a BackupBatch of the same namespace.
    package var invoker: Invoker
    /// Nil: what the invoker's retryConfig says.
    package var retryLeft: Int?

    package init(metadata: ObjectMeta, invoker: Invoker, retryLeft: Int? = nil) {
        self.metadata = metadata
        self.invoker = invoker
        self.retryLeft = retryLeft
    }
}
