/// HTML that is well formed: made of texts, which are escaped, and of elements.
package struct Markup: Sendable, Equatable {
    package private(set) var html: String

    package static let empty = Markup(html: "")

    /// Escapes what has a meaning in text and in quoted attributes. Control characters, which HTML does not allow, become U+FFFD.
    package init(_ text: String) { html = Self.escaped(text) }

    private init(html: String) { self.html = html }

    /// One element around its content; nil stands for an element without an end tag.
    init(_ tag: HTML, _ attributes: [Attribute?], content: Markup?) {
        var html = "<" + tag.name
        for case let attribute? in attributes {
            html += " " + attribute.name
            if let value = attribute.value { html += "=\"" + Self.escaped(value) + "\"" }
        }
        html += ">"
        if let content { html += content.html + "</" + tag.name + ">" }
        self.html = html
    }

    package static func + (left: Markup, right: Markup) -> Markup { Markup(html: left.html + right.html) }

    /// The whole document, with its doctype.
    package var document: String { "<!DOCTYPE html>\n" + html + "\n" }

    package static func escaped(_ text: String) -> String {
        var safe = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": safe.append(contentsOf: "&amp;".unicodeScalars)
            case "<": safe.append(contentsOf: "&lt;".unicodeScalars)
            case ">": safe.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": safe.append(contentsOf: "&quot;".unicodeScalars)
            case "'": safe.append(contentsOf: "&#39;".unicodeScalars)
            case "\n", "\t", "\r": safe.append(scalar)
            default: safe.append(isAllowed(scalar) ? scalar : "\u{FFFD}")
            }
        }
        return String(safe)
    }

    /// Neither control characters nor marks that reorder what is read: a name must look like what it is.
    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x200E...0x200F, 0x202A...0x202E, 0x2066...0x2069: false
        default: true
        }
    }
}

/// Collects what stands inside an element: markup, and strings, which are escaped.
@resultBuilder
package enum MarkupBuilder {
    package static func buildExpression(_ markup: Markup) -> Markup { markup }
    package static func buildExpression(_ markup: Markup?) -> Markup { markup ?? .empty }
    package static func buildExpression(_ text: String) -> Markup { Markup(text) }
    package static func buildBlock() -> Markup { .empty }
    package static func buildPartialBlock(first: Markup) -> Markup { first }
    package static func buildPartialBlock(accumulated: Markup, next: Markup) -> Markup { accumulated + next }
    package static func buildOptional(_ markup: Markup?) -> Markup { markup ?? .empty }
    package static func buildEither(first: Markup) -> Markup { first }
    package static func buildEither(second: Markup) -> Markup { second }
    package static func buildArray(_ parts: [Markup]) -> Markup { parts.reduce(.empty, +) }
}
