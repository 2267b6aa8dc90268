/// Reads options and arguments word by word: `--name value`, `--name=value`, `-n value`, `-nvalue`, `-ab`, `--`.
struct WordReader {
    private(set) var values: [String: [ParsedArguments.Given]] = [:]
    private(set) var secretFiles: [String: String] = [:]
    /// Whether `--` has come: all that follows is taken as it is.
    private(set) var isLiteral = false
    private(set) var words: [String] = []
    private var path: CommandParser.Path

    init(path: CommandParser.Path) {
        self.path = path
    }

    var hasArguments: Bool { !words.isEmpty }

    mutating func enter(_ path: CommandParser.Path) {
        self.path = path
    }

    mutating func read(_ word: String, following: inout [String]) throws(UsageError) {
        if isLiteral || word == "-" || !word.hasPrefix("-") {
            words.append(word)
        } else if word == "--" {
            isLiteral = true
        } else if word.hasPrefix("--") {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let option = try find(parts[0])
            try take(option, parts.count == 2 ? parts[1] : nil, &following)
        } else {
            try readShort(word, &following)
        }
    }

    private mutating func readShort(_ word: String, _ following: inout [String]) throws(UsageError) {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let option = path.options.first(where: { $0.short == letter }) else {
                throw failure(.unknownOption, "\(path.name) has no option -\(letter)\(Self.seeHelp)")
            }
            if option.kind == .flag {
                try take(option, nil, &following)
            } else {
                if letters.first == "=" { letters.removeFirst() }
                try take(option, letters.isEmpty ? nil : String(letters), &following)
                return
            }
        }
    }

    private static let seeHelp = "; see --help"

    private func find(_ flag: String) throws(UsageError) -> OptionDefinition {
        if let option = path.options.first(where: { $0.flagName == flag }) { return option }
        if let secret = path.options.first(where: { $0.kind == .secret && "--\($0.name)" == flag }) {
            let variable = secret.environment.map { " or \($0)" } ?? ""
            throw failure(
                .unknownOption, "\(flag) would be visible to every user of this machine: use \(secret.flagName)\(variable)")
        }
        let hint = Suggestion.sentence(for: flag, among: path.options.map(\.flagName) + ["--help", "--version"])
        throw failure(.unknownOption, "\(path.name) has no option \(flag)\(hint.isEmpty ? Self.seeHelp : hint)")
    }

    private mutating func take(_ option: OptionDefinition, _ attached: String?, _ following: inout [String]) throws(UsageError) {
        let text: String
        if option.kind == .flag {
            text = attached ?? "true"
        } else if let attached {
            text = attached
        } else {
            // "-1" and "-" are values; "--x" after an option is a forgotten value.
            guard let next = following.first, !next.hasPrefix("--") else {
                throw failure(.missingValue, "\(option.flagName) needs a value: \(option.flagName) \(option.valueName ?? "")")
            }
            text = next
            following.removeFirst()
        }
        let isGiven = values[option.name] != nil || secretFiles[option.name] != nil
        guard option.isRepeatable || option.kind == .flag || !isGiven else {
            throw failure(.repeatedOption, "\(option.flagName) is given twice; it takes one value")
        }
        if option.kind == .secret {
            secretFiles[option.name] = text
        } else {
            values[option.name, default: []].append(.init(text: text, origin: option.flagName))
        }
    }

    /// Gives each word to the argument at its place.
    mutating func checkArguments() throws(UsageError) {
        var rest = words[...]
        for definition in path.commands.last?.configuration.arguments ?? [] {
            let taken = definition.isRepeatable ? rest : rest.prefix(1)
            rest = rest.dropFirst(taken.count)
            guard !taken.isEmpty || !definition.isRequired else {
                throw failure(.missingValue, "\(definition.name.uppercased()) is missing: \(definition.help)")
            }
            if !taken.isEmpty { values[definition.name] = taken.map { .init(text: $0, origin: definition.name.uppercased()) } }
        }
        if let word = rest.first {
            throw failure(.unexpectedArgument, "\(path.name) does not know what to do with \"\(word)\"\(Self.seeHelp)")
        }
    }

    private func failure(_ code: UsageError.Code, _ message: String) -> UsageError {
        UsageError(code: code, message: message, command: path.name)
    }
}
