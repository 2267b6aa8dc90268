import API
import Crypto
import Messages
import Pages
import Runtime
import WebServer

/// Answers the page's requests: who asks, what the operations say, which view shows it. docs/page.md is the contract.
struct PageSite: Sendable {
    let operations: any Operations
    let logins: PageLogins
    let version: String
    let logger: Logger

    /// A page for who is logged in; else the way to the login and back.
    ///
    /// - Parameter role: that may see it.
    func page(
        _ request: WebRequest, for role: Role = .viewer, _ make: @Sendable (Frame) async throws(Problem) -> Markup
    ) async -> WebResponse {
        guard let visitor = logins.visitor(of: request) else { return Self.redirect(to: Self.login(backTo: request)) }
        return await answer(visitor, for: role) { frame throws(Problem) in Self.html(try await make(frame)) }
    }

    /// What a form of a login asks for, when it proves that it is one.
    func form(
        _ request: WebRequest, for role: Role = .viewer,
        _ act: @Sendable (FormFields, Frame) async throws(Problem) -> WebResponse
    ) async -> WebResponse {
        guard let visitor = logins.visitor(of: request) else { return Self.redirect(to: .login) }
        return await answer(visitor, for: role) { frame throws(Problem) in
            let fields = try Self.fields(of: request)
            guard Sensitive(fields[FormField.token] ?? "") == visitor.formToken else {
                throw Problem(.forbidden, "the form is not of this login: load the page again, and do it once more")
            }
            return try await act(fields, frame)
        }
    }

    private func answer(
        _ visitor: PageLogins.Visitor, for role: Role, _ make: @Sendable (Frame) async throws(Problem) -> WebResponse
    ) async -> WebResponse {
        let frame: Frame
        do throws(Problem) {
            frame = try await self.frame(visitor)
        } catch {
            return Self.html(ProblemPage.page(error), status: error.status)
        }
        do throws(Problem) {
            try Self.require(role, of: frame.actor)
            return try await make(frame)
        } catch {
            return Self.html(ProblemPage.page(error, frame), status: error.status)
        }
    }

    private func frame(_ visitor: PageLogins.Visitor) async throws(Problem) -> Frame {
        let health: Result<Health, Problem>
        do throws(Problem) {
            health = .success(try await operations.health())
        } catch {
            health = .failure(error)
        }
        return Frame(
            actor: visitor.actor, formToken: visitor.formToken.reveal(), formKey: try Self.random(), now: logins.now(),
            health: health, version: version)
    }

    static func require(_ role: Role, of actor: Actor) throws(Problem) {
        guard actor.may(role) else {
            throw Problem(.forbidden, "\(actor.name) may not do this: it takes a token with the role \(role.rawValue)")
        }
    }

    static func random() throws(Problem) -> String {
        do throws(CryptoError) {
            return try PageLogins.randomText()
        } catch {
            throw Problem(.failed, error.description)
        }
    }

    static func fields(of request: WebRequest) throws(Problem) -> FormFields {
        let type = request[header: "Content-Type"]?.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
        guard type == FormFields.contentType else {
            throw Problem(.unsupportedMediaType, "a form is sent as \(FormFields.contentType)")
        }
        guard let fields = FormFields(decoding: request.body) else {
            throw Problem(.invalid, "the form cannot be read: it has more than \(FormFields.limit) fields, or is no UTF-8")
        }
        return fields
    }

    // MARK: - Answers

    /// Nothing but what this server serves, and nothing inline (docs/page.md).
    static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
        + "frame-ancestors 'none'; base-uri 'none'"

    private static let headers: [(name: String, value: String)] = [
        ("Content-Security-Policy", policy), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]

    static func html(_ markup: Markup, status: Int = 200) -> WebResponse {
        WebResponse(
            status: status, headers: headers + [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")],
            body: Array(markup.document.utf8))
    }

    static func asset(_ bytes: [UInt8], contentType: String) -> WebResponse {
        WebResponse(headers: headers + [("Content-Type", contentType), ("Cache-Control", "no-cache")], body: bytes)
    }

    static func redirect(to link: Link) -> WebResponse { redirect(to: link.text) }

    static func redirect(to address: String) -> WebResponse {
        WebResponse(status: 303, headers: headers + [("Location", address), ("Cache-Control", "no-store")])
    }

    private static func login(backTo request: WebRequest) -> Link {
        let segments = request.path.split(separator: "/").map(String.init)
        let here = Link(segments, query: request.query.map { ($0.name, $0.value) })
        return here == .home ? .login : Link(["login"], query: [(FormField.next, here.text)])
    }
}
