/// Fills in from the environment what was not typed.
struct SettingsReader {
    let path: CommandParser.Path
    let environment: [String: String]
    let readFile: @Sendable (String) throws(UsageError) -> String

    func complete(_ reader: WordReader) throws(UsageError) -> ParsedArguments {
        var values = reader.values
        var secrets: [String: Sensitive] = [:]
        for option in path.options {
            if option.kind == .secret {
                secrets[option.name] = try secret(option, file: reader.secretFiles[option.name])
            } else if values[option.name] == nil, let variable = option.environment, let text = environment[variable],
                !text.isEmpty
            {
                let texts = option.isRepeatable ? text.split(separator: ",").map(String.init) : [text]
                values[option.name] = texts.map { .init(text: $0, origin: variable) }
            }
            let isGiven = values[option.name] != nil || secrets[option.name] != nil || option.defaultValue != nil
            guard isGiven || !option.isRequired else { throw missing(option) }
        }
        return ParsedArguments(
            command: path.name, options: path.options, arguments: path.commands.last?.configuration.arguments ?? [],
            values: values, secrets: secrets)
    }

    /// The flag's file, else the variable, else the file that the `_FILE` variable names; both variables are a conflict.
    private func secret(_ option: OptionDefinition, file: String?) throws(UsageError) -> Sensitive? {
        if let file { return Sensitive(try readFile(file)) }
        guard let variable = option.environment else { return nil }
        let text = environment[variable].flatMap { $0.isEmpty ? nil : $0 }
        let file = environment[variable + "_FILE"].flatMap { $0.isEmpty ? nil : $0 }
        switch (text, file) {
        case (nil, nil): return nil
        case (let text?, nil): return Sensitive(text)
        case (nil, let file?): return Sensitive(try readFile(file))
        case (_?, _?):
            throw UsageError(
                code: .conflict, message: "\(variable) and \(variable)_FILE are both set; set one of them", command: path.name)
        }
    }

    private func missing(_ option: OptionDefinition) -> UsageError {
        let variable = option.environment.map { " or set \($0)" } ?? ""
        return UsageError(
            code: .missingOption, message: "\(option.flagName) is missing: give it\(variable)", command: path.name)
    }
}
