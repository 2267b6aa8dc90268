/// Columns of text under headings, as wide as their content.
package struct TextTable: Sendable {
    package enum Alignment: Sendable {
        case left
        case right
    }

    private let columns: [(heading: String, alignment: Alignment)]
    private var rows: [[String]] = []

    package init(_ columns: [(heading: String, alignment: Alignment)]) {
        self.columns = columns
    }

    package mutating func append(_ cells: [String]) {
        rows.append(cells)
    }

    /// The lines, without spaces at their ends.
    package var lines: [String] {
        let headings = columns.map(\.heading)
        let all = (headings.contains { !$0.isEmpty } ? [headings] : []) + rows
        let widths = columns.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { cells in
            var line = ""
            for (column, cell) in cells.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                line += (column == 0 ? "" : "  ") + (columns[column].alignment == .left ? cell + padding : padding + cell)
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
