/// One attribute of an element; its value is escaped where it is written. There is none that holds a style or a script.
struct Attribute: Sendable {
    let name: String
    /// Nil for one that is there or not.
    let value: String?

    private init(_ name: String, _ value: String?) {
        self.name = name
        self.value = value
    }

    static func `class`(_ value: String) -> Attribute { Attribute("class", value) }
    static func id(_ value: String) -> Attribute { Attribute("id", value) }
    static func lang(_ value: String) -> Attribute { Attribute("lang", value) }
    static func title(_ value: String) -> Attribute { Attribute("title", value) }
    static func role(_ value: String) -> Attribute { Attribute("role", value) }

    // What people with a screen reader are told.
    static func label(_ value: String) -> Attribute { Attribute("aria-label", value) }
    static func labelledBy(_ id: String) -> Attribute { Attribute("aria-labelledby", id) }
    static func describedBy(_ id: String) -> Attribute { Attribute("aria-describedby", id) }
    static func current(_ value: String) -> Attribute { Attribute("aria-current", value) }
    /// Says changes of the content when nothing else is being said.
    static let politely = Attribute("aria-live", "polite")
    static let hiddenFromReaders = Attribute("aria-hidden", "true")

    // Links and head.
    static func href(_ link: Link) -> Attribute { Attribute("href", link.text) }
    /// A place on the same page.
    static func href(id: String) -> Attribute { Attribute("href", "#" + id) }
    static func src(_ link: Link) -> Attribute { Attribute("src", link.text) }
    static func rel(_ value: String) -> Attribute { Attribute("rel", value) }
    static func charset(_ value: String) -> Attribute { Attribute("charset", value) }
    static func name(_ value: String) -> Attribute { Attribute("name", value) }
    static func content(_ value: String) -> Attribute { Attribute("content", value) }
    static func refresh(seconds: Int) -> [Attribute?] {
        [Attribute("http-equiv", "refresh"), Attribute("content", String(seconds))]
    }
    static let `defer` = Attribute("defer", nil)

    // Forms.
    static func post(_ link: Link) -> [Attribute?] { [Attribute("method", "post"), Attribute("action", link.text)] }
    static func get(_ link: Link) -> [Attribute?] { [Attribute("method", "get"), Attribute("action", link.text)] }
    static func type(_ value: String) -> Attribute { Attribute("type", value) }
    static func value(_ value: String) -> Attribute { Attribute("value", value) }
    static func `for`(_ id: String) -> Attribute { Attribute("for", id) }
    static func autocomplete(_ value: String) -> Attribute { Attribute("autocomplete", value) }
    static func placeholder(_ value: String) -> Attribute { Attribute("placeholder", value) }
    static func max(_ value: Int) -> Attribute { Attribute("max", String(value)) }
    static let required = Attribute("required", nil)
    static let checked = Attribute("checked", nil)
    static let selected = Attribute("selected", nil)
    static let hidden = Attribute("hidden", nil)
    static let notSpellchecked = Attribute("spellcheck", "false")

    // Tables.
    static func scope(_ value: String) -> Attribute { Attribute("scope", value) }
    static func colspan(_ count: Int) -> Attribute { Attribute("colspan", String(count)) }
    static func datetime(_ value: String) -> Attribute { Attribute("datetime", value) }
    /// So that a scrolled table can be reached by keyboard.
    static let focusable = Attribute("tabindex", "0")

    // What the script reads: a text, value or state that it renews, by a key of its own on the page.
    static func live(_ key: String) -> Attribute { Attribute("data-live", key) }
    static func events(_ link: Link) -> Attribute { Attribute("data-events", link.text) }

    // SVG.
    static func viewBox(width: Int, height: Int) -> Attribute { Attribute("viewBox", "0 0 \(width) \(height)") }
    static func x(_ value: Int) -> Attribute { Attribute("x", String(value)) }
    static func y(_ value: Int) -> Attribute { Attribute("y", String(value)) }
    static func width(_ value: Int) -> Attribute { Attribute("width", String(value)) }
    static func height(_ value: Int) -> Attribute { Attribute("height", String(value)) }
    /// Lines through points: those of each line one after the other.
    static func lines(_ lines: [[(x: Int, y: Int)]]) -> Attribute {
        Attribute(
            "d",
            lines.map { line in
                line.enumerated().map { "\($0.offset == 0 ? "M" : "L")\($0.element.x) \($0.element.y)" }.joined()
            }.joined())
    }
}
