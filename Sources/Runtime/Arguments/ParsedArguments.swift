/// What was given for one command: flags over environment over defaults.
package struct ParsedArguments: Sendable {
    struct Given: Sendable {
        let text: String
        /// What the user typed or set, for messages: `--timeout`, `SHEAF_TIMEOUT`, `PLAN`.
        let origin: String
    }

    /// The command as typed, such as "sheaf session list".
    package let command: String
    private let options: [OptionDefinition]
    private let arguments: [PositionalDefinition]
    private let values: [String: [Given]]
    private let secrets: [String: Sensitive]

    init(
        command: String, options: [OptionDefinition], arguments: [PositionalDefinition], values: [String: [Given]],
        secrets: [String: Sensitive]
    ) {
        self.command = command
        self.options = options
        self.arguments = arguments
        self.values = values
        self.secrets = secrets
    }

    /// The value of an option or argument that is given, required or has a default.
    package func value<Value: ArgumentValue>(_ name: String, as type: Value.Type = Value.self) throws(UsageError) -> Value {
        guard let value = try optionalValue(name, as: type) else { throw missing(name) }
        return value
    }

    package func optionalValue<Value: ArgumentValue>(
        _ name: String, as type: Value.Type = Value.self
    ) throws(UsageError) -> Value? {
        try given(name).last.map { (given) throws(UsageError) in try read(given) }
    }

    /// All values of a repeatable option or argument, in the order given.
    package func values<Value: ArgumentValue>(_ name: String, as type: Value.Type = Value.self) throws(UsageError) -> [Value] {
        try given(name).map { (given) throws(UsageError) in try read(given) }
    }

    package func flag(_ name: String) throws(UsageError) -> Bool {
        try optionalValue(name, as: Bool.self) ?? false
    }

    package func secret(_ name: String) throws(UsageError) -> Sensitive {
        guard let secret = try optionalSecret(name) else { throw missing(name) }
        return secret
    }

    package func optionalSecret(_ name: String) throws(UsageError) -> Sensitive? {
        guard options.contains(where: { $0.name == name && $0.kind == .secret }) else { throw undeclared(name) }
        return secrets[name]
    }

    /// Where the value comes from: `--timeout`, `SHEAF_TIMEOUT`, or nil for a default or nothing.
    package func origin(of name: String) -> String? {
        values[name]?.last?.origin
    }

    private func given(_ name: String) throws(UsageError) -> [Given] {
        if let given = values[name] { return given }
        if let option = options.first(where: { $0.name == name && $0.kind != .secret }) {
            return option.defaultValue.map { [Given(text: $0, origin: option.flagName)] } ?? []
        }
        guard arguments.contains(where: { $0.name == name }) else { throw undeclared(name) }
        return []
    }

    private func read<Value: ArgumentValue>(_ given: Given) throws(UsageError) -> Value {
        if let value = Value(argument: given.text) { return value }
        throw UsageError(
            code: .badValue, message: "\(given.origin): expected \(Value.argumentExpectation), found \"\(given.text)\"",
            command: command)
    }

    private func missing(_ name: String) -> UsageError {
        let option = options.first { $0.name == name }
        let variable = option?.environment.map { " or set \($0)" } ?? ""
        let shown = option?.flagName ?? name.uppercased()
        return UsageError(code: .missingOption, message: "\(shown) is missing: give it\(variable)", command: command)
    }

    private func undeclared(_ name: String) -> UsageError {
        UsageError(
            code: .undeclared, message: "\(command) has no option \(name) in its table; please report this", command: command)
    }
}
