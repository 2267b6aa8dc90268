/// From which namespaces a Repository may be used.
package struct UsagePolicy: Codable, Sendable, Hashable {
    package var allowedNamespaces: AllowedNamespaces?

    package init(allowedNamespaces: AllowedNamespaces?) { self.allowedNamespaces = allowedNamespaces }

    package struct AllowedNamespaces: Codable, Sendable, Hashable {
        package var from: From
        /// Matches the labels of a namespace; read only when `from` is `Selector`.
        package var selector: LabelSelector?

        package init(from: From = .same, selector: LabelSelector? = nil) {
            self.from = from
            self.selector = selector
        }

        private enum CodingKeys: String, CodingKey {
            case from, selector
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            self.init(
                from: try container.decodeIfPresent(From.self, forKey: .from) ?? .same,
                selector: try container.decodeIfPresent(LabelSelector.self, forKey: .selector))
        }
    }

    package enum From: String, Codable, Sendable, Hashable, CaseIterable {
        case all = "All"
        case selector = "Selector"
        case same = "Same"
    }

    /// Kubernetes' label selector: all parts must hold, an empty one matches everything.
    package struct LabelSelector: Codable, Sendable, Hashable {
        @OmittedWhenEmpty package var matchLabels: [String: String]
        @OmittedWhenEmpty package var matchExpressions: [Requirement]

        package init(matchLabels: [String: String] = [:], matchExpressions: [Requirement] = []) {
            self.matchLabels = matchLabels
            self.matchExpressions = matchExpressions
        }

        package func matches(_ labels: [String: String]) -> Bool {
            matchLabels.allSatisfy { labels[$0.key] == $0.value } && matchExpressions.allSatisfy { $0.matches(labels) }
        }
    }

    package struct Requirement: Codable, Sendable, Hashable {
        package var key: String
        package var `operator`: Operator
        @OmittedWhenEmpty package var values: [String]

        package init(key: String, operator: Operator, values: [String] = []) {
            self.key = key
            self.operator = `operator`
            self.values = values
        }

        package enum Operator: String, Codable, Sendable, Hashable, CaseIterable {
            case `in` = "In"
            case notIn = "NotIn"
            case exists = "Exists"
            case doesNotExist = "DoesNotExist"
        }

        fileprivate func matches(_ labels: [String: String]) -> Bool {
            switch `operator` {
            case .in: labels[key].map(values.contains) ?? false
            case .notIn: !(labels[key].map(values.contains) ?? false)
            case .exists: labels[key] != nil
            case .doesNotExist: labels[key] == nil
            }
        }
    }
}
