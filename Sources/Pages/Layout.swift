import API
import Runtime

/// The places of the navigation.
enum Area: String, CaseIterable {
    case plans = "Plans"
    case sessions = "Sessions"
    case repositories = "Repositories"
    case fleet = "Fleet"

    var link: Link {
        switch self {
        case .plans: .home
        case .sessions: .sessions
        case .repositories: .repositories
        case .fleet: .fleet
        }
    }
}

/// What is around the content of each page.
struct Layout {
    var title: String
    var area: Area?
    /// Events that change what the page shows; nil: none does.
    var events: Link?
    /// Where there is no script, the page is loaded again after so many seconds; nil: it is not.
    var refreshSeconds: Int?

    init(_ title: String, area: Area? = nil, events: Link? = nil, refreshSeconds: Int? = nil) {
        self.title = title
        self.area = area
        self.events = events
        self.refreshSeconds = refreshSeconds
    }

    func page(_ frame: Frame, @MarkupBuilder content: () -> Markup) -> Markup {
        document {
            HTML.header(.class("top")) {
                HTML.a(.class("brand"), .href(.home)) { "Sheaf" }
                HTML.nav(.label("Main")) {
                    HTML.ul { for area in Area.allCases { item(area) } }
                }
                account(frame)
            }
            HTML.main(.id("content"), events.map { .events($0) }) {
                Banner.markup(frame)
                content()
            }
            HTML.footer {
                HTML.p {
                    "Sheaf \(frame.version). Times are UTC; this page is of "
                    moment(frame.now)
                    "."
                }
                if events != nil { updates }
            }
        }
    }

    /// For who is not logged in.
    func bare(@MarkupBuilder content: () -> Markup) -> Markup {
        document {
            HTML.header(.class("top")) { HTML.span(.class("brand")) { "Sheaf" } }
            HTML.main(.id("content"), .class("narrow"), content: content)
        }
    }

    private func document(@MarkupBuilder body: () -> Markup) -> Markup {
        HTML.html(.lang("en")) {
            HTML.head {
                HTML.meta(.charset("utf-8"))
                HTML.title { "\(title) – Sheaf" }
                HTML.meta(.name("viewport"), .content("width=device-width, initial-scale=1"))
                HTML.meta(.name("color-scheme"), .content("light dark"))
                HTML.link(.rel("stylesheet"), .href(.style))
                HTML.link(.rel("icon"), .href(.icon), .type("image/svg+xml"))
                if let refreshSeconds {
                    HTML.noscript { Markup(HTML.meta, Attribute.refresh(seconds: refreshSeconds), content: nil) }
                }
                if events != nil { HTML.script(.src(.script), .defer) }
            }
            HTML.body {
                HTML.a(.class("skip"), .href(id: "content")) { "Skip to the content" }
                body()
            }
        }
    }

    private func item(_ area: Area) -> Markup {
        HTML.li { HTML.a(.href(area.link), area == self.area ? .current("page") : nil) { area.rawValue } }
    }

    private func account(_ frame: Frame) -> Markup {
        postForm(.logout, frame, class: "account") {
            HTML.span(.title(frame.actor.roleText)) {
                HTML.span(.class("reader")) { "Logged in as " }
                frame.actor.name
            }
            HTML.button(.type("submit"), .class("plain")) { "Log out" }
        }
    }

    /// The script shows these; without it there is nothing to pause.
    private var updates: Markup {
        HTML.div(.class("updates")) {
            HTML.span(.id("updates"), .politely) { "" }
            HTML.button(.type("button"), .id("pause"), .hidden) { "Pause updates" }
        }
    }
}

extension Actor {
    var roleText: String {
        roles.isEmpty ? "viewer" : roles.map(\.rawValue).sorted().joined(separator: ", ")
    }
}
