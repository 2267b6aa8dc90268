/// Texts as Go's packages `encoding/json`, `strconv` and `strings` write them, which templates made for Stash expect.
enum GoText {
    /// `json.Marshal`: `<`, `>` and `&` are escaped too, so that the text may stand in HTML.
    static func json(_ value: HookTemplate.Value) -> String {
        guard case .text(let text) = value else { return value.text }
        var json = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": json += "\\\""
            case "\\": json += "\\\\"
            case "\n": json += "\\n"
            case "\r": json += "\\r"
            case "\t": json += "\\t"
            case "\u{8}": json += "\\b"
            case "\u{C}": json += "\\f"
            case "\u{0}"..."\u{1F}", "<", ">", "&", "\u{2028}", "\u{2029}": json += "\\u" + hex(scalar, 4)
            default: json.unicodeScalars.append(scalar)
            }
        }
        return json + "\""
    }

    /// `%q`: a Go literal.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\u{7}": quoted += "\\a"
            case "\u{8}": quoted += "\\b"
            case "\u{C}": quoted += "\\f"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case "\u{B}": quoted += "\\v"
            case _ where isPrintable(scalar): quoted.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1F}", "\u{7F}": quoted += "\\x" + hex(scalar, 2)
            case _ where scalar.value < 0x1_0000: quoted += "\\u" + hex(scalar, 4)
            default: quoted += "\\U" + hex(scalar, 8)
            }
        }
        return quoted + "\""
    }

    /// Scalar by scalar, as `strings.ToUpper` does: what becomes several scalars stays as it is.
    static func mapped(_ text: String, _ mapping: (Unicode.Scalar) -> String) -> String {
        var mapped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let other = mapping(scalar).unicodeScalars
            mapped.append(other.count == 1 ? other[other.startIndex] : scalar)
        }
        return String(mapped)
    }

    /// `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the plain space.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: scalar == " "
        default: true
        }
    }

    private static func hex(_ scalar: Unicode.Scalar, _ digits: Int) -> String {
        let text = String(scalar.value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
