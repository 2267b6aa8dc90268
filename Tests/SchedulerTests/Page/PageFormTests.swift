import API
import Messages
import Runtime
import Testing

@testable import Scheduler
@testable import WebServer

@Suite struct PageFormTests {
    static let snapshot = "/repositories/shop/local/snapshots/20261123T140211Z-4f0c"

    func visit(_ token: String) async -> PageVisit {
        let visit = PageVisit()
        _ = await visit.logIn(token)
        return visit
    }

    @Test func everyPageForbidsWhatIsNotOurs() async {
        let visit = await visit("admin-secret")
        for path in ["/", "/login", "/sessions/4f", "/assets/page.js", "/assets/page.css", "/sessions/A"] {
            let response = await visit.get(path)
            #expect(response.header("Content-Security-Policy") == PageSite.policy)
            #expect(response.header("X-Content-Type-Options") == "nosniff")
        }
        #expect(await visit.get("/").header("Cache-Control") == "no-store")
    }

    @Test(arguments: [
        ("viewer-secret", [403, 403, 403, 403]), ("operator-secret", [303, 303, 303, 403]),
        ("restorer-secret", [403, 403, 403, 200]), ("admin-secret", [303, 303, 303, 200]),
    ]) func rolesDecideWhatIsDone(_ token: String, _ expected: [Int]) async {
        let visit = await visit(token)
        var statuses: [Int] = []
        for path in ["/plans/shop/orders/backup", "/plans/shop/orders/pause", "/sessions/4f/cancel"] {
            statuses.append(await visit.submit(path).status)
        }
        statuses.append(await visit.submit("\(Self.snapshot)/restore", [("target", "shop/es")]).status)
        #expect(statuses == expected)
        #expect(visit.operations.calls.count { !$0.hasPrefix("plans") } == expected.count { $0 != 403 })
    }

    @Test func whoMayRestoreMayCancelRestoresAlone() async {
        let restorer = await visit("restorer-secret")
        restorer.operations.state.withLock { $0.kind = .restore }
        #expect(await restorer.submit("/sessions/4f/cancel", [("reason", "by mistake")]).location == "/sessions/4f")
        #expect(restorer.operations.calls.last == "cancel 4f by mistake by rita")
        let operatorVisit = await visit("operator-secret")
        operatorVisit.operations.state.withLock { $0.kind = .restore }
        let refused = await operatorVisit.submit("/sessions/4f/cancel")
        #expect(refused.status == 403)
        #expect(refused.text.contains("restorer"))
    }

    @Test func aFormWithoutItsTokenIsRefused() async {
        let visit = await visit("admin-secret")
        for fields in [[], [("formToken", "")], [("formToken", "forged")]] {
            let response = await visit.post("/plans/shop/orders/backup", fields)
            #expect(response.status == 403)
            #expect(response.text.contains("load the page again"))
        }
        let other = await self.visit("admin-secret").formToken(of: "/")
        #expect(await visit.post("/plans/shop/orders/backup", [("formToken", other)]).status == 403)
        #expect(!visit.operations.calls.contains { $0.hasPrefix("backup") })
    }

    @Test func aFormOfAnotherTypeIsRefused() async {
        let visit = await visit("admin-secret")
        let token = await visit.formToken(of: "/")
        #expect(await visit.post("/plans/shop/orders/backup", [("formToken", token)], type: "text/plain").status == 415)
        #expect(await visit.post("/logout", [("formToken", token), ("x=%ff&y", "")]).status == 400)
    }

    @Test func aBackupStartsUnderTheKeyOfItsForm() async {
        let visit = await visit("operator-secret")
        #expect(await visit.submit("/plans/shop/orders/backup", [("key", "k1")]).location == "/sessions/b1")
        #expect(visit.operations.calls.last == "backup shop/orders k1 by otto")
        _ = await visit.submit("/plans/shop/orders/resume")
        #expect(visit.operations.calls.last == "resume shop/orders by otto")
    }

    @Test func problemsArePages() async {
        let visit = await visit("admin-secret")
        visit.operations.state.withLock { $0.problem = Problem(.unreachable, "no worker <answers>") }
        let response = await visit.get("/")
        #expect(response.status == 504)
        #expect(response.text.contains("no worker &lt;answers&gt;"))
        #expect(await visit.get("/sessions/NO").status == 404)
        #expect(await visit.get("/sessions", query: [("phase", "Done")]).status == 400)
        #expect(await visit.get("/repositories/shop/other").status == 404)
    }

    @Test func filtersReachTheQuestion() async {
        let visit = await visit("viewer-secret")
        #expect(await visit.get("/sessions", query: [("phase", "Failed"), ("plan", "orders"), ("kind", "")]).status == 200)
        #expect(visit.operations.calls == ["sessions Failed orders"])
    }

    @Test func aRestoreIsPlannedConfirmedAndStarted() async {
        let visit = await visit("restorer-secret")
        #expect(await visit.get("\(Self.snapshot)/restore").status == 200)
        let choice = [("target", "shop/es"), ("prefix", "new-"), ("indices", "orders")]
        let plan = await visit.submit("\(Self.snapshot)/restore", choice)
        #expect(plan.text.contains("→ new-orders"))
        #expect(plan.text.contains("value=\"hash-1\""))
        let confirmed = choice + [("planHash", "hash-1"), ("confirmation", "shop/es")]
        #expect(await visit.submit("\(Self.snapshot)/restore/start", confirmed).location == "/sessions/e5")
        #expect(visit.operations.calls.contains("plan AppBinding shop/es new-"))
        #expect(visit.operations.calls.last == "restore AppBinding shop/es hash-1 by rita")
    }

    @Test(arguments: ["", "es", "shop/ES", "shop/es2"]) func anotherNameThanTheTargetsStartsNothing(_ typed: String) async {
        let visit = await visit("restorer-secret")
        let fields = [("target", "shop/es"), ("planHash", "hash-1"), ("confirmation", typed)]
        let response = await visit.submit("\(Self.snapshot)/restore/start", fields)
        #expect(response.status == 400)
        #expect(response.text.contains("nothing was started"))
        #expect(response.text.contains("name=\"confirmation\""))
        #expect(!visit.operations.calls.contains { $0.hasPrefix("restore") })
    }

    @Test func aPlanThatChangedIsShownAnew() async {
        let visit = await visit("restorer-secret")
        let fields = [("target", "shop/es"), ("planHash", "hash-0"), ("confirmation", "shop/es")]
        let response = await visit.submit("\(Self.snapshot)/restore/start", fields)
        #expect(response.status == 409)
        #expect(response.text.contains("has changed since"))
        #expect(response.text.contains("value=\"hash-1\""))
    }

    @Test func aPlanWithProblemsCannotBeConfirmed() async {
        let visit = await visit("restorer-secret")
        visit.operations.state.withLock { $0.planProblems = ["index orders is there"] }
        let response = await visit.submit("\(Self.snapshot)/restore", [("target", "shop/es"), ("prefix", "kept-")])
        #expect(response.text.contains("index orders is there"))
        #expect(!response.text.contains("name=\"confirmation\""))
        #expect(response.text.contains("value=\"kept-\""))
    }
}
