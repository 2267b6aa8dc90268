import Runtime

/// Cuts a template into texts and actions, and an action into its words.
struct HookTemplateLexer {
    enum Token: Equatable {
        /// A function or a keyword.
        case name(String)
        /// What stands behind the dot: `Status.Phase`; empty for the dot alone.
        case field(String)
        case literal(HookTemplate.Value)
        case open
        case close
        case pipe
    }

    enum Piece: Equatable {
        case text(String)
        case action([Token])
    }

    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var trimsNext = false

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    /// Nil at the end.
    mutating func next() throws(RuntimeError) -> Piece? {
        if trimsNext { skipSpaces() }
        trimsNext = false
        guard position < scalars.count else { return nil }
        if stands("{{") {
            position += 2
            return try action()
        }
        let begin = position
        while position < scalars.count, !stands("{{") { position += 1 }
        var end = position
        // `{{-` and a space take the white space before it.
        if stands("{{-"), isSpace(position + 3) {
            while end > begin, isSpace(end - 1) { end -= 1 }
        }
        return .text(text(begin..<end))
    }

    private mutating func action() throws(RuntimeError) -> Piece {
        if stands("-"), isSpace(position + 1) { position += 1 }
        skipSpaces()
        let isComment = stands("/*")
        if isComment {
            while position < scalars.count, !stands("*/") { position += 1 }
            position += 2
        }
        var tokens: [Token] = []
        while true {
            let hasSpace = isSpace(position)
            skipSpaces()
            guard position < scalars.count else { throw Self.error("an action is not closed with }}") }
            trimsNext = hasSpace && stands("-}}")
            if trimsNext || stands("}}") {
                position += trimsNext ? 3 : 2
                return isComment ? .text("") : .action(tokens)
            }
            guard !isComment else { throw Self.error("a comment must be alone in its action") }
            tokens.append(try token())
        }
    }

    private mutating func token() throws(RuntimeError) -> Token {
        let first = scalars[position]
        switch first {
        case "(", ")", "|":
            position += 1
            return first == "(" ? .open : first == ")" ? .close : .pipe
        case ".":
            position += 1
            return .field(word { Self.isLetter($0) || $0 == "." })
        case "\"": return .literal(.text(try quotedText()))
        case "`":
            let begin = position + 1
            guard let end = scalars[begin...].firstIndex(of: "`") else { throw Self.error("a text is not closed with `") }
            position = end + 1
            return .literal(.text(text(begin..<end)))
        case "0"..."9", "-", "+":
            position += 1
            let digits = word { Self.isLetter($0) || $0 == "." }
            guard let number = Int("\(first)\(digits)") else { throw Self.error("\(first)\(digits) is no whole number") }
            return .literal(.number(number))
        case _ where Self.isLetter(first):
            let name = word(Self.isLetter)
            return name == "true" || name == "false" ? .literal(.flag(name == "true")) : .name(name)
        default: throw Self.error("\"\(first)\" has no meaning here; \(HookTemplateParser.known)")
        }
    }

    private mutating func quotedText() throws(RuntimeError) -> String {
        var text = String.UnicodeScalarView()
        position += 1
        while position < scalars.count, scalars[position] != "\n" {
            let scalar = scalars[position]
            position += 1
            switch scalar {
            case "\"": return String(text)
            case "\\": text.append(try escaped())
            default: text.append(scalar)
            }
        }
        throw Self.error("a text is not closed with \"")
    }

    /// What stands behind a backslash, by Go's rules.
    private mutating func escaped() throws(RuntimeError) -> Unicode.Scalar {
        guard position < scalars.count else { throw Self.error("a text is not closed with \"") }
        let scalar = scalars[position]
        position += 1
        let plain: [Unicode.Scalar: Unicode.Scalar] = [
            "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "\"": "\"", "a": "\u{7}", "b": "\u{8}", "f": "\u{C}", "v": "\u{B}",
        ]
        if let plain = plain[scalar] { return plain }
        let digits: [Unicode.Scalar: Int] = ["x": 2, "u": 4, "U": 8]
        if let count = digits[scalar], position + count <= scalars.count {
            let hex = text(position..<position + count)
            position += count
            if let code = UInt32(hex, radix: 16), let scalar = Unicode.Scalar(code) { return scalar }
        }
        throw Self.error("\"\\\(scalar)\" is no escape in a text")
    }

    private mutating func word(_ belongs: (Unicode.Scalar) -> Bool) -> String {
        let begin = position
        while position < scalars.count, belongs(scalars[position]) { position += 1 }
        return text(begin..<position)
    }

    private mutating func skipSpaces() {
        while isSpace(position) { position += 1 }
    }

    private func stands(_ text: String) -> Bool { scalars[min(position, scalars.count)...].starts(with: text.unicodeScalars) }

    private func isSpace(_ position: Int) -> Bool {
        scalars.indices.contains(position) && [" ", "\t", "\r", "\n"].contains(scalars[position])
    }

    private func text(_ range: Range<Int>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[range])
        return String(view)
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
    }

    static func error(_ message: String) -> RuntimeError {
        RuntimeError(code: .badFormat, message: "the template cannot be read: \(message)")
    }
}
