/// The engines' rules of names, and Sheaf's own names (Elasticsearch and OpenSearch: `MetadataCreateIndexService.validateIndexOrAliasName`).
enum IndexName {
    /// Why no index can have the name; nil when one can.
    static func problem(_ name: String) -> String? {
        if name.lowercased() != name { return "has upper-case letters" }
        if name == ".sheaf" || name.hasPrefix(".sheaf-") || name.hasPrefix("sheaf-trial-") { return "is one of Sheaf's own" }
        return commonProblem(name)
    }

    /// Why no alias can have the name: like an index, but capitals are fine.
    static func aliasProblem(_ name: String) -> String? {
        LoadAlias.isOne(name) ? "is one of Sheaf's own" : commonProblem(name)
    }

    private static func commonProblem(_ name: String) -> String? {
        guard let first = name.unicodeScalars.first else { return "is empty" }
        if name == "." || name == ".." { return "is a path" }
        if "_-+".unicodeScalars.contains(first) { return "begins with \"\(first)\"" }
        if let wrong = name.unicodeScalars.first(where: { "\\/*?\"<>| ,#:".unicodeScalars.contains($0) }) {
            return "has \"\(wrong)\""
        }
        if name.utf8.count > 255 { return "has \(name.utf8.count) bytes, and 255 are the most" }
        return nil
    }
}
