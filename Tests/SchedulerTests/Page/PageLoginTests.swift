import API
import Messages
import Runtime
import Testing

@testable import Scheduler
@testable import WebServer

@Suite struct PageLoginTests {
    @Test(arguments: [
        "/", "/sessions", "/sessions/4f", "/repositories", "/repositories/a/b", "/repositories/a/b/snapshots", "/fleet",
    ])
    func withoutALoginEveryPageLeadsToIt(_ path: String) async {
        let visit = PageVisit()
        let response = await visit.get(path)
        #expect(response.status == 303)
        #expect(response.location?.hasPrefix("/login") == true)
        #expect(visit.operations.calls.isEmpty)
    }

    @Test(arguments: ["/logout", "/sessions/4f/cancel", "/plans/shop/orders/backup", "/plans/shop/orders/pause"])
    func withoutALoginNothingIsDone(_ path: String) async {
        let visit = PageVisit()
        #expect(await visit.post(path, [("formToken", "x")]).location == "/login")
        #expect(visit.operations.calls.isEmpty)
    }

    @Test func theWayToTheLoginIsTheWayBack() async {
        let visit = PageVisit()
        let away = await visit.get("/sessions", query: [("plan", "a&b")])
        #expect(away.location == "/login?next=%2Fsessions%3Fplan%3Da%2526b")
        #expect(await visit.logIn("viewer-secret", next: "/sessions?plan=a%26b").location == "/sessions?plan=a%26b")
    }

    @Test(arguments: ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil", "evil"])
    func aLoginLeadsNowhereElse(_ next: String) async {
        #expect(await PageVisit().logIn("viewer-secret", next: next).location == "/")
    }

    @Test func aLoginIsACookieThatScriptsAndOtherSitesDoNotSee() async throws {
        let visit = PageVisit()
        let form = await visit.formToken(of: "/login")
        let plain = await visit.post("/login", [("formToken", form), ("token", " admin-secret\n")])
        let cookie = try #require(plain.header("Set-Cookie"))
        #expect(cookie.wholeMatch(of: /sheaf_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200/) != nil)
        #expect(await visit.get("/").status == 200)
        let again = await visit.formToken(of: "/login")
        let secure = await visit.post(
            "/login", [("formToken", again), ("token", "admin-secret")], more: [("X-Forwarded-Proto", "https")])
        #expect(secure.header("Set-Cookie")?.hasSuffix("; Secure") == true)
    }

    @Test func aWrongTokenIsNotRepeated() async {
        let visit = PageVisit()
        let response = await visit.logIn("wrong-secret")
        #expect(response.status == 401)
        #expect(!response.text.contains("wrong-secret"))
        #expect(await visit.get("/").status == 303)
    }

    @Test func aLoginNeedsTheFormOfThisBrowser() async {
        let visit = PageVisit()
        #expect(await visit.post("/login", [("token", "admin-secret")]).status == 403)
        _ = await visit.get("/login")
        #expect(await visit.post("/login", [("formToken", "forged"), ("token", "admin-secret")]).status == 403)
        #expect(await visit.get("/").status == 303)
    }

    @Test func wrongTokensAreSlowedDownAndLoginsThatStandGoOn() async {
        let visit = PageVisit()
        _ = await visit.logIn("viewer-secret")
        for _ in 0..<LoginBook.purse { #expect(await visit.logIn("wrong").status == 401) }
        let refused = await visit.logIn("wrong")
        #expect(refused.status == 429)
        #expect(refused.header("Retry-After") == "3")
        #expect(await visit.get("/").status == 200)
        // A right token is let in at once, whatever others try.
        #expect(await visit.logIn("admin-secret").status == 303)
        visit.now.withLock { $0 = $0 + .seconds(3) }
        #expect(await visit.logIn("wrong").status == 401)
    }

    @Test func aTokenThatIsTakenAwayEndsItsLogin() async {
        let visit = PageVisit()
        _ = await visit.logIn("operator-secret")
        #expect(await visit.get("/").text.contains("Run now"))
        visit.tokens.withLock { $0["operator-secret"] = Actor(name: "otto", roles: [.viewer]) }
        #expect(await !visit.get("/").text.contains("Run now"))
        visit.tokens.withLock { $0["operator-secret"] = nil }
        #expect(await visit.get("/").status == 303)
    }

    @Test func aLoginIsOverAfterTwelveHours() async {
        let visit = PageVisit()
        _ = await visit.logIn("viewer-secret")
        visit.now.withLock { $0 = $0 + .seconds(12 * 3600) }
        #expect(await visit.get("/").status == 303)
    }

    @Test func loggingOutEndsTheLoginItself() async throws {
        let visit = PageVisit()
        _ = await visit.logIn("viewer-secret")
        let cookie = try #require(visit.cookies["sheaf_session"])
        #expect(await visit.post("/logout").status == 403)
        #expect(await visit.submit("/logout").location == "/login")
        #expect(visit.cookies["sheaf_session"] == nil)
        #expect(visit.logins.actor(of: WebRequest(path: "/", headers: [("Cookie", "sheaf_session=\(cookie)")])) == nil)
    }

    @Test func theCookieReadsForTheAPI() async {
        let visit = PageVisit()
        _ = await visit.logIn("restorer-secret")
        let request = WebRequest(
            path: "/v1/plans", headers: [("Cookie", "sheaf_session=\(visit.cookies["sheaf_session"] ?? "")")])
        #expect(visit.logins.actor(of: request)?.name == "rita")
        #expect(visit.logins.actor(of: WebRequest(path: "/v1/plans", headers: [("Cookie", "sheaf_session=x")])) == nil)
    }
}
