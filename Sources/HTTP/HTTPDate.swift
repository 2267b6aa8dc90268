package import Runtime

/// The moment of a `Date` header, RFC 9110: `Sun, 06 Nov 1994 08:49:37 GMT`.
package enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]

    package static func timestamp(_ text: String) -> Timestamp? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[1].count == 2, let month = months.firstIndex(of: String(words[2])) else { return nil }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        // Text that is no date is none.
        return try? Timestamp(parsing: "\(words[3])-\(number)-\(words[1])T\(words[4])Z")
    }

    /// To the second; fractions are cut off.
    package static func text(_ moment: Timestamp) -> String {
        let text = Array(moment.description)
        let day = Int((Double(moment.millisecondsSinceEpoch) / 86_400_000).rounded(.down))
        let month = Int(String(text[5...6])).map { months[$0 - 1] } ?? ""
        // The epoch was a Thursday.
        let weekday = days[((day % 7) + 7) % 7]
        return "\(weekday), \(String(text[8...9])) \(month) \(String(text[0...3])) \(String(text[11...18])) GMT"
    }
}
