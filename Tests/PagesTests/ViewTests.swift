import API
import Messages
import Pages
import Runtime
import Testing

/// What single views say.
@Suite struct ViewTests {
    var samples = Samples()

    func text(_ markup: Markup) -> String { PageScan(markup.html).text }

    func actions(_ markup: Markup) -> [String] {
        PageScan(markup.html).all("form").compactMap { $0.attributes["action"] }.filter { $0 != "/logout" }
    }

    @Test func aStripIsASmallPicture() {
        let days = [Plan.Day(date: "2026-11-26", result: .succeeded), Plan.Day(date: "2026-11-27", result: .failed)]
        var plan = samples.plan(.healthy)
        plan.days = days
        let html = HomePage.page([plan], samples.frame).html
        let golden =
            "<svg class=\"strip\" role=\"img\" aria-label=\"Last 2 days: 1 succeeded, 1 failed\" viewBox=\"0 0 20 18\">"
            + "<title>Last 2 days: 1 succeeded, 1 failed</title>"
            + "<g class=\"day-succeeded\"><title>2026-11-26: succeeded</title><rect x=\"1\" y=\"2\" width=\"8\" height=\"14\"></rect></g>"
            + "<g class=\"day-failed\"><title>2026-11-27: failed</title><path d=\"M11 5L19 13M19 5L11 13\"></path></g></svg>"
        #expect(html.contains(golden))
    }

    @Test func plansInTroubleComeFirst() {
        let html = text(HomePage.page(samples.plans, samples.frame))
        let places = ["broken", "customers", "search", "metrics", "orders-"].compactMap { html.firstRange(of: $0)?.lowerBound }
        #expect(places == places.sorted())
        #expect(html.contains("6 plans: 1 invalid, 1 overdue, 1 failing, 1 never ran, 1 paused, 1 healthy"))
        #expect(html.contains("3 sessions failed since the last success. index orders: shard 3"))
    }

    @Test func buttonsAreThoseOfTheRole() {
        let plan = samples.plan(.healthy)
        func forms(_ roles: Set<Role>) -> [String] {
            var samples = samples
            samples.roles = roles
            return actions(HomePage.page([plan], samples.frame))
                + actions(SessionDetailPage.page(samples.detail(.running), repository: nil, samples.frame))
                + actions(SessionDetailPage.page(samples.detail(.running, kind: .restore), repository: nil, samples.frame))
        }
        let backup = ["/plans/shop/orders/backup", "/plans/shop/orders/pause", "/sessions/4f0c2d/cancel"]
        #expect(forms([]) == [])
        #expect(forms([.viewer]) == [])
        #expect(forms([.operator]) == backup)
        #expect(forms([.restorer]) == ["/sessions/4f0c2d/cancel"])
        #expect(forms([.admin]) == backup + ["/sessions/4f0c2d/cancel"])
    }

    @Test func onlyRestorersAreShownTheWayToARestore() {
        var samples = samples
        func ways() -> Int {
            let list = SnapshotsPage.page(samples.snapshots, namespace: "shop", repository: "local", samples.frame)
            let one = SnapshotPage.page(
                samples.snapshot(), previous: nil, namespace: "shop", repository: "local", samples.frame)
            return PageScan(list.html + one.html).all("a").count { $0.attributes["href"]?.hasSuffix("/restore") == true }
        }
        samples.roles = [.operator]
        #expect(ways() == 0)
        samples.roles = [.restorer]
        #expect(ways() == 5)
    }

    @Test(arguments: [
        (Phase.pending, "Waits: its target shop/orders is being restored by session 77aa"),
        (.running, "511,203 of 1,336,776 documents stored, 200 MiB."), (.succeeded, "1,336,776 documents stored in 4m13s."),
        (.failed, "Failed after 4m13s; 511,203 of 1,336,776 documents stored."),
    ]) func aSessionSaysInASentenceHowItStands(_ phase: Phase, _ sentence: String) {
        #expect(text(SessionDetailPage.page(samples.detail(phase), repository: nil, samples.frame)).contains(sentence))
    }

    @Test func aSessionWhoseDocumentsAreAllDoneIsNotCalledDone() {
        var detail = samples.detail(.running)
        detail.session.documents = detail.session.totalDocuments
        #expect(text(SessionDetailPage.page(detail, repository: nil, samples.frame)).contains("Finishing: counts are compared."))
    }

    @Test func onlyASessionUnderWayIsLoadedAgain() {
        func page(_ phase: Phase) -> PageScan {
            PageScan(SessionDetailPage.page(samples.detail(phase), repository: nil, samples.frame).html)
        }
        let running = page(.running)
        #expect(running.inside("noscript").first?.inner.first?.attributes["http-equiv"] == "refresh")
        #expect(running.all("main").first?.attributes["data-events"] == "/v1/events?session=4f0c2d")
        #expect(page(.succeeded).all("noscript", "script").isEmpty)
    }

    @Test func theWholeErrorIsThere() throws {
        let detail = samples.detail(.failed)
        let error = try #require(detail.session.error)
        let page = SessionDetailPage.page(detail, repository: nil, samples.frame)
        #expect(text(page).contains(error))
        #expect(text(page).contains("sheaf backup orders --namespace shop --wait"))
    }

    @Test func commandsQuoteWhatAShellWouldRead() {
        var samples = samples
        samples.name = "a b'c$(x)"
        let page = SessionDetailPage.page(samples.detail(.failed), repository: nil, samples.frame)
        #expect(page.html.contains(Markup(#"sheaf backup 'a b'\''c$(x)' --namespace shop --wait"#).html))
    }

    @Test func aSnapshotNamesIndicesThatCameAndWent() {
        var before = samples.snapshot(ago: 90_000)
        before.indices[1].name = "renamed"
        let page = SnapshotPage.page(samples.snapshot(), previous: before, namespace: "shop", repository: "local", samples.frame)
        #expect(text(page).contains("gone: renamed"))
        #expect(text(page).contains("new: customers"))
    }

    @Test func theSnapshotBeforeIsOfTheSamePlan() {
        let snapshots = samples.snapshots
        var other = samples.snapshot(ago: 20_000)
        other.invoker.name = "other"
        #expect(SnapshotPage.previous(of: snapshots[0], in: snapshots + [other]) == snapshots[1])
        #expect(SnapshotPage.previous(of: snapshots[3], in: snapshots) == nil)
    }

    @Test func theBannerNamesWhatIsDown() {
        var samples = samples
        samples.health = Health(
            broker: false, manifestErrors: ["plan.yaml:3: no"], workersUp: 0, repositoriesDown: ["shop/vault"], version: "1")
        let down = text(FleetPage.page([], [], samples.frame))
        #expect(down.contains("no connection to the broker"))
        #expect(!down.contains("No worker was heard within 90 seconds"), "without the broker nobody can be heard")
        #expect(down.contains("Repository shop/vault could not be reached"))
        #expect(down.contains("plan.yaml:3: no"))
        samples.health.broker = true
        #expect(text(FleetPage.page([], [], samples.frame)).contains("No worker was heard within 90 seconds"))
        #expect(!HomePage.page([], Samples().frame).html.contains("role=\"alert\""))
    }
}
