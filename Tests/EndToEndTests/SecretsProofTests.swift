import Bus
import Foundation
import HTTP
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// Planted words are looked for wherever they must not be: logs, metrics, pages, the API, the process list, messages, state.
    @Suite(.serialized) struct SecretsProofTests {
        /// Stands in each document, and in the id of one.
        private static let document = "planted-document-7d1f"

        @Test(.requires(.secureElasticsearch), .requiresReleaseBuild, .timeLimit(.minutes(5)))
        func nothingThatIsSecretIsSeenAnywhere() async throws {
            let server = TestServer.secureElasticsearch
            let engine = try Engine(server)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.bulk(
                        index,
                        (0..<50).flatMap {
                            Array("{\"index\":{\"_id\":\"\(Self.document)-\($0)\"}}\n{\"text\":\"\(Self.document)\"}\n".utf8)
                        })
                    try await engine.refresh(index)
                    try site.declare(server)
                    try site.declarePlan("nightly", indices: index)
                    let tap = try await Tap()
                    let scheduler = try await site.startScheduler(arguments: ["--log-level", "trace"])
                    var workers = [try await site.startWorker("one", ["--log-level", "trace"])]
                    let api = try await site.api(of: scheduler)
                    var planted = [
                        "the engine's password": try #require(server.credentials).password,
                        "the repository's password": "password of \(site.prefix)", "a document": Self.document,
                        "the admin's token": try #require(api.token), "a wrong token": "sheaf_planted-wrong-token",
                        "a wrong password": "planted-wrong-password",
                    ]
                    var seen: [(place: String, text: String)] = []
                    func note(_ result: CommandResult, _ place: String) {
                        seen.append((place, (result.output + result.errors).joined(separator: "\n")))
                    }

                    let made = try await site.sheaf([
                        "token", "create", "ops", "--role", "operator", "--tokens",
                        "\(site.stateFolder(of: Topology.defaultScheduler))/tokens",
                    ])
                    planted["a made token"] = made.output.joined()
                    for token in [api.token, planted["a made token"], planted["a wrong token"]] {
                        try await visit(api.with(token), &seen)
                    }
                    try await page(api, token: "sheaf_planted-wrong-token", &seen)

                    let backup = try await site.backup("nightly")
                    #expect(try backup.session.phase == "Succeeded", "\(backup)")
                    note(backup, "sheaf backup")
                    try await engine.delete(index)
                    note(try await site.restore(try site.restoreFile("back")), "sheaf restore")
                    #expect(try await engine.count(index) == 50)
                    // The same with a password that is wrong, which the engine refuses.
                    try await workers[0].kill()
                    try site.declare(server, password: "planted-wrong-password")
                    workers.append(try await site.startWorker("two", ["--log-level", "trace"]))
                    let refused = try await site.backup("nightly")
                    #expect(try refused.session.phase == "Failed", "\(refused)")
                    note(refused, "sheaf backup, wrong password")
                    try await visit(api, &seen)
                    try await page(api, token: try #require(api.token), &seen)
                    for command in [
                        ["doctor", "--to", site.folder + "/doctor.json"], ["plan", "list"], ["plan", "show", "nightly"],
                    ] {
                        let result = try await site.sheaf(
                            command + [
                                "--server", api.url, "--token-file",
                                "\(site.stateFolder(of: Topology.defaultScheduler))/admin-token",
                            ])
                        note(result, command.joined(separator: " "))
                    }
                    seen.append(("doctor's file", try String(contentsOfFile: site.folder + "/doctor.json", encoding: .utf8)))
                    seen.append(("the process list", try processes()))
                    seen.append(("the Scheduler's log", scheduler.log.elements.joined(separator: "\n")))
                    for worker in workers { seen.append(("a worker's log", worker.log.elements.joined(separator: "\n"))) }
                    for message in tap.messages.elements {
                        seen.append(("a message", "\(message.properties) \(String(decoding: message.body, as: UTF8.self))"))
                    }
                    for (place, text) in seen {
                        for (what, word) in planted { #expect(!text.contains(word), "\(what) is in \(place)") }
                    }
                    let state = site.stateFolder(of: Topology.defaultScheduler)
                    for (what, word) in planted {
                        let files = try site.filesHolding(word, in: state).filter { $0 != "admin-token" }
                        #expect(files.isEmpty, "\(what) is in \(files)")
                        #expect(try site.filesHolding(word, in: site.repository).isEmpty, "\(what) is in the repository")
                    }
                    let bytes = seen.reduce(0) { $0 + $1.text.utf8.count }
                    print("FIGURE secrets: \(planted.count) planted words in none of \(seen.count) texts of \(bytes / 1024) KiB")
                    await tap.close()
                }
            }
        }

        /// Everything that the API answers to a GET, and some that it refuses.
        private func visit(_ api: SchedulerAPI, _ seen: inout [(place: String, text: String)]) async throws {
            var paths = ["/metrics", "/openapi.yaml", "/v1/nothing", "/v1/sessions/none"]
            for name in ["whoami", "health", "plans", "sessions", "repositories", "targets", "workers", "queues"] {
                paths.append("/v1/\(name)")
            }
            for kind in ["secret", "appbinding", "repository", "backupconfiguration", "backupsession"] {
                paths.append("/v1/resources/\(kind)")
            }
            for path in paths {
                let answer = try await api.get(path)
                seen.append((path, "\(Array(answer.headers)) \(answer.text)"))
                seen.append(("the process list", try processes()))
            }
        }

        /// Logs in by the form and reads the pages; a token that is none gets no further than the form.
        private func page(_ api: SchedulerAPI, token: String, _ seen: inout [(place: String, text: String)]) async throws {
            let isRight = token == api.token
            let api = api.with(nil)
            func cookie(_ answer: SchedulerAPI.Answer) -> String? {
                answer.headers["Set-Cookie"]?.split(separator: ";").first.map(String.init)
            }
            let form = try await api.get("/login")
            let formCookie = try #require(cookie(form), "\(form)")
            let login = try await api.send(
                "POST", "/login", body: "formToken=\(formCookie.split(separator: "=").last ?? "")&token=\(token)",
                type: "application/x-www-form-urlencoded", headers: ["Cookie": formCookie])
            #expect(login.status == (isRight ? 303 : 401), "\(login)")
            seen.append(("the login", "\(Array(login.headers)) \(login.text)"))
            guard isRight else { return }
            let session = try #require(cookie(login), "\(login)")
            var paths = ["/", "/sessions", "/repositories", "/fleet", "/v1/plans"]
            var place = 0
            // And whatever these link to.
            while place < paths.count, place < 40 {
                let answer = try await api.send("GET", paths[place], headers: ["Cookie": session])
                #expect(answer.status == 200, "\(paths[place]): \(answer)")
                seen.append((paths[place], "\(Array(answer.headers)) \(answer.text)"))
                for link in answer.text.matches(of: /href="(\/[^"#?]*)"/).map({ String($0.output.1) }) where !paths.contains(link)
                {
                    if !link.hasPrefix("/assets"), !link.hasPrefix("/v1") { paths.append(link) }
                }
                place += 1
            }
            #expect(place > 6, "pages link to each other: \(paths)")
        }

        /// The command lines of all processes of the machine.
        private func processes() throws -> String {
            try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { $0.allSatisfy(\.isNumber) }.map { process in
                // One may end meanwhile.
                (FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data())
                    .split(separator: 0).map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
            }.joined(separator: "\n")
        }
    }
}
