import Runtime

/// A template as it is written out, held to a length while it grows: `toJson` and `quote` double what they are given.
struct HookRendering {
    /// Bytes of what is written.
    static let longest = 256 << 10
    /// Bytes of everything that functions make on the way there.
    static let mostMade = 16 * longest

    private let summary: HookSummary
    private(set) var text = ""
    private var length = 0
    private var made = 0

    init(_ summary: HookSummary) { self.summary = summary }

    mutating func write(_ nodes: [HookTemplate.Node]) throws(RuntimeError) {
        for node in nodes {
            switch node {
            case .text(let part): try write(part)
            case .value(let expression): try write(try value(of: expression).text)
            case .choice(let branches):
                for branch in branches {
                    if let condition = branch.condition, try !value(of: condition).isTrue { continue }
                    try write(branch.body)
                    break
                }
            }
        }
    }

    private mutating func write(_ part: String) throws(RuntimeError) {
        length += part.utf8.count
        guard length <= Self.longest else { throw Self.tooLong }
        text += part
    }

    private mutating func value(of expression: HookTemplate.Expression) throws(RuntimeError) -> HookTemplate.Value {
        switch expression {
        case .literal(let value): return value
        case .field(let field): return summary[field]
        case .call(let function, let arguments):
            var values: [HookTemplate.Value] = []
            for argument in arguments { values.append(try value(of: argument)) }
            return try value(of: function, values)
        }
    }

    /// - Parameter arguments: as many and of such kinds as the parser lets through.
    private mutating func value(
        of function: HookTemplate.Function, _ arguments: [HookTemplate.Value]
    ) throws(RuntimeError) -> HookTemplate.Value {
        let (first, rest) = (arguments[0], arguments.dropFirst())
        switch function {
        case .toJson: return .text(try made(GoText.json(first)))
        case .quote:
            var quoted: [String] = []
            for argument in arguments { quoted.append(try made(GoText.quoted(argument.text))) }
            return .text(try made(quoted.joined(separator: " ")))
        case .upper: return .text(try made(GoText.mapped(first.text) { $0.properties.uppercaseMapping }))
        case .lower: return .text(try made(GoText.mapped(first.text) { $0.properties.lowercaseMapping }))
        case .default: return arguments[1].isTrue ? arguments[1] : first
        case .eq: return .flag(rest.contains(first))
        case .ne: return .flag(first != arguments[1])
        case .not: return .flag(!first.isTrue)
        case .and: return arguments.first { !$0.isTrue } ?? arguments[arguments.count - 1]
        case .or: return arguments.first { $0.isTrue } ?? arguments[arguments.count - 1]
        }
    }

    /// Before the next function is given it.
    private mutating func made(_ text: String) throws(RuntimeError) -> String {
        made += text.utf8.count
        guard text.utf8.count <= Self.longest, made <= Self.mostMade else { throw Self.tooLong }
        return text
    }

    private static let tooLong = RuntimeError(
        code: .badFormat,
        message:
            "what its template writes is longer than \(longest) bytes; write less of the session's error, or fewer toJson and quote"
    )
}
