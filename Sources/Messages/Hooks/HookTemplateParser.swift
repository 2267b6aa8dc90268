import Runtime

/// Reads a template, and refuses whatever could not be written out later.
struct HookTemplateParser {
    private typealias Lexer = HookTemplateLexer
    private typealias Expression = HookTemplate.Expression

    /// Its kind stands beside it: to find it again would take a walk through all of it.
    private struct Typed {
        let expression: Expression
        let kind: HookTemplate.Kind
    }

    /// Ends a list of nodes.
    private enum Stop {
        case end
        case otherwise
        case otherwiseIf(Expression)
    }

    /// What a template may hold, for whoever wrote something else.
    static let known =
        "templates of hooks know if, else, end, "
        + HookTemplate.Function.allCases.map(\.rawValue).sorted().joined(separator: ", ") + ", | and ( )"

    /// A template within a template within …; no sensible one comes near.
    private static let deepest = 50
    /// Pipes of one action, those in parentheses included.
    private static let mostPipes = 20

    private var lexer: HookTemplateLexer
    private var depth = 0

    init(_ text: String) { lexer = HookTemplateLexer(text) }

    mutating func template() throws(RuntimeError) -> [HookTemplate.Node] {
        let (nodes, stop) = try list()
        guard stop == nil else { throw Lexer.error("an else or an end has no if") }
        return nodes
    }

    private mutating func list() throws(RuntimeError) -> (nodes: [HookTemplate.Node], stop: Stop?) {
        var nodes: [HookTemplate.Node] = []
        while let piece = try lexer.next() {
            switch piece {
            case .text(let text): nodes.append(.text(text))
            case .action(let tokens):
                switch tokens.first {
                case nil: throw Lexer.error("an action is empty")
                case .name("if"): nodes.append(.choice(try branches(from: try whole(tokens.dropFirst()))))
                case .name("end") where tokens.count == 1: return (nodes, .end)
                case .name("else") where tokens.count == 1: return (nodes, .otherwise)
                case .name("else") where tokens[1] == .name("if"):
                    return (nodes, .otherwiseIf(try whole(tokens.dropFirst(2))))
                default: nodes.append(.value(try whole(tokens[...])))
                }
            }
        }
        return (nodes, nil)
    }

    private mutating func branches(from first: Expression) throws(RuntimeError) -> [HookTemplate.Branch] {
        try descend()
        defer { depth -= 1 }
        var branches: [HookTemplate.Branch] = []
        var condition: Expression? = first
        while true {
            let (body, stop) = try list()
            branches.append(HookTemplate.Branch(condition: condition, body: body))
            switch stop {
            case nil: throw Lexer.error("an if has no end")
            case .end: return branches
            case _ where condition == nil: throw Lexer.error("an if has two else")
            case .otherwise: condition = nil
            case .otherwiseIf(let next): condition = next
            }
        }
    }

    private mutating func whole(_ tokens: ArraySlice<HookTemplateLexer.Token>) throws(RuntimeError) -> Expression {
        let pipes = tokens.count { $0 == .pipe }
        guard pipes <= Self.mostPipes else {
            throw Lexer.error("an action has \(pipes) pipes, at most \(Self.mostPipes) are read")
        }
        var tokens = tokens
        let value = try pipeline(&tokens)
        guard tokens.isEmpty else { throw Lexer.error("a ) has no (") }
        return value.expression
    }

    private mutating func pipeline(_ tokens: inout ArraySlice<HookTemplateLexer.Token>) throws(RuntimeError) -> Typed {
        try descend()
        defer { depth -= 1 }
        var value = try command(&tokens, after: nil)
        while tokens.first == .pipe {
            tokens.removeFirst()
            value = try command(&tokens, after: value)
        }
        return value
    }

    /// - Parameter piped: what comes through the pipe, the last argument.
    private mutating func command(
        _ tokens: inout ArraySlice<HookTemplateLexer.Token>, after piped: Typed?
    ) throws(RuntimeError) -> Typed {
        func isOver(_ token: HookTemplateLexer.Token?) -> Bool { token == nil || token == .pipe || token == .close }
        if case .name(let name)? = tokens.first {
            tokens.removeFirst()
            let function = try function(name)
            var arguments: [Typed] = []
            while !isOver(tokens.first) { arguments.append(try operand(&tokens)) }
            if let piped { arguments.append(piped) }
            return try call(function, arguments)
        }
        guard piped == nil else { throw Lexer.error("a | needs a function behind it") }
        let value = try operand(&tokens)
        guard isOver(tokens.first) else { throw Lexer.error("a value stands where a function is needed") }
        return value
    }

    private mutating func operand(_ tokens: inout ArraySlice<HookTemplateLexer.Token>) throws(RuntimeError) -> Typed {
        guard let token = tokens.popFirst() else { throw Lexer.error("a value is missing") }
        switch token {
        case .literal(let value): return Typed(expression: .literal(value), kind: value.kind)
        case .field(let path):
            guard let field = HookSummary.Field(rawValue: path) else {
                let fields = HookSummary.Field.allCases.map { ".\($0.rawValue)" }.joined(separator: ", ")
                throw Lexer.error("there is no .\(path); there are \(fields)")
            }
            return Typed(expression: .field(field), kind: field == .retryLeft ? .number : .text)
        case .open:
            let value = try pipeline(&tokens)
            guard tokens.popFirst() == .close else { throw Lexer.error("a ( is not closed with )") }
            return value
        case .name(let name):
            _ = try function(name)
            throw Lexer.error("the function \(name) needs ( ) where it is an argument")
        case .close, .pipe: throw Lexer.error("a value is missing")
        }
    }

    private func function(_ name: String) throws(RuntimeError) -> HookTemplate.Function {
        guard let function = HookTemplate.Function(rawValue: name) else {
            throw Lexer.error("the function \"\(name)\" is unknown; \(Self.known)")
        }
        return function
    }

    private func call(_ function: HookTemplate.Function, _ arguments: [Typed]) throws(RuntimeError) -> Typed {
        let name = function.rawValue
        guard function.arguments.contains(arguments.count) else {
            let (least, most) = (function.arguments.lowerBound, function.arguments.upperBound)
            let expected = least == most ? "\(least)" : "\(least) or more"
            throw Lexer.error("\(name) takes \(expected) argument\(expected == "1" ? "" : "s"), found \(arguments.count)")
        }
        let kinds = arguments.map(\.kind)
        switch function {
        case .upper, .lower:
            guard kinds[0] == .text else { throw Lexer.error("\(name) needs a text, found a \(kinds[0].rawValue)") }
        case .eq, .ne:
            if let other = kinds.first(where: { $0 != kinds[0] || $0 == .mixed }) {
                throw Lexer.error("\(name) needs values of one kind, found a \(kinds[0].rawValue) and a \(other.rawValue)")
            }
        case .toJson, .quote, .not, .default, .and, .or: break
        }
        let kind: HookTemplate.Kind =
            switch function {
            case .toJson, .quote, .upper, .lower: .text
            case .eq, .ne, .not: .flag
            case .default, .and, .or: kinds.allSatisfy { $0 == kinds[0] } ? kinds[0] : .mixed
            }
        return Typed(expression: .call(function, arguments.map(\.expression)), kind: kind)
    }

    private mutating func descend() throws(RuntimeError) {
        depth += 1
        guard depth <= Self.deepest else { throw Lexer.error("it is nested more than \(Self.deepest) deep") }
    }
}
