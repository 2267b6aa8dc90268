package import Messages
import Runtime

/// Sessions in columns.
package enum SessionTable {
    package static func lines(_ sessions: [StatusEvent]) -> [String] {
        var table = TextTable([
            ("SESSION", .left), ("KIND", .left), ("NAME", .left), ("PHASE", .left), ("STARTED", .left), ("TOOK", .right),
            ("DOCS", .right),
            ("STORED", .right), ("RESULT", .left),
        ])
        for session in sessions {
            let documents = session.indices.reduce(0) { $0 + $1.documents }
            let stored = session.indices.reduce(0) { $0 + $1.storedBytes }
            table.append([
                session.session.text, session.kind.rawValue,
                "\(session.namespace)/\(session.invoker.name)\(session.parent.map { " \($0.position)" } ?? "")",
                session.phase.rawValue,
                FigureText.moment(session.startedAt ?? session.requestedAt),
                SessionReport.seconds(session).map { Duration.seconds($0).shortText } ?? "-", FigureText.exact(documents),
                session.kind == .backup ? "\(ByteCount(stored))" : "-", session.error ?? session.snapshot?.text ?? "",
            ])
        }
        return table.lines
    }
}
