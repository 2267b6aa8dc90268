/// What a server says of a request that its user may not make: Elasticsearch's and OpenSearch's sentences, taken apart.
struct Denial: Equatable {
    /// Such as `indices:data/read/search`.
    let action: String
    let user: String?
    let indices: String?
    /// Such as `index privileges read, all`; only Elasticsearch tells.
    let privileges: String?

    /// nil for sentences about something else.
    init?(_ reason: String) {
        func bracketed(after text: String) -> String? {
            guard let start = reason.firstRange(of: text)?.upperBound, let end = reason[start...].firstIndex(of: "]") else {
                return nil
            }
            return String(reason[start..<end])
        }
        if reason.contains("is unauthorized for"), let action = bracketed(after: "action [") {
            self.action = action
            user = bracketed(after: "user [")
            indices = bracketed(after: "on indices [") ?? bracketed(after: "on restricted indices [")
            privileges =
                ["index", "cluster"].lazy.compactMap { kind in
                    bracketed(after: "granted by the \(kind) privileges [").map { list in
                        "\(kind) privileges \(list.split(separator: ",").joined(separator: ", "))"
                    }
                }.first
        } else if let action = bracketed(after: "no permissions for [") {
            self.action = action
            user = bracketed(after: "User [name=")?.split(separator: ",").first.map(String.init)
            indices = nil
            privileges = nil
        } else {
            return nil
        }
    }

    var advice: String {
        let place = indices.map { " on \($0)" } ?? ""
        let grant = privileges.map { "one of the \($0)" } ?? "the permission \(action)"
        return "give \(user.map { "user \($0)" } ?? "the user") \(grant)\(place); docs/roles has roles that suffice"
    }
}
