import Bus
import Foundation
import Glibc
import HTTP
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// The HTTP API of the real program: docs/api.md.
    @Suite struct APITests {
        private static let manifest: JSONValue = [
            "apiVersion": "stash.appscode.com/v1beta1", "kind": "RestoreSession", "metadata": ["name": "back"],
        ]

        @Test(.requires(.defaultEngine), .timeLimit(.minutes(4)))
        func aBackupIsStartedFollowedAndRestoredByHTTPAlone() async throws {
            let engine = try Engine(.defaultEngine)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index, "\(site.prefix)-again"]) {
                    try await engine.fill(index, documents: 300, filling: 100, shards: 2)
                    try site.declare(.defaultEngine)
                    try site.declarePlan("nightly", indices: index, schedule: "59 23 31 12 *")
                    let scheduler = try await site.startScheduler()
                    try await site.startWorker("one")
                    let api = try await site.api(of: scheduler)

                    let plan = try await api.get("/v1/plans/default/nightly").json
                    #expect(
                        plan["health"]?.string == "never" && plan["nextRun"]?.string?.contains("-12-31T23:59:00") == true,
                        "\(plan)")
                    #expect(try await api.get("/v1/plans/default/nightly/next-runs?count=3").json.array?.count == 3)

                    // The same key is one session, however often.
                    let started = try await api.post("/v1/plans/default/nightly/sessions", key: "one")
                    #expect(started.status == 202, "\(started)")
                    let id = try #require(try started.json["session"]?.string)
                    #expect(started.headers["Location"] == "/v1/sessions/\(id)")
                    #expect(try await api.post("/v1/plans/default/nightly/sessions", key: "one").json["session"]?.string == id)
                    let done = try await api.get("/v1/sessions/\(id)", "the backup's end") {
                        $0["session"]?["phase"]?.string == "Succeeded"
                    }
                    #expect(done["session"]?["documents"]?.int == 300, "\(done)")
                    let snapshot = try #require(done["session"]?["snapshot"]?.string)

                    // What happened is told from the start to whoever asks for it, and from any place on.
                    let all = try api.events("/v1/events?session=\(id)&after=\(try await epoch(of: api))-0") {
                        $0.contains(#""phase":"Succeeded""#)
                    }
                    let ids = Self.places(all)
                    #expect(ids.count > 2 && Set(ids).count == ids.count, "\(ids)")
                    let rest = try api.events("/v1/events?session=\(id)", after: ids[0]) { $0.contains(#""phase":"Succeeded""#) }
                    #expect(Self.places(rest) == Array(ids.dropFirst()))
                    let other = try api.events("/v1/events", after: "00000000-1") { $0.hasPrefix("event: ") }
                    #expect(other.last == "event: gap")

                    let repository = "/v1/repositories/default/\(site.repositoryName)"
                    let snapshots = try await api.get("\(repository)/snapshots").json.array
                    #expect(snapshots?.map { $0["id"]?.string } == [snapshot])
                    #expect(try await api.get("\(repository)/snapshots/\(snapshot)").json["indices"]?.array?.count == 1)

                    // Planned, changed under it, planned again, restored.
                    let file = try site.restoreFile(
                        "back", parameters: ["renamePattern": "(.*)-numbered", "renameReplacement": "$1-again"])
                    let restore = try JSONValue(parsing: try String(contentsOfFile: file, encoding: .utf8))
                    let first = try await api.post("/v1/restores/plan", ["restore": restore])
                    let hash = try #require(try first.json["planHash"]?.string, "\(first)")
                    try await engine.fill("\(site.prefix)-again", documents: 1, filling: 1, shards: 1)
                    let refused = try await api.post("/v1/restores", ["restore": restore, "planHash": .string(hash)])
                    #expect(try refused.status == 409 && refused.code == "changed", "\(refused)")
                    try await engine.delete("\(site.prefix)-again")
                    let accepted = try await api.post(
                        "/v1/restores", ["restore": restore, "planHash": .string(hash)], key: site.prefix)
                    let restored = try #require(try accepted.json["session"]?.string, "\(accepted)")
                    _ = try await api.get("/v1/sessions/\(restored)", "the restore's end") {
                        $0["session"]?["phase"]?.string == "Succeeded"
                    }
                    // Repeated by its key, it is the same session, though the index is there now.
                    let again = try await api.post(
                        "/v1/restores", ["restore": restore, "planHash": .string(hash)], key: site.prefix)
                    #expect(try again.json["session"]?.string == restored, "\(again)")
                    let cancel = try await api.post("/v1/sessions/\(restored)/cancel")
                    #expect(try cancel.status == 409 && cancel.code == "conflict", "\(cancel)")

                    let options = [
                        "--server", api.url, "--token-file", site.stateFolder(of: Topology.defaultScheduler) + "/admin-token",
                    ]
                    let list = try await site.sheaf(["plan", "list"] + options)
                    #expect(
                        list.exit == .code(0)
                            && list.output.contains { $0.contains("default/nightly") && $0.contains("healthy") }, "\(list)")
                    let show = try await site.sheaf(["plan", "show", "nightly"] + options)
                    #expect(show.exit == .code(0) && show.output.contains { $0.contains("59 23 31 12 *") }, "\(show)")
                    #expect(try await site.sheaf(["plan", "next", "nightly", "-c", "2"] + options).output.count == 2)
                    #expect(try await site.sheaf(["plan", "pause", "nightly"] + options).exit == .code(0))
                    #expect(try await site.sheaf(["plan", "list"] + options).output.contains { $0.contains("paused") })
                    #expect(try await site.sheaf(["plan", "resume", "nightly"] + options).exit == .code(0))
                    let doctor = try await site.sheaf(["doctor"] + options)
                    #expect(
                        doctor.exit == .code(0) && doctor.output.contains { $0.contains("plan default/nightly is healthy") },
                        "\(doctor)")
                    let none = try await site.sheaf(["plan", "show", "none"] + options)
                    #expect(none.exit == .code(4), "\(none)")

                    // The hash goes with the session: what changed after it was asked for is found by the worker that begins it.
                    let overwrite = try JSONValue(
                        parsing: try String(
                            contentsOfFile: try site.restoreFile(
                                "over", parameters: ["prefix": "late-", "conflict": "overwrite"]), encoding: .utf8))
                    let planned = try await api.post("/v1/restores/plan", ["restore": overwrite])
                    let confirmed = try #require(try planned.json["planHash"]?.string, "\(planned)")
                    try await engine.use(["late-\(index)"]) {
                        let file = site.folder + "/over.json"
                        try await engine.fill("late-\(index)", documents: 3, filling: 1, shards: 1)
                        try overwrite.serialized().write(toFile: file, atomically: true, encoding: .utf8)
                        let late = try await site.command(["restore", "-f", file, "--plan-hash", confirmed])
                        #expect(try await late.result(within: .seconds(60)).exit == .code(5))
                        // Past whoever asks, as when the index was made a moment later: the worker that begins it refuses it.
                        let system = try await OutsideSystem("shop")
                        let subject: JSONValue = ["restore": ["manifest": overwrite]]
                        try await system.publish(
                            .trigger,
                            ["subject": subject, "planHash": .string(confirmed), "idempotencyKey": .string(site.prefix)],
                            to: Topology.trigger, key: RoutingKey.triggerManifest("over"), replyTo: nil)
                        let refused = try await api.get("/v1/sessions?plan=over", "the end of the restore") {
                            $0["sessions"]?[0]?["phase"]?.string == "Failed"
                        }
                        #expect(
                            refused["sessions"]?[0]?["error"]?.string?.contains("since it was confirmed") == true, "\(refused)")
                        await system.close()
                        #expect(try await engine.count("late-\(index)") == 3)
                    }

                    let workers = try await api.get("/v1/workers", "the worker") { $0.array?.isEmpty == false }.array
                    #expect(workers?.first?["isUp"]?.bool == true)
                    let queues = try await api.get("/v1/queues", "the queues") { $0.array?.isEmpty == false }.array
                    #expect(queues?.contains { $0["name"]?.string == Topology.triggerQueue } == true)
                }
            }
        }

        /// Of events, which is not where the stream begins.
        private static func places(_ lines: [String]) -> [String] {
            zip(lines, lines.dropFirst()).filter { $0.hasPrefix("event: ") && $1.hasPrefix("id: ") }.map {
                String($1.dropFirst(4))
            }
        }

        private func epoch(of api: SchedulerAPI) async throws -> String {
            let lines = try api.events("/v1/events", after: "00000000-0") { $0.hasPrefix("id: ") }
            return String(lines[lines.count - 1].dropFirst(4).prefix(8))
        }

        @Test(.timeLimit(.minutes(2))) func nothingButHealthIsToldWithoutATokenAndRolesAreKept() async throws {
            try await Site.use { site in
                try site.declarePlan("nightly", indices: "none")
                let scheduler = try await site.startScheduler()
                let api = try await site.api(of: scheduler)
                for path in ["/metrics", "/openapi.yaml", "/v1/plans", "/v1/events", "/v1/whoami", "/v1/resources/secret"] {
                    for token in [nil, "", "wrong", "sheaf_\(String(repeating: "A", count: 43))"] {
                        let answer = try await api.with(token).get(path)
                        #expect(try answer.status == 401 && answer.code == "unauthorized", "\(path): \(answer)")
                        #expect(answer.headers["WWW-Authenticate"] == "Bearer")
                    }
                }
                let tokens = site.stateFolder(of: Topology.defaultScheduler) + "/tokens"
                func token(_ roles: [String]) async throws -> SchedulerAPI {
                    let made = try await site.sheaf(
                        ["token", "create", "someone", "--tokens", tokens] + roles.flatMap { ["--role", $0] })
                    #expect(made.exit == .code(0), "\(made)")
                    return api.with(made.output.last)
                }
                let viewer = try await token(["viewer"])
                #expect(try await viewer.get("/v1/plans").status == 200)
                #expect(try await viewer.get("/metrics").text.contains("stash_build_info"))
                for (path, body) in [
                    ("/v1/plans/default/nightly/pause", nil), ("/v1/plans/default/nightly/sessions", nil),
                    ("/v1/restores/plan", ["restore": Self.manifest] as JSONValue),
                ] {
                    let answer = try await viewer.post(path, body)
                    #expect(try answer.status == 403 && answer.code == "forbidden", "\(answer)")
                }
                let both = try await token(["operator", "restorer"])
                #expect(try await both.send("PUT", "/v1/resources/repository/default/x", body: "{}").status == 403)
                #expect(try await both.post("/v1/restores/plan", ["restore": Self.manifest]).status == 400)

                // A pause is kept, and a restart changes nothing about it.
                #expect(try await both.post("/v1/plans/default/nightly/pause").status == 204)
                let paused = try await api.get("/v1/plans/default/nightly").json
                #expect(paused["pause"]?["by"]?.string == "someone" && paused["isPaused"]?.bool == true, "\(paused)")
                try await scheduler.kill()
                let again = try await site.api(of: try await site.startScheduler())
                #expect(try await again.get("/v1/plans/default/nightly").json["isPaused"]?.bool == true)
                #expect(try await again.post("/v1/plans/default/nightly/resume").status == 204)
                #expect(try await again.get("/v1/plans/default/nightly").json["isPaused"]?.bool == false)

                // By now it has taken in what the broker had to tell.
                let deadline = ContinuousClock.now + .seconds(30)
                while try await again.with(nil).get("/healthz").status != 200 {
                    try #require(.now < deadline, "the Scheduler does not become healthy")
                    await Task.yield()
                }
                // A token whose line is gone is worth nothing.
                let text = try String(contentsOfFile: tokens, encoding: .utf8)
                try text.split(separator: "\n").filter { !$0.contains(" viewer ") }.joined(separator: "\n")
                    .write(toFile: tokens, atomically: true, encoding: .utf8)
                #expect(try await SchedulerAPI(url: again.url, token: viewer.token).get("/v1/plans").status == 401)
            }
        }

        @Test(.timeLimit(.minutes(2))) func whatIsWrongIsAProblemThatSaysSo() async throws {
            try await Site.use { site in
                try site.declarePlan("nightly", indices: "none")
                let scheduler = try await site.startScheduler()
                let api = try await site.api(of: scheduler)
                let plan =
                    "{apiVersion: stash.appscode.com/v1beta1, kind: BackupConfiguration, metadata: {name: new}, spec: {schedule: 1 2}}"
                let wrong:
                    [(method: String, path: String, body: String?, type: String, status: Int, code: String, text: String)] = [
                        ("GET", "/v1/nothing", nil, "", 404, "notFound", "openapi.yaml"),
                        ("PATCH", "/v1/plans", nil, "", 405, "methodNotAllowed", "GET"),
                        ("GET", "/v1/plans/default/none", nil, "", 404, "notFound", "default/none"),
                        ("GET", "/v1/sessions/none", nil, "", 404, "notFound", "none"),
                        ("GET", "/v1/sessions?limit=0", nil, "", 400, "invalid", "limit"),
                        ("GET", "/v1/sessions?limit=many", nil, "", 400, "invalid", "limit"),
                        ("GET", "/v1/sessions?phase=Lost", nil, "", 400, "invalid", "Succeeded"),
                        ("GET", "/v1/sessions?cursor=x", nil, "", 400, "invalid", "cursor"),
                        ("PUT", "/v1/resources/repository/default/x", "null", "application/yaml", 400, "invalid", "no resource"),
                        (
                            "POST", "/v1/sessions/none/cancel", #"{"reason": "\#(String(repeating: "x", count: 501))"}"#,
                            "application/json", 400, "invalid", "500"
                        ),
                        ("GET", "/v1/events?after=x", nil, "", 400, "invalid", "id of an event"),
                        ("GET", "/v1/resources/pod", nil, "", 404, "notFound", "pod"),
                        ("POST", "/v1/restores", "{", "application/json", 400, "invalid", "no JSON"),
                        ("POST", "/v1/restores", "{}", "text/plain", 415, "unsupportedMediaType", "application/json"),
                        (
                            "POST", "/v1/restores/plan", #"{"restore": {"kind": "Pod"}}"#, "application/json", 400, "invalid",
                            "restore"
                        ),
                        (
                            "PUT", "/v1/resources/backupconfiguration/default/new", plan, "application/yaml", 400, "invalid",
                            "spec.target.ref.name"
                        ),
                        ("PUT", "/v1/resources/repository/default/new", plan, "application/yaml", 400, "invalid", "body"),
                        ("DELETE", "/v1/resources/backupconfiguration/default/nightly", nil, "", 409, "conflict", "by hand"),
                        ("DELETE", "/v1/resources/backupconfiguration/default/none", nil, "", 404, "notFound", "none"),
                        ("POST", "/v1/plans/default/none/sessions", nil, "", 404, "notFound", "default/none"),
                    ]
                for one in wrong {
                    let answer = try await api.send(one.method, one.path, body: one.body, type: one.type)
                    #expect(answer.status == one.status, "\(one.method) \(one.path): \(answer)")
                    #expect(try answer.code == one.code, "\(one.path): \(answer)")
                    #expect(answer.text.contains(one.text), "\(one.path): \(answer)")
                    #expect(answer.headers["Content-Type"] == "application/problem+json")
                }
                let large = try await api.send("POST", "/v1/restores", body: String(repeating: "x", count: (1 << 20) + 1))
                #expect(large.status == 413, "\(large.status)")
                // No worker: nobody can say what is in a repository.
                try site.declareRepository(at: site.repository, isEncrypted: false, to: [site.schedulerResources])
                let unanswered = try await api.get("/v1/repositories/default/\(site.repositoryName)/snapshots")
                #expect(try unanswered.status == 504 && unanswered.code == "unreachable", "\(unanswered)")
            }
        }

        @Test(.timeLimit(.minutes(2))) func aResourceIsPutSeenAndTakenAway() async throws {
            try await Site.use { site in
                let api = try await site.api(of: try await site.startScheduler())
                let path = "/v1/resources/appbinding/demo/es"
                let manifest = """
                    apiVersion: appcatalog.appscode.com/v1alpha1
                    kind: AppBinding
                    metadata: {name: es, namespace: demo}
                    spec: {type: elasticsearch, clientConfig: {url: "http://localhost:9200"}}
                    """
                let put = try await api.send("PUT", path, body: manifest, type: "application/yaml")
                #expect(put.status == 200 && put.text.contains("AppBinding demo/es applied"), "\(put)")
                #expect(try await api.get(path).json["spec"]?["clientConfig"]?["url"]?.string == "http://localhost:9200")
                #expect(try await api.get("/v1/targets").json.array?.map(\.string) == ["demo/es"])
                #expect(try await api.send("DELETE", path).status == 204)
                #expect(try await api.get(path).status == 404)
                #expect(try await api.get("/v1/targets").json.array?.isEmpty == true)
            }
        }
    }
}
