package import Runtime

/// The keys of a repository in columns.
package enum KeyTable {
    package struct Row: Sendable {
        package var id: String
        package var label: String
        package var created: String
        /// Numbers of the epochs; `nil` for one that the password at hand does not open.
        package var epochs: [Int?]
        package var holdsNewest: Bool
        package var isFirst: Bool

        package init(id: String, label: String, created: String, epochs: [Int?], holdsNewest: Bool, isFirst: Bool) {
            self.id = id
            self.label = label
            self.created = created
            self.epochs = epochs
            self.holdsNewest = holdsNewest
            self.isFirst = isFirst
        }
    }

    package static func lines(_ rows: [Row]) -> [String] {
        var table = TextTable([("KEY", .left), ("LABEL", .left), ("CREATED", .left), ("EPOCHS", .left), ("", .left)])
        for row in rows {
            let marks = [row.holdsNewest ? "newest" : "old epochs only", row.isFirst ? "named by FORMAT" : nil].compactMap { $0 }
            table.append([
                row.id, row.label, row.created, row.epochs.map { $0.map(String.init) ?? "?" }.joined(separator: ","),
                marks.joined(separator: ", "),
            ])
        }
        return table.lines
    }

    /// A `key` line.
    package static func json(_ row: Row) -> JSONValue {
        [
            "type": "key", "id": .string(row.id), "label": .string(row.label), "created": .string(row.created),
            "epochs": .array(row.epochs.map { $0.map { JSONValue($0) } ?? .null }), "newest": .bool(row.holdsNewest),
            "first": .bool(row.isFirst),
        ]
    }
}
