/// A page taken apart into tags and texts, by a reader that is not the builder: so that tests see what a browser would.
struct PageScan {
    struct Tag {
        var name: String
        var attributes: [String: String]
        var isEnd: Bool
    }

    private(set) var tags: [Tag] = []
    private(set) var text = ""

    /// For pages whose attribute values are quoted, as all of ours are.
    init(_ html: String) {
        var rest = html[...]
        while let start = rest.firstIndex(of: "<") {
            text += rest[..<start]
            rest = rest[start...]
            guard let end = rest.firstIndex(of: ">") else { break }
            let inner = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            guard !inner.hasPrefix("!") else { continue }
            let isEnd = inner.hasPrefix("/")
            let name = inner.drop { $0 == "/" }.prefix { $0 != " " }
            tags.append(
                Tag(name: String(name), attributes: isEnd ? [:] : Self.attributes(inner.dropFirst(name.count)), isEnd: isEnd))
        }
        text += rest
    }

    private static func attributes(_ text: Substring) -> [String: String] {
        var found: [String: String] = [:]
        var rest = text.drop { $0 == " " }
        while !rest.isEmpty {
            let name = rest.prefix { $0 != "=" && $0 != " " }
            rest = rest.dropFirst(name.count)
            var value = ""
            if rest.hasPrefix("=\"") {
                value = String(rest.dropFirst(2).prefix { $0 != "\"" })
                rest = rest.dropFirst(value.count + 3)
            }
            found[String(name)] = value
            rest = rest.drop { $0 == " " }
        }
        return found
    }

    func all(_ names: String...) -> [Tag] { tags.filter { names.contains($0.name) && !$0.isEnd } }

    /// The tags inside each element of that name.
    func inside(_ name: String) -> [(outer: Tag, inner: [Tag])] {
        tags.indices.filter { tags[$0].name == name && !tags[$0].isEnd }.map { start in
            let end = tags[start...].firstIndex { $0.name == name && $0.isEnd } ?? tags.endIndex
            return (tags[start], Array(tags[(start + 1)..<end]))
        }
    }
}
