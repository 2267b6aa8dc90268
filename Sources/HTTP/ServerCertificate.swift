import CCurl
package import Runtime

/// What a server's own certificate says of itself.
package struct ServerCertificate: Sendable, Equatable {
    package var subject: String?
    /// Host names and addresses, such as `DNS:es.internal`.
    package var names: [String] = []
    package var notAfter: Timestamp?

    package init(subject: String? = nil, names: [String] = [], notAfter: Timestamp? = nil) {
        self.subject = subject
        self.names = names
        self.notAfter = notAfter
    }

    /// From libcurl's list of `Field:value` lines.
    init(lines: [String]) {
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...]
            switch line[..<colon] {
            case "Subject": subject = String(value)
            case "X509v3 Subject Alternative Name":
                names = value.split(separator: ",").map { $0.drop { $0 == " " } }.map { $0.filter { !$0.isNewline } }
            case "Expire date": notAfter = Self.moment(value)
            default: break
            }
        }
    }

    /// OpenSSL's way to write a moment: `Nov  8 11:53:00 2026 GMT`.
    private static func moment(_ text: Substring) -> Timestamp? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let words = text.split(separator: " ")
        guard words.count >= 4, let month = months.firstIndex(of: String(words[0])), let day = Int(words[1]) else { return nil }
        func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        // Text that is no date is none.
        return try? Timestamp(parsing: "\(words[3])-\(twoDigits(month + 1))-\(twoDigits(day))T\(words[2])Z")
    }
}
