package import API
import Pages
package import Runtime
package import WebServer

/// What answers for the page (docs/page.md).
///
/// - Parameters:
///   - logins: shared with the API, which lets their cookie read.
///   - version: of the program.
package func pageRoutes(
    operations: any Operations, logins: PageLogins, version: String, logger: Logger
) -> [WebRoute] {
    let site = PageSite(operations: operations, logins: logins, version: version, logger: logger)
    let repository = "/repositories/{namespace}/{repository}"
    let snapshot = "\(repository)/snapshots/{snapshot}"
    return [
        .get("/assets/page.css") { _ in PageSite.asset(Assets.style, contentType: "text/css; charset=utf-8") },
        .get("/assets/page.js") { _ in PageSite.asset(Assets.script, contentType: "text/javascript; charset=utf-8") },
        .get("/assets/icon.svg") { _ in PageSite.asset(Assets.icon, contentType: "image/svg+xml") },
        .get("/login") { site.loginForm($0) },
        .post("/login") { site.logIn($0) },
        .post("/logout") { await site.logOut($0) },
        .get("/") { await site.home($0) },
        .get("/sessions") { await site.sessions($0) },
        .get("/sessions/{session}") { await site.session($0) },
        .post("/sessions/{session}/cancel") { await site.cancel($0) },
        .post("/plans/{namespace}/{plan}/backup") { await site.startBackup($0) },
        .post("/plans/{namespace}/{plan}/pause") { await site.pause($0) },
        .post("/plans/{namespace}/{plan}/resume") { await site.resume($0) },
        .get("/repositories") { await site.repositories($0) },
        .get(repository) { await site.repository($0) },
        .get("\(repository)/snapshots") { await site.snapshots($0) },
        .get(snapshot) { await site.snapshot($0) },
        .get("\(snapshot)/restore") { await site.restoreForm($0) },
        .post("\(snapshot)/restore") { await site.planRestore($0) },
        .post("\(snapshot)/restore/start") { await site.startRestore($0) },
        .get("/fleet") { await site.fleet($0) },
    ]
}
