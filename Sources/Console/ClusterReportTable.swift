package import Messages
package import Runtime

/// What `sheaf check` found, in columns and as JSON.
package enum ClusterReportTable {
    package static func lines(_ report: ClusterReport) -> [String] {
        var table = TextTable([("CHECK", .left), ("RESULT", .left), ("FOUND", .left)])
        for finding in report.findings { table.append([finding.subject, result(finding.verdict), finding.message]) }
        return ["\(report.namespace)/\(report.name) as worker \(report.worker) sees it", ""] + table.lines
    }

    /// A `check` line.
    package static func json(_ report: ClusterReport) -> JSONValue {
        SessionReport.object([
            ("type", "check"), ("namespace", .string(report.namespace)), ("name", .string(report.name)),
            ("worker", .string(report.worker)),
            (
                "findings",
                .array(
                    report.findings.map { finding in
                        SessionReport.object([
                            ("subject", .string(finding.subject)), ("verdict", .string(finding.verdict.rawValue)),
                            ("message", .string(finding.message)),
                        ])
                    })
            ),
        ])
    }

    private static func result(_ verdict: ClusterReport.Finding.Verdict) -> String {
        switch verdict {
        case .fine: "ok"
        case .warning: "warning"
        case .problem: "PROBLEM"
        }
    }
}
