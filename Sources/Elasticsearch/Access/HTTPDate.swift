import Runtime

/// The moment of a `Date` header, RFC 9110: `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
    static func timestamp(_ text: String) -> Timestamp? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let words = text.split(separator: " ")
        guard words.count == 6, words[1].count == 2, let month = months.firstIndex(of: String(words[2])) else { return nil }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        // Text that is no date is none.
        return try? Timestamp(parsing: "\(words[3])-\(number)-\(words[1])T\(words[4])Z")
    }
}
