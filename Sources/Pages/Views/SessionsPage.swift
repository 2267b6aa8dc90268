package import API
import Messages
import Runtime

/// Sessions, newest first, by what was asked for.
package enum SessionsPage {
    package static func page(_ sessions: SessionPage, _ query: SessionQuery, _ frame: Frame) -> Markup {
        Layout("Sessions", area: .sessions).page(frame) {
            HTML.h1 { "Sessions" }
            filters(query)
            if sessions.sessions.isEmpty {
                if query == SessionQuery() {
                    emptyState("No session yet. Start one with:", command: "sheaf backup PLAN --wait")
                } else {
                    emptyState("No session is like that. Choose less above.")
                }
            } else {
                table(sessions.sessions, query, frame)
            }
            if query.cursor != nil || sessions.next != nil {
                HTML.nav(.class("pages"), .label("Pages")) {
                    if query.cursor != nil { HTML.a(.href(link(query, cursor: nil))) { "Newest" } }
                    if let next = sessions.next { HTML.a(.href(link(query, cursor: next)), .rel("next")) { "Older" } }
                }
            }
        }
    }

    static func link(_ query: SessionQuery, cursor: String?) -> Link {
        Link(["sessions"], query: pairs(query) + [("cursor", cursor)])
    }

    private static func pairs(_ query: SessionQuery) -> [(name: String, value: String?)] {
        [
            ("kind", query.kind?.rawValue), ("phase", query.phase?.rawValue), ("namespace", query.namespace),
            ("plan", query.plan),
        ]
    }

    private static func filters(_ query: SessionQuery) -> Markup {
        Markup(
            HTML.form, Attribute.get(.sessions) + [.class("filters"), .role("search")],
            content: choice("kind", "Kind", SessionKind.allCases.map(\.rawValue), query.kind?.rawValue)
                + choice("phase", "Phase", Phase.allCases.map(\.rawValue), query.phase?.rawValue)
                + field("namespace", "Namespace", query.namespace) + field("plan", "Plan or restore", query.plan)
                + HTML.button(.type("submit")) { "Show" })
    }

    private static func choice(_ name: String, _ label: String, _ values: [String], _ chosen: String?) -> Markup {
        HTML.div {
            HTML.label(.for("filter-\(name)")) { label }
            HTML.select(.id("filter-\(name)"), .name(name)) {
                HTML.option(.value("")) { "any" }
                for value in values { HTML.option(.value(value), value == chosen ? .selected : nil) { value } }
            }
        }
    }

    private static func field(_ name: String, _ label: String, _ value: String?) -> Markup {
        HTML.div {
            HTML.label(.for("filter-\(name)")) { label }
            HTML.input(.type("text"), .id("filter-\(name)"), .name(name), .value(value ?? ""), .notSpellchecked)
        }
    }

    private static func table(_ sessions: [SessionSummary], _ query: SessionQuery, _ frame: Frame) -> Markup {
        var table = DataTable(
            id: "sessions", caption: "Sessions, newest first",
            json: .json("sessions", query: pairs(query) + [("cursor", query.cursor)]),
            columns: [
                .text("Session"), .text("Phase"), .text("Kind"), .text("Target"), .text("Asked for"), .figure("Took"),
                .figure("Documents"), .figure("Stored"), .text("Error"),
            ])
        for session in sessions {
            table.append([
                HTML.a(.href(.session(session.id)), .title(session.id)) {
                    HTML.span(.class("dim")) { "\(session.namespace)/" }
                    session.name
                },
                badge(session.phase), Markup(session.kind.rawValue), Markup(session.target), moment(session.requestedAt),
                Markup(took(session, frame)), Markup(FigureText.exact(session.documents)),
                Markup(session.kind == .backup ? "\(ByteCount(session.storedBytes))" : "–"),
                HTML.span(.class("sentence")) { session.error ?? "" },
            ])
        }
        return table.markup
    }

    static func took(_ session: SessionSummary, _ frame: Frame) -> String {
        session.startedAt == nil && session.phase.isFinal ? "–" : session.duration(at: frame.now).shortText
    }
}
