package import Runtime

/// A text with actions in double braces: the part of Go's template language that hooks need (docs/hooks.md).
///
/// What it names is checked when it is read, kinds of values too, so that writing it out cannot fail.
package struct HookTemplate: Sendable, Equatable {
    package enum Value: Sendable, Equatable {
        case text(String)
        case number(Int)
        case flag(Bool)
    }

    enum Kind: String, Sendable {
        case text
        case number
        case flag = "truth value"
    }

    enum Function: String, Sendable, CaseIterable {
        case toJson
        case quote
        case upper
        case lower
        case `default`
        case eq
        case ne
        case and
        case or
        case not
    }

    indirect enum Expression: Sendable, Equatable {
        case literal(Value)
        case field(HookSummary.Field)
        case call(Function, [Expression])
    }

    struct Branch: Sendable, Equatable {
        /// Nil: the `else`.
        var condition: Expression?
        var body: [Node]
    }

    indirect enum Node: Sendable, Equatable {
        case text(String)
        case value(Expression)
        case choice([Branch])
    }

    private let nodes: [Node]

    /// - Throws: `RuntimeError(.badFormat)` that says what is wrong, or which name Sheaf does not know.
    package init(_ text: String) throws(RuntimeError) {
        var parser = HookTemplateParser(text)
        nodes = try parser.template()
    }

    package func rendered(_ summary: HookSummary) -> String { Self.rendered(nodes, summary) }

    private static func rendered(_ nodes: [Node], _ summary: HookSummary) -> String {
        var text = ""
        for node in nodes {
            switch node {
            case .text(let part): text += part
            case .value(let expression): text += expression.value(summary).text
            case .choice(let branches):
                let taken = branches.first { $0.condition.map { $0.value(summary).isTrue } ?? true }
                if let taken { text += rendered(taken.body, summary) }
            }
        }
        return text
    }
}

extension HookTemplate.Value {
    /// As a template prints it.
    package var text: String {
        switch self {
        case .text(let text): text
        case .number(let number): "\(number)"
        case .flag(let flag): "\(flag)"
        }
    }

    /// Go: all but the zero value.
    var isTrue: Bool {
        switch self {
        case .text(let text): !text.isEmpty
        case .number(let number): number != 0
        case .flag(let flag): flag
        }
    }

    var kind: HookTemplate.Kind {
        switch self {
        case .text: .text
        case .number: .number
        case .flag: .flag
        }
    }
}

extension HookTemplate.Expression {
    var kind: HookTemplate.Kind {
        switch self {
        case .literal(let value): value.kind
        case .field(let field): field == .retryLeft ? .number : .text
        case .call(let function, let arguments):
            switch function {
            case .toJson, .quote, .upper, .lower: .text
            case .eq, .ne, .not: .flag
            case .default, .and, .or: arguments.first?.kind ?? .text
            }
        }
    }

    func value(_ summary: HookSummary) -> HookTemplate.Value {
        switch self {
        case .literal(let value): value
        case .field(let field): summary[field]
        case .call(let function, let arguments): function.value(of: arguments.map { $0.value(summary) })
        }
    }
}

extension HookTemplate.Function {
    /// How many arguments it takes, the one from a pipe included.
    var arguments: ClosedRange<Int> {
        switch self {
        case .toJson, .upper, .lower, .not: 1...1
        case .default, .ne: 2...2
        case .eq: 2...Int.max
        case .quote, .and, .or: 1...Int.max
        }
    }

    /// - Parameter arguments: as many and of such kinds as the parser lets through.
    func value(of arguments: [HookTemplate.Value]) -> HookTemplate.Value {
        let (first, rest) = (arguments[0], arguments.dropFirst())
        switch self {
        case .toJson: return .text(GoText.json(first))
        case .quote: return .text(arguments.map { GoText.quoted($0.text) }.joined(separator: " "))
        case .upper: return .text(GoText.mapped(first.text) { $0.properties.uppercaseMapping })
        case .lower: return .text(GoText.mapped(first.text) { $0.properties.lowercaseMapping })
        case .default: return arguments[1].isTrue ? arguments[1] : first
        case .eq: return .flag(rest.contains(first))
        case .ne: return .flag(first != arguments[1])
        case .not: return .flag(!first.isTrue)
        case .and: return arguments.first { !$0.isTrue } ?? arguments[arguments.count - 1]
        case .or: return arguments.first { $0.isTrue } ?? arguments[arguments.count - 1]
        }
    }
}
