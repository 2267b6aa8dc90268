/// One value of a database column or parameter.
enum SQLiteValue: Hashable, Sendable {
    case null
    case integer(Int)
    case real(Double)
    case text(String)
    case blob([UInt8])

    init(_ value: Int?) { self = value.map { .integer($0) } ?? .null }
    init(_ value: String?) { self = value.map { .text($0) } ?? .null }
    init(_ value: [UInt8]?) { self = value.map { .blob($0) } ?? .null }

    var integer: Int? {
        if case .integer(let value) = self { value } else { nil }
    }

    var text: String? {
        if case .text(let value) = self { value } else { nil }
    }

    var blob: [UInt8]? {
        if case .blob(let value) = self { value } else { nil }
    }
}

/// One row of a result, read by column name.
struct SQLiteRow {
    private let columns: [String: Int]
    private let values: [SQLiteValue]

    init(columns: [String: Int], values: [SQLiteValue]) {
        self.columns = columns
        self.values = values
    }

    /// Null too when the query has no such column.
    subscript(_ column: String) -> SQLiteValue {
        columns[column].map { values[$0] } ?? .null
    }
}
