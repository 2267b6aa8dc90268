/// The elements that pages are made of. `HTML.p(.class("note")) { "text" }` is one with its content.
struct HTML: Sendable {
    let name: String
    private let isVoid: Bool

    private init(_ name: String, isVoid: Bool = false) {
        self.name = name
        self.isVoid = isVoid
    }

    func callAsFunction(_ attributes: Attribute?..., @MarkupBuilder content: () -> Markup) -> Markup {
        Markup(self, attributes, content: content())
    }

    /// Without content.
    func callAsFunction(_ attributes: Attribute?...) -> Markup {
        Markup(self, attributes, content: isVoid ? nil : .empty)
    }

    static let html = HTML("html")
    static let head = HTML("head")
    static let title = HTML("title")
    static let meta = HTML("meta", isVoid: true)
    static let link = HTML("link", isVoid: true)
    static let script = HTML("script")
    static let noscript = HTML("noscript")
    static let body = HTML("body")
    static let header = HTML("header")
    static let nav = HTML("nav")
    static let main = HTML("main")
    static let footer = HTML("footer")
    static let section = HTML("section")
    static let article = HTML("article")
    static let div = HTML("div")
    static let span = HTML("span")
    static let h1 = HTML("h1")
    static let h2 = HTML("h2")
    static let h3 = HTML("h3")
    static let p = HTML("p")
    static let a = HTML("a")
    static let strong = HTML("strong")
    static let code = HTML("code")
    static let pre = HTML("pre")
    static let time = HTML("time")
    static let ul = HTML("ul")
    static let li = HTML("li")
    static let dl = HTML("dl")
    static let dt = HTML("dt")
    static let dd = HTML("dd")
    static let table = HTML("table")
    static let caption = HTML("caption")
    static let thead = HTML("thead")
    static let tbody = HTML("tbody")
    static let tr = HTML("tr")
    static let th = HTML("th")
    static let td = HTML("td")
    static let form = HTML("form")
    static let fieldset = HTML("fieldset")
    static let legend = HTML("legend")
    static let label = HTML("label")
    static let input = HTML("input", isVoid: true)
    static let select = HTML("select")
    static let option = HTML("option")
    static let button = HTML("button")
    static let progress = HTML("progress")
    static let details = HTML("details")
    static let summary = HTML("summary")
    static let svg = HTML("svg")
    static let g = HTML("g")
    static let rect = HTML("rect")
    static let path = HTML("path")
}
