/// Where something stands in a manifest: file, line and column, both counted from 1 in characters.
package struct SourcePlace: Sendable, Hashable, CustomStringConvertible {
    package var file: String
    /// 0 when the whole file is meant.
    package var line: Int
    package var column: Int

    package init(file: String, line: Int = 0, column: Int = 0) {
        self.file = file
        self.line = line
        self.column = column
    }

    package var description: String { line > 0 ? "\(file):\(line):\(column)" : file }
}

extension SourcePlace: Comparable {
    package static func < (left: SourcePlace, right: SourcePlace) -> Bool {
        (left.file, left.line, left.column) < (right.file, right.line, right.column)
    }
}
