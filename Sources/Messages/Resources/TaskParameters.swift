/// What Sheaf reads from a task's parameters: which indices, and how strict.
///
/// Two languages select indices: `args`, the multielasticdump arguments that Stash passes on, and `indices`, Sheaf's own.
package struct TaskParameters: Sendable, Equatable {
    /// A regular expression from `args: --match=REGEX`; an index must match it, without regard to case.
    package var match: String?
    /// Elasticsearch patterns from `indices`, such as `logs-*`; empty means all.
    package var include: [String] = []
    /// Patterns from `indices` that begin with `-`, here without it.
    package var exclude: [String] = []
    /// No index matches: a snapshot of nothing instead of a failed session.
    package var allowEmpty = false
    /// Also takes indices whose name begins with a dot.
    package var includeSystem = false
    /// Flags in `args` that Sheaf knows nothing of or does not honour yet, such as `--ignoreType=template`.
    package var unhonoured: [String] = []
    /// Parameters that neither Stash's Elasticsearch add-on nor Sheaf has.
    package var unknown: [String] = []
    /// What is wrong in a parameter that Sheaf reads, each a sentence.
    package var problems: [Problem] = []

    package struct Problem: Sendable, Equatable {
        package var parameter: String
        package var message: String
    }

    /// Parameters of Stash's add-on that have no meaning here: they are neither used nor worth a warning.
    private static let ignored: Set<String> = [
        "waitTimeout", "outputDir", "interimDataDir", "enableCache", "scratchDir", "ENABLE_DASHBOARD_BACKUP",
        "ENABLE_DASHBOARD_RESTORE",
    ]

    package init() {}

    package init(_ task: TaskRef?) {
        for param in task?.params ?? [] {
            switch param.name {
            case "args": readArguments(param.value)
            case "indices": readIndices(param.value)
            case "allowEmpty": allowEmpty = readFlag(param) ?? allowEmpty
            case "includeSystem": includeSystem = readFlag(param) ?? includeSystem
            case let name where Self.ignored.contains(name): break
            default: unknown.append(param.name)
            }
        }
    }

    /// Splits on blanks without quoting, as Stash does; `--match=X` and `--match X` mean the same.
    private mutating func readArguments(_ text: String) {
        var words = text.split(whereSeparator: \.isWhitespace)[...]
        while let word = words.popFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let isFlag = word.hasPrefix("--")
            var value = parts.count > 1 ? String(parts[1]) : nil
            if isFlag, value == nil, let next = words.first, !next.hasPrefix("--") {
                value = String(next)
                words.removeFirst()
            }
            if parts[0] == "--match" {
                if let value, !value.isEmpty {
                    match = value
                } else {
                    let message = "--match needs a regular expression, as in --match=^logs-.+"
                    problems.append(Problem(parameter: "args", message: message))
                }
            } else {
                unhonoured.append(value.map { "\(parts[0])=\($0)" } ?? String(word))
            }
        }
    }

    private mutating func readIndices(_ text: String) {
        for part in text.split(separator: ",") {
            let pattern = part.trimmed
            if pattern.hasPrefix("-") {
                exclude.append(String(pattern.dropFirst()))
            } else if !pattern.isEmpty {
                include.append(pattern)
            }
        }
        for pattern in include + exclude {
            // Elasticsearch refuses these characters in index names, so such a pattern can never match.
            guard let wrong = pattern.first(where: { $0.isWhitespace || "\\/?\"<>|#:".contains($0) || $0.isUppercase }) else {
                continue
            }
            problems.append(
                Problem(parameter: "indices", message: "pattern \(pattern) can match no index: names cannot have \"\(wrong)\""))
        }
        if exclude.contains("") {
            problems.append(Problem(parameter: "indices", message: "a \"-\" must be followed by a pattern to exclude"))
        }
    }

    private mutating func readFlag(_ param: TaskRef.Param) -> Bool? {
        switch param.value.lowercased() {
        case "true": return true
        case "false": return false
        default:
            problems.append(Problem(parameter: param.name, message: "expected true or false, found \"\(param.value)\""))
            return nil
        }
    }
}

extension Substring {
    fileprivate var trimmed: String {
        var text = drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
