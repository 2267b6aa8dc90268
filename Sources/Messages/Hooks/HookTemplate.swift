package import Runtime

/// A text with actions in double braces: the part of Go's template language that hooks need (docs/hooks.md).
///
/// What it names is checked when it is read, kinds of values too, so that writing it out fails only where it becomes too long.
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
        /// One of several kinds: only the session tells which.
        case mixed = "value of several kinds"
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

    /// Bytes of a template.
    static let longest = 64 << 10

    private let nodes: [Node]

    /// - Throws: `RuntimeError(.badFormat)` that says what is wrong, or which name Sheaf does not know.
    package init(_ text: String) throws(RuntimeError) {
        guard text.utf8.count <= Self.longest else {
            throw HookTemplateLexer.error("it has \(text.utf8.count) bytes, at most \(Self.longest) are read")
        }
        var parser = HookTemplateParser(text)
        nodes = try parser.template()
    }

    /// - Throws: `RuntimeError(.badFormat)` when it would have more than 256 KiB.
    package func rendered(_ summary: HookSummary) throws(RuntimeError) -> String {
        var rendering = HookRendering(summary)
        try rendering.write(nodes)
        return rendering.text
    }

    /// Whether the session's error is printed somewhere as it is, with what it may hold of quotes and line ends.
    package var printsErrorBare: Bool { Self.printsErrorBare(nodes) }

    private static func printsErrorBare(_ nodes: [Node]) -> Bool {
        nodes.contains { node in
            switch node {
            case .text: false
            case .value(let expression): expression.printsErrorBare
            case .choice(let branches): branches.contains { printsErrorBare($0.body) }
            }
        }
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
    /// As deep as parentheses and pipes of one action go, both of which are bounded.
    fileprivate var printsErrorBare: Bool {
        switch self {
        case .literal, .call(.toJson, _), .call(.eq, _), .call(.ne, _), .call(.not, _): false
        case .field(let field): field == .error
        case .call(_, let arguments): arguments.contains(where: \.printsErrorBare)
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
}
