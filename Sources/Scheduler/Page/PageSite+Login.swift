import API
import Crypto
import Messages
import Pages
import Runtime
import WebServer

extension PageSite {
    /// Ties the login's form to the browser that loaded it, before there is a login.
    private static let formCookie = "sheaf_form"

    func loginForm(_ request: WebRequest) -> WebResponse {
        loginForm(request, next: Self.next(request[query: FormField.next]), complaint: nil, status: 200)
    }

    private func loginForm(_ request: WebRequest, next: String?, complaint: String?, status: Int) -> WebResponse {
        do throws(Problem) {
            let token = try Self.random()
            var response = Self.html(LoginPage.page(formToken: token, next: next, complaint: complaint), status: status)
            let cookie = SetCookie(name: Self.formCookie, value: token, isSecure: Self.isSecure(request))
            response.headers.append(cookie.header)
            return response
        } catch {
            return Self.html(ProblemPage.page(error), status: error.status)
        }
    }

    func logIn(_ request: WebRequest) -> WebResponse {
        do throws(Problem) {
            let fields = try Self.fields(of: request)
            let next = Self.next(fields[FormField.next])
            let given = Sensitive(fields[FormField.token] ?? "")
            guard !given.isEmpty, given == Sensitive(request[cookie: Self.formCookie] ?? "") else {
                return loginForm(
                    request, next: next, complaint: "The form was too old, or cookies are turned off: try again.", status: 403)
            }
            let token = (fields[FormField.accessToken] ?? "").filter { !$0.isWhitespace }
            switch try begin(token) {
            case .begun(let id, let actor):
                logger.info("logged in to the page", metadata: ["actor": .string(actor.name)])
                var response = Self.redirect(to: next ?? Link.home.text)
                let seconds = Int(LoginBook.lifetime.seconds)
                response.headers.append(
                    SetCookie(name: PageLogins.cookie, value: id, seconds: seconds, isSecure: Self.isSecure(request)).header)
                return response
            case .wrong:
                logger.warning("a login to the page was refused", metadata: ["reason": "wrong token"])
                return loginForm(request, next: next, complaint: "There is no such token.", status: 401)
            case .tooMany(let wait):
                let seconds = Int(wait.seconds.rounded(.up))
                var response = loginForm(
                    request, next: next, complaint: "Too many wrong tokens were tried: wait \(seconds) s, then try again.",
                    status: 429)
                response.headers.append(("Retry-After", String(seconds)))
                return response
            }
        } catch {
            return Self.html(ProblemPage.page(error), status: error.status)
        }
    }

    func logOut(_ request: WebRequest) async -> WebResponse {
        await form(request) { _, frame throws(Problem) in
            logins.end(of: request)
            logger.info("logged out of the page", metadata: ["actor": .string(frame.actor.name)])
            var response = Self.redirect(to: .login)
            response.headers.append(
                SetCookie(name: PageLogins.cookie, value: "", seconds: 0, isSecure: Self.isSecure(request)).header)
            return response
        }
    }

    private func begin(_ token: String) throws(Problem) -> PageLogins.Attempt {
        do throws(CryptoError) {
            return try logins.begin(token: token)
        } catch {
            throw Problem(.failed, error.description)
        }
    }

    private static func isSecure(_ request: WebRequest) -> Bool { request[header: "X-Forwarded-Proto"] == "https" }

    /// A path of this server; nil for anything that a browser could take for another's address.
    static func next(_ text: String?) -> String? {
        guard let text, text.hasPrefix("/"), !text.hasPrefix("//"), text.utf8.count <= 2000,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") })
        else { return nil }
        return text
    }
}
