/// A table with its caption, and a link to the same as JSON where the API has it by a `GET`.
struct DataTable {
    enum Column {
        case text(String)
        /// Aligned by their last digit.
        case figure(String)

        var title: String {
            switch self {
            case .text(let title), .figure(let title): title
            }
        }

        var attribute: Attribute? {
            switch self {
            case .text: nil
            case .figure: .class("figure")
            }
        }
    }

    let id: String
    let caption: String
    let json: Link?
    let columns: [Column]
    private var rows: Markup = .empty

    init(id: String, caption: String, json: Link?, columns: [Column]) {
        self.id = id
        self.caption = caption
        self.json = json
        self.columns = columns
    }

    /// - Parameter cells: one a column; the first names the row.
    mutating func append(_ cells: [Markup]) {
        rows =
            rows
            + HTML.tr {
                for (number, cell) in cells.enumerated() {
                    if number == 0 {
                        HTML.th(.scope("row"), columns[number].attribute) { cell }
                    } else {
                        HTML.td(columns[number].attribute) { cell }
                    }
                }
            }
    }

    var markup: Markup {
        HTML.div(.class("tableframe")) {
            HTML.div(.class("scroll"), .role("region"), .focusable, .labelledBy("\(id)-caption")) {
                HTML.table {
                    HTML.caption(.id("\(id)-caption")) { caption }
                    HTML.thead {
                        HTML.tr {
                            for column in columns { HTML.th(.scope("col"), column.attribute) { column.title } }
                        }
                    }
                    HTML.tbody { rows }
                }
            }
            if let json { HTML.a(.class("json"), .href(json), .label("JSON: \(caption)")) { "JSON" } }
        }
    }
}
