import Runtime

/// How results are written.
enum OutputFormat: String, CaseIterable, ArgumentValue, Sendable {
    case text
    /// One JSON object a line on standard output, as docs/command-line.md describes; sentences go to standard error.
    case json

    static let definition = OptionDefinition.value(
        "output", valueName: "FORMAT", help: "text, or json: one object a line, sentences on standard error", default: "text",
        environment: "SHEAF_OUTPUT")

    init(_ arguments: ParsedArguments) throws {
        self = try arguments.value("output")
    }
}

/// The log of the programs that run on.
enum LogOption {
    static let definition = OptionDefinition.value(
        "log-level", valueName: "LEVEL", help: "trace, debug, info, notice, warning, error or critical", default: "info",
        environment: "SHEAF_LOG_LEVEL")

    static func logger(_ arguments: ParsedArguments, label: String) throws -> Logger {
        Logger(label: label, level: try arguments.value("log-level"), handler: JSONLogHandler())
    }
}
