/// The annotations of a BackupConfiguration that have a meaning, as docs/scheduling.md has them.
package enum PlanAnnotation: String, CaseIterable, Sendable {
    /// A span of time that runs are spread over, as a `StashDuration` of at most a day.
    case jitter = "sheaf.dev/jitter"

    package static let longestJitter = StashDuration(seconds: 86_400)
}

extension ObjectMeta {
    /// The span that runs of the schedule are spread over; none when the annotation is missing, or is not one that a loader takes.
    package var jitter: StashDuration {
        annotations[PlanAnnotation.jitter.rawValue].flatMap { StashDuration($0) }.map { min($0, PlanAnnotation.longestJitter) }
            ?? .zero
    }
}

extension BackupConfiguration {
    package var jitter: StashDuration { metadata.jitter }
}
