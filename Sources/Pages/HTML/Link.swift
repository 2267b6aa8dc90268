/// An address on this server: `/`, segments and a query, each percent-encoded. It cannot lead elsewhere.
package struct Link: Sendable, Equatable {
    package let text: String

    /// - Parameter query: those without a value are left out.
    package init(_ segments: [String], query: [(name: String, value: String?)] = []) {
        let pairs = query.compactMap { pair in
            pair.value.flatMap { $0.isEmpty ? nil : "\(Self.encoded(pair.name))=\(Self.encoded($0))" }
        }
        text = "/" + segments.map(Self.segment).joined(separator: "/") + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
    }

    package init(_ segments: String...) { self.init(segments) }

    /// Browsers take `.` and `..` out of a path, also when they are encoded: a segment of dots alone gets a character that no name has.
    private static func segment(_ text: String) -> String {
        text == "." || text == ".." ? encoded(text + "\u{FFFD}") : encoded(text)
    }

    /// All bytes but RFC 3986's unreserved characters.
    private static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: encoded.append(Character(Unicode.Scalar(byte)))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return encoded
    }
}

extension Link {
    package static let home = Link()
    package static let login = Link("login")
    package static let logout = Link("logout")
    package static let sessions = Link("sessions")
    package static let repositories = Link("repositories")
    package static let fleet = Link("fleet")
    package static let style = Link("assets", "page.css")
    package static let icon = Link("assets", "icon.svg")
    package static let script = Link("assets", "page.js")

    package static func session(_ id: String) -> Link { Link("sessions", id) }

    package static func sessions(ofPlan name: String, namespace: String) -> Link {
        Link(["sessions"], query: [("namespace", namespace), ("plan", name)])
    }

    package static func repository(_ namespace: String, _ name: String) -> Link { Link("repositories", namespace, name) }

    package static func snapshots(_ namespace: String, _ repository: String) -> Link {
        Link("repositories", namespace, repository, "snapshots")
    }

    package static func snapshot(_ id: String, _ namespace: String, _ repository: String) -> Link {
        Link("repositories", namespace, repository, "snapshots", id)
    }

    package static func restore(_ id: String, _ namespace: String, _ repository: String) -> Link {
        Link("repositories", namespace, repository, "snapshots", id, "restore")
    }

    package static func startRestore(_ id: String, _ namespace: String, _ repository: String) -> Link {
        Link("repositories", namespace, repository, "snapshots", id, "restore", "start")
    }

    /// - Parameter verb: `backup`, `pause` or `resume`.
    package static func plan(_ namespace: String, _ name: String, verb: String) -> Link { Link("plans", namespace, name, verb) }

    package static func cancel(_ session: String) -> Link { Link("sessions", session, "cancel") }

    /// The same as JSON, or as events.
    package static func json(_ segments: String..., query: [(name: String, value: String?)] = []) -> Link {
        Link(["v1"] + segments, query: query)
    }
}
