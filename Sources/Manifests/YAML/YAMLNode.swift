/// One node of a YAML document, aliases expanded, with the place where it is written.
package struct YAMLNode: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        case mapping([Entry])
    }

    package struct Entry: Sendable, Equatable {
        package var key: String
        /// Where the key is written.
        package var place: SourcePlace
        package var value: YAMLNode
    }

    package var content: Content
    package var place: SourcePlace

    package init(_ content: Content, at place: SourcePlace) {
        self.content = content
        self.place = place
    }

    /// The member of a mapping; nil when this is no mapping or has no such key.
    package subscript(key: String) -> YAMLNode? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    package var isNull: Bool { content == .scalar(.null) }

    /// The text of a scalar that is text; nil for numbers, booleans, null.
    package var text: String? {
        guard case .scalar(.text(let text)) = content else { return nil }
        return text
    }

    /// What this is, for a complaint: `the number 8`, `a list`. Long texts are cut.
    package var summary: String {
        switch content {
        case .scalar(let scalar): scalar.summary
        case .sequence: "a list"
        case .mapping: "a group of fields"
        }
    }

    /// The same without its content: `text`, `a number`. For values that must not be shown.
    package var kindSummary: String {
        guard case .scalar(let scalar) = content else { return summary }
        return switch scalar {
        case .null: "nothing"
        case .bool: "a boolean"
        case .integer, .number: "a number"
        case .text: "text"
        }
    }

    /// This node with every scalar below the members of `path` replaced, so that it may be kept and shown.
    func redacting(_ path: [String]) -> YAMLNode {
        var copy = self
        switch (content, path.first) {
        case (.scalar, nil):
            copy.content = .scalar(.text("<secret>"))
        case (.sequence(let nodes), nil):
            copy.content = .sequence(nodes.map { $0.redacting([]) })
        case (.mapping(let entries), let step):
            copy.content = .mapping(
                entries.map { entry in
                    guard step == nil || entry.key == step else { return entry }
                    var changed = entry
                    changed.value = entry.value.redacting(Array(path.dropFirst()))
                    return changed
                })
        default: break
        }
        return copy
    }
}
