import API
import WebServer

/// Decides who a request is from.
struct Gate: Sendable {
    let actor: @Sendable (_ token: String) -> Actor?
    /// Who a page's cookie stands for.
    let visitor: @Sendable (WebRequest) -> Actor?

    /// - Throws: `.unauthorized` or `.forbidden`.
    func admit(_ request: WebRequest, _ role: Role) throws(Problem) -> Actor {
        guard let actor = actor(of: request) else {
            throw Problem(
                .unauthorized, "give a token of this Scheduler: Authorization: Bearer TOKEN; \"sheaf token create\" makes one")
        }
        guard actor.may(role) else {
            let needed = role == .admin ? "admin" : "\(role.rawValue) or admin"
            throw Problem(.forbidden, "the token \(actor.name) may not do this; it needs the role \(needed)")
        }
        return actor
    }

    func actor(of request: WebRequest) -> Actor? {
        guard let header = request[header: "Authorization"] else {
            // A page of another site can make a browser send a cookie, but not read the answer: reading is all that a cookie may do here.
            return request.method == "GET" || request.method == "HEAD" ? visitor(request) : nil
        }
        let words = header.split(separator: " ")
        guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
        return actor(String(words[1]))
    }
}
