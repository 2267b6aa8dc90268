/// The shells that a program's commands and options can be completed in; named as in swift-argument-parser.
package enum CompletionShell: String, CaseIterable, ArgumentValue, Sendable {
    case bash
    case zsh
    case fish

    /// The script that a user's shell reads, made of the program's own tables.
    package func script(for root: any AsyncCommand.Type) -> String {
        let tree = CompletionTree(root)
        return switch self {
        case .bash: tree.bash
        case .zsh: tree.zsh
        case .fish: tree.fish
        }
    }
}

extension CompletionTree {
    /// The lines that follow the words of the line to the command that they name; the same in bash and zsh.
    ///
    /// - Parameters:
    ///   - first: index of the first word after the program's name.
    ///   - end: index of the word at the cursor.
    ///   - word: the word at `i`.
    func walk(first: String, end: String, word: String) -> String {
        """
            for ((i = \(first); i < \(end); i++)); do
                word=\(word)
                if [[ -n $skip ]]; then skip=; continue; fi
                case $word in
                    \(wordsWithValue.joined(separator: "|"))) skip=1 ;;
                    -*) ;;
                    *) case "$here/$word" in \(paths.map { "\"\($0)\"" }.joined(separator: "|"))) here="$here/$word" ;; esac ;;
                esac
            done
        """
    }

    fileprivate var bash: String {
        let cases = nodes.map { node in
            let options = node.options.map(\.name).joined(separator: " ")
            let commands = node.commands.map(\.text).joined(separator: " ")
            return "        \"\(node.path)\") commands=\"\(commands)\" options=\"\(options)\" ;;"
        }
        return """
            # Completion of \(name) for bash; made by: \(name) completion bash
            _\(name)() {
                local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} here= skip= word i commands= options=
            \(walk(first: "1", end: "COMP_CWORD", word: "${COMP_WORDS[i]}"))
                case $previous in
                    \(wordsWithPath.joined(separator: "|"))) COMPREPLY=($(compgen -f -- "$current")); return ;;
                    \(wordsWithValue.joined(separator: "|"))) COMPREPLY=(); return ;;
                esac
                case "$here" in
            \(cases.joined(separator: "\n"))
                esac
                if [[ $current == -* ]]; then
                    COMPREPLY=($(compgen -W "$options" -- "$current"))
                elif [[ -n $commands ]]; then
                    COMPREPLY=($(compgen -W "$commands" -- "$current"))
                else
                    COMPREPLY=($(compgen -f -- "$current"))
                fi
            }
            complete -F _\(name) \(name)

            """
    }

    fileprivate var zsh: String {
        func item(_ text: String, _ help: String) -> String {
            "'\(text.replacing(":", with: "\\:")):\(help.replacing("'", with: "'\\''"))'"
        }
        let cases = nodes.map { node in
            let commands = node.commands.map { item($0.text, $0.help) }.joined(separator: " ")
            let options = node.options.map { item($0.name, $0.help) }.joined(separator: " ")
            return "        (\"\(node.path)\") commands=(\(commands)); options=(\(options)) ;;"
        }
        return """
            #compdef \(name)
            # Completion of \(name) for zsh; made by: \(name) completion zsh
            _\(name)() {
                local here= skip= word i current=${words[CURRENT]} previous=${words[CURRENT-1]}
                local -a commands options
            \(walk(first: "2", end: "CURRENT", word: "${words[i]}"))
                case $previous in
                    (\(wordsWithPath.joined(separator: "|"))) _files; return ;;
                    (\(wordsWithValue.joined(separator: "|"))) return ;;
                esac
                case "$here" in
            \(cases.joined(separator: "\n"))
                esac
                if [[ $current == -* ]]; then
                    _describe -o option options
                elif (( ${#commands} )); then
                    _describe command commands
                else
                    _files
                fi
            }
            compdef _\(name) \(name)

            """
    }

    fileprivate var fish: String {
        func quoted(_ text: String) -> String {
            "'\(text.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
        }
        var lines = [
            "# Completion of \(name) for fish; made by: \(name) completion fish",
            "function __\(name)_path",
            "    set -l here ''",
            "    set -l skip ''",
            "    for word in (commandline -opc)[2..-1]",
            "        if test -n \"$skip\"",
            "            set skip ''",
            "            continue",
            "        end",
            "        switch $word",
            "            case \(wordsWithValue.map(quoted).joined(separator: " "))",
            "                set skip 1",
            "            case '-*'",
            "            case '*'",
            "                contains -- \"$here/$word\" \(paths.map(quoted).joined(separator: " "))",
            "                and set here \"$here/$word\"",
            "        end",
            "    end",
            "    test \"$here\" = \"$argv[1]\"",
            "end",
            "complete -c \(name) -f",
        ]
        for node in nodes {
            let here = "complete -c \(name) -n \(quoted("__\(name)_path \(quoted(node.path))"))"
            for command in node.commands { lines.append("\(here) -a \(quoted(command.text)) -d \(quoted(command.help))") }
            for option in node.options {
                let short = option.short.map { " -s \($0)" } ?? ""
                let value = option.takesPath ? " -r -F" : option.takesValue ? " -x" : ""
                lines.append("\(here) -l \(option.name.dropFirst(2))\(short)\(value) -d \(quoted(option.help))")
            }
            if node.commands.isEmpty, node.takesArguments { lines.append("\(here) -F") }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
