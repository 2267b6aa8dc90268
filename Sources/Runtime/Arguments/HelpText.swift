/// The help of one command, made from its table.
struct HelpText {
    private let path: CommandParser.Path

    init(_ path: CommandParser.Path) {
        self.path = path
    }

    var text: String {
        guard let configuration = path.commands.last?.configuration else { return "" }
        var sections = [configuration.abstract]
        if !configuration.discussion.isEmpty { sections.append(configuration.discussion) }
        sections.append("Usage: " + usage(configuration))
        sections.append(section("Arguments", configuration.arguments.map { ($0.name.uppercased(), $0.help) }))
        sections.append(section("Commands", configuration.subcommands.map { ($0.configuration.name, $0.configuration.abstract) }))
        let isRoot = path.commands.count == 1
        let own = configuration.options.map(row) + (isRoot ? common : [])
        let inherited = isRoot ? [] : path.commands.dropLast().flatMap { $0.configuration.options.map(row) } + common
        // One width for both, so that they read as one table.
        let width = (own + inherited).map(\.0.count).max()
        sections.append(section("Options", own, width: width))
        sections.append(section("Options of every command", inherited, width: width))
        return sections.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
    }

    private var common: [(String, String)] {
        let version = path.commands.first?.configuration.version == nil ? [] : [("    --version", "show the version")]
        return [("-h, --help", "show this help")] + version
    }

    private func usage(_ configuration: CommandConfiguration) -> String {
        var words = [path.name]
        for option in configuration.options where option.isRequired && option.kind != .secret {
            words.append("\(option.flagName) \(option.valueName ?? "")")
        }
        words.append("[options]")
        if !configuration.subcommands.isEmpty { words.append("COMMAND") }
        return (words + configuration.arguments.map(\.usage)).joined(separator: " ")
    }

    private func row(_ option: OptionDefinition) -> (String, String) {
        let short = option.short.map { "-\($0), " } ?? "    "
        let value = option.valueName.map { " \($0)" } ?? ""
        var notes: [String] = []
        if option.isRequired { notes.append("required") }
        if option.isRepeatable { notes.append("may be repeated") }
        if let defaultValue = option.defaultValue { notes.append("default: \(defaultValue)") }
        if let variable = option.environment {
            notes.append("env: \(variable)" + (option.kind == .secret ? " or \(variable)_FILE" : ""))
        }
        let note = notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))"
        return ("\(short)\(option.flagName)\(value)", option.help + note)
    }

    /// Two columns; help that would leave a line of 100 columns goes on in the second one.
    private func section(_ title: String, _ rows: [(String, String)], width: Int? = nil) -> String {
        guard !rows.isEmpty else { return "" }
        let width = min(30, width ?? rows.map(\.0.count).max() ?? 0)
        let lines = rows.map { left, help in
            let margin = String(repeating: " ", count: width + 4)
            let start = left.count > width ? "  \(left)\n\(margin)" : "  " + left + margin.dropFirst(left.count + 2)
            return start + Self.wrapped(help, width: 100 - width - 4).joined(separator: "\n\(margin)")
        }
        return "\(title):\n" + lines.joined(separator: "\n")
    }

    private static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + word.count < width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
