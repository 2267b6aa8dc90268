/// One thing about a cluster that was looked at, and how it is.
package struct ClusterFinding: Sendable, Equatable {
    package enum Verdict: Sendable {
        case fine
        /// A backup or restore can run, but not all of it, or not as fast.
        case warning
        case problem
    }

    /// Such as `login`, `version`, `privilege`, `limit`, `clock`.
    package let subject: String
    package let verdict: Verdict
    /// What was found, and what to do where it is not fine.
    package let message: String

    init(_ subject: String, _ verdict: Verdict, _ message: String) {
        self.subject = subject
        self.verdict = verdict
        self.message = message
    }
}
