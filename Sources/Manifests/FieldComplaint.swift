/// One thing that is wrong or doubtful in a manifest: where, which field, what was expected and what was found.
package struct FieldComplaint: Sendable, Hashable, CustomStringConvertible {
    package enum Severity: String, Sendable, Hashable {
        /// The resource is refused.
        case error
        /// The resource is used, and somebody may be surprised.
        case warning
    }

    package var severity: Severity
    package var place: SourcePlace
    /// Such as `spec.target.ref.name` or `spec.rules[0].snapshots`; empty for the whole document.
    package var path: String
    package var message: String

    package init(_ severity: Severity, at place: SourcePlace, path: String = "", _ message: String) {
        self.severity = severity
        self.place = place
        self.path = path
        self.message = message
    }

    /// `file:line:column: severity: path: message`, the form that editors jump to.
    package var description: String {
        "\(place): \(severity.rawValue): \(path.isEmpty ? "" : path + ": ")\(message)"
    }
}

/// Collects the complaints of one load, so that all of them are reported together.
final class ComplaintLog {
    private(set) var complaints: [FieldComplaint] = []
    private(set) var errorCount = 0

    func add(_ complaint: FieldComplaint) {
        complaints.append(complaint)
        if complaint.severity == .error { errorCount += 1 }
    }
}
