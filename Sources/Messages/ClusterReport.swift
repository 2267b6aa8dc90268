/// How a cluster fares under one AppBinding: the answer to `sheaf check`.
package struct ClusterReport: Codable, Sendable, Equatable {
    /// One thing that was tried.
    package struct Finding: Codable, Sendable, Equatable {
        package enum Verdict: String, Codable, Sendable {
            case fine
            /// A backup or restore can run, but not all of it, or not as fast.
            case warning
            case problem
        }

        /// Such as `login`, `version`, `privilege`, `limit`, `clock`.
        package var subject: String
        package var verdict: Verdict
        /// What was found, and what to do where it is not fine.
        package var message: String

        package init(_ subject: String, _ verdict: Verdict, _ message: String) {
            self.subject = subject
            self.verdict = verdict
            self.message = message
        }
    }

    package var name: String
    package var namespace: String
    package var worker: String
    package var findings: [Finding]

    package init(name: String, namespace: String, worker: String, findings: [Finding]) {
        self.name = name
        self.namespace = namespace
        self.worker = worker
        self.findings = findings
    }
}
