/// Text with variables in it as Stash has them: `${NAME}`, and `${NAME:=default}` for one that is not set, or empty.
///
/// A default may have variables itself. Any other `$` stays as it is.
enum VariableText {
    /// What is wrong with a text; a sentence without its place.
    struct Problem: Error, Equatable {
        var message: String
    }

    /// Defaults within defaults.
    private static let deepest = 8

    /// - Throws: for a variable that has neither value nor default, for braces that say something else, and for defaults too deep in others.
    static func expand(_ text: String, with values: [String: String]) throws(Problem) -> String {
        try expand(text, depth: 0) {
            values[$0]
        } known: {
            values.keys.sorted()
        }
    }

    /// Gives every variable the one value, to see whether the text can be read.
    static func expand(_ text: String, unknown value: String) throws(Problem) -> String {
        try expand(text, depth: 0) { _ in
            value
        } known: {
            []
        }
    }

    private static func expand(
        _ text: String, depth: Int, _ lookUp: (String) -> String?, known: () -> [String]
    ) throws(Problem) -> String {
        guard depth <= deepest else { throw Problem(message: "defaults are more than \(deepest) levels deep in each other") }
        var result = ""
        var rest = Substring(text)
        while let start = rest.firstRange(of: "${") {
            result += rest[..<start.lowerBound]
            rest = rest[start.upperBound...]
            guard let end = closingBrace(in: rest) else {
                throw Problem(message: "\"${\(rest.prefix(40))\" has no closing brace")
            }
            result += try value(of: rest[..<end], depth: depth, lookUp, known: known)
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    private static func value(
        of reference: Substring, depth: Int, _ lookUp: (String) -> String?, known: () -> [String]
    ) throws(Problem) -> String {
        let name = reference.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        let rest = reference[name.endIndex...]
        guard !name.isEmpty, rest.isEmpty || rest.hasPrefix(":=") else {
            throw Problem(message: "\"${\(reference)}\" is neither ${NAME} nor ${NAME:=default}")
        }
        if let value = lookUp(String(name)), !value.isEmpty || rest.isEmpty { return value }
        guard !rest.isEmpty else {
            let known = known().joined(separator: ", ")
            throw Problem(message: "there is no variable \(name) here; give a default, ${\(name):=…}, or use one of \(known)")
        }
        return try expand(String(rest.dropFirst(2)), depth: depth + 1, lookUp, known: known)
    }

    private static func closingBrace(in text: Substring) -> Substring.Index? {
        var depth = 0
        var previous: Character?
        for index in text.indices {
            if text[index] == "{", previous == "$" { depth += 1 }
            if text[index] == "}" {
                if depth == 0 { return index }
                depth -= 1
            }
            previous = text[index]
        }
        return nil
    }
}

/// Expands the variables in all values of a node; complaints name the value's own place.
struct VariableExpander {
    let values: [String: String]
    let log: ComplaintLog

    func expand(_ node: YAMLNode, path: String) -> YAMLNode {
        var copy = node
        switch node.content {
        case .scalar(.text(let text)):
            do throws(VariableText.Problem) {
                copy.content = .scalar(.text(try VariableText.expand(text, with: values)))
            } catch {
                log.add(FieldComplaint(.error, at: node.place, path: path, error.message))
            }
        case .scalar: break
        case .sequence(let nodes):
            copy.content = .sequence(nodes.enumerated().map { expand($1, path: "\(path)[\($0)]") })
        case .mapping(let entries):
            copy.content = .mapping(
                entries.map { YAMLNode.Entry(key: $0.key, place: $0.place, value: expand($0.value, path: "\(path).\($0.key)")) })
        }
        return copy
    }
}
