import Runtime

/// Which indices a backup takes, by names and patterns.
package struct IndexSelection: Codable, Sendable, Equatable {
    /// Names and patterns with `*`; empty means all.
    package var include: [String]
    package var exclude: [String]
    /// A regular expression that must match somewhere in the name, or in the name of an alias (multielasticdump's `--match`).
    package var match: String?
    /// Takes names with a leading dot as well; a pattern in `include` with a leading dot asks for its names without this.
    package var includesSystemIndices: Bool

    package init(include: [String] = [], exclude: [String] = [], match: String? = nil, includesSystemIndices: Bool = false) {
        self.include = include
        self.exclude = exclude
        self.match = match
        self.includesSystemIndices = includesSystemIndices
    }

    /// Reads a list in Elasticsearch's notation, such as `logs-*,-logs-old-*`.
    package init(expression: String, includesSystemIndices: Bool = false) {
        let parts = expression.split(separator: ",").map { $0.trimmingSpaces }.filter { !$0.isEmpty }
        self.init(
            include: parts.filter { !$0.hasPrefix("-") && $0 != "_all" },
            exclude: parts.filter { $0.hasPrefix("-") }.map { String($0.dropFirst()) },
            includesSystemIndices: includesSystemIndices)
    }

    /// A matcher with the expression compiled once.
    /// - Throws: `.badRequest` when `match` is no regular expression.
    package func matcher() throws(ElasticsearchError) -> Matcher {
        guard let match else { return Matcher(selection: self, expression: nil) }
        do {
            return Matcher(selection: self, expression: try Regex(match))
        } catch {
            throw ElasticsearchError(
                code: .badRequest, message: "the index selection's match \"\(match)\" is no regular expression: \(error)")
        }
    }

    package struct Matcher {
        fileprivate let selection: IndexSelection
        fileprivate let expression: Regex<AnyRegexOutput>?

        /// Whether aliases make a difference.
        package var matchesAliases: Bool { expression != nil }

        /// - Parameters:
        ///   - dataStream: the stream that the index belongs to; its name counts like the index's own, and the leading dot of its hidden
        ///     indices then does not.
        ///   - aliases: of the index; for the expression each counts like its name.
        package func selects(_ name: String, dataStream: String? = nil, aliases: [String] = []) -> Bool {
            if name.hasPrefix(".sheaf") { return false }
            let names = names(name, dataStream)
            func hit(_ pattern: String) -> Bool { names.contains { NamePattern.matches(pattern, $0) } }
            if selection.exclude.contains(where: hit) { return false }
            guard (names + aliases).contains(where: isMatched) else { return false }
            let patterns = selection.include.filter(hit)
            guard selection.include.isEmpty || !patterns.isEmpty else { return false }
            let isSystem = (dataStream ?? name).hasPrefix(".")
            return !isSystem || selection.includesSystemIndices || patterns.contains { $0.hasPrefix(".") }
        }

        /// The alias that the expression matches where it matches neither the index nor its data stream, which somebody may not expect.
        package func aliasAlone(_ name: String, dataStream: String? = nil, aliases: [String]) -> String? {
            names(name, dataStream).contains(where: isMatched) ? nil : aliases.first(where: isMatched)
        }

        private func names(_ name: String, _ dataStream: String?) -> [String] { dataStream.map { [name, $0] } ?? [name] }

        private func isMatched(_ name: String) -> Bool { expression.map { name.firstMatch(of: $0) != nil } ?? true }
    }
}

extension Substring {
    fileprivate var trimmingSpaces: String {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
