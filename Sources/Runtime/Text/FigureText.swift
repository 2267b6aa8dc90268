/// Figures as people read them.
package enum FigureText {
    /// At most four characters for a column: "999", "4.1k", "310k", "6.6M". Cut off, not rounded, so that it never says done too early.
    package static func short(_ count: Int) -> String {
        guard count >= 1000 else { return String(count) }
        var scale = 1
        for unit in ["k", "M", "G", "T"] {
            scale *= 1000
            let tenths = count / (scale / 10)
            if tenths < 100 { return "\(tenths / 10).\(tenths % 10)\(unit)" }
            if tenths < 10_000 { return "\(tenths / 10)\(unit)" }
        }
        return String(count)
    }

    /// "336,776".
    package static func exact(_ count: Int) -> String {
        let digits = String(count.magnitude)
        var text = ""
        for (place, digit) in digits.enumerated() {
            if place > 0 && (digits.count - place) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return count < 0 ? "-" + text : text
    }

    /// "1 index", "3 indices".
    package static func counted(_ count: Int, _ one: String, _ many: String) -> String {
        "\(exact(count)) \(count == 1 ? one : many)"
    }

    package static func documents(_ count: Int) -> String { counted(count, "document", "documents") }

    package static func indices(_ count: Int) -> String { counted(count, "index", "indices") }

    /// "2026-11-23 14:02:11Z".
    package static func moment(_ time: Timestamp) -> String {
        let text = time.description
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))Z"
    }

    /// Shortened in the middle to so many characters, since names differ at their ends.
    package static func fitted(_ text: String, width: Int) -> String {
        guard text.count > width, width > 1 else { return text }
        let head = (width - 1) / 2
        return "\(text.prefix(head))…\(text.suffix(width - 1 - head))"
    }
}
