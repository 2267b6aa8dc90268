package import Runtime

/// Resources in columns, those that Stash prints.
package enum ResourceTable {
    private struct Column {
        let head: String
        let path: [String]

        init(_ head: String, _ path: String...) { (self.head, self.path) = (head, path) }
    }

    private static let columns: [String: [Column]] = [
        "AppBinding": [Column("TYPE", "spec", "type"), Column("VERSION", "spec", "version")],
        "Repository": [
            Column("INTEGRITY", "status", "integrity"), Column("SIZE", "status", "totalSize"),
            Column("SNAPSHOT-COUNT", "status", "snapshotCount"), Column("LAST-SUCCESSFUL-BACKUP", "status", "lastBackupTime"),
        ],
        "BackupConfiguration": [
            Column("TASK", "spec", "task", "name"), Column("SCHEDULE", "spec", "schedule"), Column("PAUSED", "spec", "paused"),
            Column("PHASE", "status", "phase"), Column("NEXT-RUN", "status", "nextRun"),
        ],
        "BackupBatch": [
            Column("SCHEDULE", "spec", "schedule"), Column("ORDER", "spec", "executionOrder"), Column("PAUSED", "spec", "paused"),
            Column("PHASE", "status", "phase"), Column("NEXT-RUN", "status", "nextRun"),
        ],
        "RestoreBatch": [
            Column("REPOSITORY", "spec", "repository", "name"), Column("PHASE", "status", "phase"),
            Column("DURATION", "status", "sessionDuration"),
        ],
        "BackupBlueprint": [Column("TASK", "spec", "task", "name"), Column("SCHEDULE", "spec", "schedule")],
        "Function": [Column("COMMAND", "spec", "command"), Column("IMAGE", "spec", "image")],
        "Task": [Column("STEPS", "spec", "steps")],
        "BackupSession": [
            Column("INVOKER-TYPE", "spec", "invoker", "kind"), Column("INVOKER-NAME", "spec", "invoker", "name"),
            Column("PHASE", "status", "phase"), Column("DURATION", "status", "sessionDuration"),
            Column("CREATED", "metadata", "creationTimestamp"),
        ],
        "RestoreSession": [
            Column("REPOSITORY", "spec", "repository", "name"), Column("PHASE", "status", "phase"),
            Column("DURATION", "status", "sessionDuration"),
        ],
    ]

    /// - Parameter objects: of one kind.
    package static func lines(_ objects: [JSONValue]) -> [String] {
        let columns = objects.first?["kind"]?.string.flatMap { Self.columns[$0] } ?? []
        let isNamespaced = objects.contains { $0[path: ["metadata", "namespace"]] != nil }
        let all =
            (isNamespaced ? [Column("NAMESPACE", "metadata", "namespace")] : []) + [Column("NAME", "metadata", "name")] + columns
        var table = TextTable(all.map { ($0.head, .left) })
        for object in objects { table.append(all.map { text(of: object[path: $0.path]) }) }
        return table.lines
    }

    /// What the conditions of one resource say, a line each.
    package static func findings(_ object: JSONValue) -> [String] {
        (object[path: ["status", "conditions"]]?.array ?? []).compactMap { condition in
            guard let type = condition["type"]?.string, let status = condition["status"]?.string else { return nil }
            return "\(type) \(status): \(DeadLetterTable.harmless(condition["message"]?.string ?? "", width: .max))"
        }
    }

    private static func text(of value: JSONValue?) -> String {
        switch value {
        case nil, .null?: "-"
        case .string(let text)?: DeadLetterTable.harmless(text, width: .max)
        case .bool(let flag)?: "\(flag)"
        case .array(let elements)?: elements.map { text(of: $0["name"] ?? $0) }.joined(separator: " ")
        case let other?: other.serialized()
        }
    }
}
