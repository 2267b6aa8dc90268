import Runtime

/// The kinds of objects beside indices that a snapshot holds (docs/elasticsearch.md), in the order in which they are restored.
package enum ClusterObjectKind: String, Codable, Sendable, CaseIterable {
    case clusterSettings
    case ilmPolicies
    case ismPolicies
    case scripts
    case ingestPipelines
    case searchPipelines
    case componentTemplates
    case legacyTemplates
    case indexTemplates
    case dataStreams
}

/// Which objects a session takes: the task parameter `objects`.
package struct ObjectSelection: Sendable, Equatable {
    package struct Rule: Sendable, Equatable {
        /// Nil stands for every kind.
        package var kind: ClusterObjectKind?
        /// Name or pattern with `*`.
        package var pattern: String
        package var isExclusion: Bool
    }

    /// Empty takes nothing. An exclusion wins over every inclusion.
    package var rules: [Rule]

    package static let all = ObjectSelection(rules: [Rule(kind: nil, pattern: "*", isExclusion: false)])
    package static let none = ObjectSelection(rules: [])

    package init(rules: [Rule]) { self.rules = rules }

    /// Reads `all`, `none`, or kinds such as `indexTemplates:logs-*,ingestPipelines,-scripts`; exclusions alone are taken from all.
    ///
    /// - Parameter complain: called with a sentence for each word that is no kind.
    package init(_ text: String, complain: (String) -> Void) {
        rules = []
        let words = text.split(separator: ",").map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty && $0 != "none" }
        for word in words {
            let isExclusion = word.hasPrefix("-")
            let parts = word.drop { $0 == "-" }.split(separator: ":", maxSplits: 1)
            let kind = parts.first.flatMap { ClusterObjectKind(rawValue: String($0)) }
            guard kind != nil || parts.first == "all" else {
                let kinds = ClusterObjectKind.allCases.map(\.rawValue).joined(separator: ", ")
                complain("\"\(word)\" is no kind of object; kinds are all, \(kinds)")
                continue
            }
            rules.append(Rule(kind: kind, pattern: parts.count > 1 ? String(parts[1]) : "*", isExclusion: isExclusion))
        }
        if !rules.isEmpty, rules.allSatisfy(\.isExclusion) { rules += Self.all.rules }
    }

    /// Whether any object of the kind may be taken: what need not be asked for is not.
    package func mayTake(_ kind: ClusterObjectKind) -> Bool {
        rules.contains { !$0.isExclusion && ($0.kind == nil || $0.kind == kind) }
            && !rules.contains { $0.isExclusion && $0.pattern == "*" && ($0.kind == nil || $0.kind == kind) }
    }

    package func takes(_ kind: ClusterObjectKind, named name: String) -> Bool {
        let hits = rules.filter { ($0.kind == nil || $0.kind == kind) && NamePattern.matches($0.pattern, name) }
        return !hits.isEmpty && !hits.contains(where: \.isExclusion)
    }

    /// Whether a rule leaves it out by its kind or name, which is more than not to take it.
    package func excludes(_ kind: ClusterObjectKind, named name: String) -> Bool {
        rules.contains { $0.isExclusion && ($0.kind == nil || $0.kind == kind) && NamePattern.matches($0.pattern, name) }
    }

    package func excluding(_ kind: ClusterObjectKind) -> ObjectSelection {
        ObjectSelection(rules: rules + [Rule(kind: kind, pattern: "*", isExclusion: true)])
    }
}
