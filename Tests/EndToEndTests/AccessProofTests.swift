import Foundation
import Runtime
import Testing

extension EndToEnd {
    /// Every way into a cluster, right and wrong, with real programs: it works, or the session's error says what is wrong and what to do.
    @Suite(.serialized) struct AccessProofTests {
        private static let proxyKey = "AKIDOFATEST"
        private static let proxySecret = "secret/key+of=a test"

        @Test(
            .requires(.secureElasticsearch), .requires(.elasticsearch), .requiresReleaseBuild,
            .requiresInstalled("/usr/bin/openssl", ".venv/bin/python"), .timeLimit(.minutes(15)))
        func everyWayInWorksOrSaysWhy() async throws {
            let secured = try Engine(.secureElasticsearch)
            let open = try Engine(.elasticsearch)
            try await Site.use { site in
                let index = "access-\(site.prefix)"
                let users = try Self.users(index)
                try await secured.use([index]) {
                    try await open.use([index]) {
                        try await FileUsers.use(users, of: secured) {
                            for engine in [secured, open] { try await Self.fill(index, on: engine) }
                            try await run(site, index, secured, open)
                        }
                    }
                }
            }
        }

        private func run(_ site: Site, _ index: String, _ secured: Engine, _ open: Engine) async throws {
            let before = try await secured.observe(index, documents: NastyDocument.all)
            try site.declare(.secureElasticsearch)
            let cases = try await Self.cases(site)
            for entry in cases { try site.declare(entry.login, indices: index) }
            try await site.startScheduler()
            try await site.startWorker("one")
            var (worked, refused) = (0, 0)
            var snapshots: [String: String] = [:]
            for entry in cases where !entry.isRestoreOnly {
                let session = try await site.backup(entry.login.name).session
                if entry.says.isEmpty {
                    #expect(session.phase == "Succeeded", "\(entry.login.name): \(session.json)")
                    #expect(session.documents == before.documents, "\(entry.login.name): \(session.json)")
                    if let note = entry.notes {
                        #expect(session.json.serialized().contains(note), "\(entry.login.name): \(session.json)")
                    }
                    snapshots[entry.login.name] = session.snapshot
                    worked += 1
                } else {
                    expect(session, entry)
                    refused += 1
                }
            }
            let check = try await site.sheaf(["check", "right-password", "--output", "json"])
            #expect(check.exit == .code(0), "\(check)")
            let checkOfFew = try await site.sheaf(["check", "reader-only", "--output", "json"])
            #expect(checkOfFew.exit == .code(5), "\(checkOfFew)")
            let problems = (try checkOfFew.last["findings"]?.array ?? []).filter { $0["verdict"]?.string == "problem" }
            let sentences = problems.compactMap { $0["message"]?.string }.joined(separator: "\n")
            #expect(sentences.contains("lacks the index privilege view_index_metadata"), "\(checkOfFew)")

            // Restores: by the least that suffices, by less, and through a gateway that checks signatures.
            let snapshot = try #require(snapshots["right-password"])
            for entry in cases where entry.isRestoreOnly || entry.isRestored {
                let engine = entry.login.name.hasPrefix("signed") ? open : secured
                try await engine.delete(index)
                let file = try site.restoreFile("back-\(entry.login.name)", snapshot: snapshot, cluster: entry.login.name)
                let session = try await site.restore(file).session
                if entry.says.isEmpty {
                    try #require(session.phase == "Succeeded", "\(entry.login.name): \(session.json)")
                    let after = try await engine.observe(index, documents: NastyDocument.all)
                    #expect(after == before, "\(entry.login.name)")
                    worked += 1
                } else {
                    expect(session, entry)
                    refused += 1
                }
            }
            print(
                "FIGURE access: \(worked) sessions over \(cases.filter(\.says.isEmpty).count) ways in succeeded, "
                    + "\(refused) over \(cases.filter { !$0.says.isEmpty }.count) wrong ones failed, each with the sentence that says why"
            )
        }

        private func expect(_ session: SessionLine, _ entry: Case) {
            #expect(session.phase == "Failed", "\(entry.login.name): \(session.json)")
            for part in entry.says {
                #expect(session.error.contains(part), "\(entry.login.name) must say \(part): \(session.error)")
            }
        }

        private static func fill(_ index: String, on engine: Engine) async throws {
            try await engine.create(
                index, settings: ["number_of_shards": 2, "number_of_replicas": 0],
                mappings: ["dynamic": false, "properties": ["which": ["type": "keyword"]]])
            for document in NastyDocument.all { try await engine.put(document, in: index) }
            try await engine.refresh(index)
        }
    }
}

// MARK: - What is tried

private struct Case {
    let login: ClusterLogin
    /// Parts of the error; none: it works.
    var says: [String]
    /// Part of a note of the session that worked.
    var notes: String?
    /// Also restored through.
    var isRestored = false
    var isRestoreOnly = false
}

extension EndToEnd.AccessProofTests {
    /// The roles of docs/roles, held to the test's index and the journal's, and each without one privilege.
    private static func users(_ index: String) throws -> [FileUsers.User] {
        func role(_ file: String, without privilege: String? = nil) throws -> JSONValue {
            let path = "\(Surroundings.packageFolder)/docs/roles/elasticsearch-\(file).json"
            let role = try JSONValue(parsing: Array(try Data(contentsOf: URL(filePath: path))))
            let granted = (role["indices"]?[0]?["privileges"]?.array ?? []).filter { $0.string != privilege }
            let names: JSONValue = [.string(index + "*"), ".sheaf", "sheaf-*"]
            return ["cluster": role["cluster"] ?? [], "indices": [["names": names, "privileges": .array(granted)]]]
        }
        return [
            FileUsers.User(name: "backup-least", role: try role("backup")),
            FileUsers.User(name: "backup-no-read", role: try role("backup", without: "read")),
            FileUsers.User(name: "backup-no-metadata", role: try role("backup", without: "view_index_metadata")),
            FileUsers.User(name: "backup-no-monitor", role: try role("backup", without: "monitor")),
            FileUsers.User(name: "backup-no-maintenance", role: try role("backup", without: "maintenance")),
            FileUsers.User(
                name: "reader-only",
                role: ["cluster": ["monitor"], "indices": [["names": [.string(index + "*")], "privileges": ["read"]]]]),
            FileUsers.User(name: "restore-least", role: try role("restore")),
            FileUsers.User(name: "restore-no-manage", role: try role("restore", without: "manage")),
            FileUsers.User(name: "restore-no-write", role: try role("restore", without: "write")),
            FileUsers.User(name: "restore-no-read", role: try role("restore", without: "read")),
        ]
    }

    private static func cases(_ site: Site) async throws -> [Case] {
        try await logins(site) + certificates(site) + addresses() + gateways(site)
    }

    private static func login(_ name: String, _ secret: [String: String]) throws -> ClusterLogin {
        var login = ClusterLogin(name, try TestServer.secureElasticsearch.url())
        login.authority = try TestServer.secureElasticsearch.certificateAuthority()
        login.secret = secret
        return login
    }

    private static func superuser(_ name: String) throws -> ClusterLogin {
        let user = TestServer.secureElasticsearch.credentials
        return try login(name, ["username": user?.user ?? "", "password": user?.password ?? ""])
    }

    private static func logins(_ site: Site) async throws -> [Case] {
        func fileUser(_ name: String) throws -> ClusterLogin {
            try login(name, ["username": name, "password": FileUsers.password])
        }
        var cases = [
            Case(login: try superuser("right-password"), says: []),
            Case(
                login: try login("wrong-password", ["username": "elastic", "password": "wrong"]),
                says: ["401", "unable to authenticate user [elastic]", "check username (elastic) and password"]),
            Case(login: try login("no-login", [:]), says: ["401", "name a Secret under spec.secret"]),
            Case(
                login: try login("half-login", ["username": "elastic"]),
                says: ["half-login-login has neither username and password"]),
            Case(login: try fileUser("backup-least"), says: []),
        ]
        var older = try login("older-keys", ["ADMIN_USERNAME": "backup-least", "secret-word": FileUsers.password])
        older.transforms = [["renameKey": ["from": "secret-word", "to": "ADMIN_PASSWORD"]]]
        cases.append(Case(login: older, says: []))
        for (name, privilege) in [
            ("backup-no-read", "read"), ("backup-no-metadata", "view_index_metadata"), ("backup-no-monitor", "monitor"),
            ("reader-only", "monitor"),
        ] {
            cases.append(
                Case(login: try fileUser(name), says: ["403", "give user \(name) one of the index privileges", privilege]))
        }
        cases.append(Case(login: try fileUser("backup-no-maintenance"), says: [], notes: "could not be refreshed"))
        cases.append(Case(login: try fileUser("restore-least"), says: [], isRestoreOnly: true))
        for (name, privilege) in [("restore-no-manage", "manage"), ("restore-no-write", "write"), ("restore-no-read", "read")] {
            cases.append(
                Case(
                    login: try fileUser(name), says: ["403", "give user \(name) one of the index privileges", privilege],
                    isRestoreOnly: true))
        }
        return cases
    }

    private static func certificates(_ site: Site) async throws -> [Case] {
        let own = try await Certificates(site)
        for (name, days) in [("expired", -1), ("server", 2), ("client", 2)] { try await own.make(name, days: days, on: site) }
        let authority = try own.text(own.authority)
        var wrongAuthority = try superuser("wrong-authority")
        wrongAuthority.authority = authority
        var wrongName = try superuser("wrong-host-name")
        wrongName.serverName = "other.internal"

        func gate(_ name: String, _ more: [String] = []) async throws -> String {
            try await startGate(
                site, .elasticsearch, ["--certificate", own.certificate(name), "--key", own.key(name)] + more)
        }
        func toGate(_ name: String, _ url: String) -> ClusterLogin {
            var login = ClusterLogin(name, url)
            login.authority = authority
            return login
        }
        let mutual = try await gate("server", ["--client-ca", own.authority])
        var withCertificate = toGate("client-certificate", mutual)
        withCertificate.client = (own.certificate("client"), own.key("client"))
        return [
            Case(login: wrongAuthority, says: ["authority that is not trusted", "clientConfig.caBundle"]),
            Case(login: wrongName, says: ["is not for other.internal but for DNS:localhost", "clientConfig.serverName"]),
            Case(login: toGate("expired-certificate", try await gate("expired")), says: ["has expired", "renew it"]),
            Case(login: withCertificate, says: []),
            Case(login: toGate("no-client-certificate", mutual), says: ["client certificate", "spec.tlsSecret"]),
        ]
    }

    private static func addresses() throws -> [Case] {
        let open = try TestServer.elasticsearch.url()
        var failover = ClusterLogin("dead-first-address", "http://127.0.0.1:9")
        failover.parameters = ["endpoints": [.string(open)]]
        var nobody = ClusterLogin("dead-addresses", "http://127.0.0.1:9")
        nobody.parameters = ["endpoints": ["http://localhost:9"]]
        return [
            Case(login: failover, says: []),
            Case(login: nobody, says: ["none of the 2 addresses", "127.0.0.1:9", "localhost:9", "connection refused"]),
            Case(login: ClusterLogin("refused", "http://127.0.0.1:9"), says: ["connection refused", "check address and port"]),
            Case(
                login: ClusterLogin("no-tls-there", open.replacing("http:", with: "https:")),
                says: ["does not speak TLS at this port", "use http://"]),
        ]
    }

    private static func gateways(_ site: Site) async throws -> [Case] {
        let keys = try await startGate(site, .secureElasticsearch, ["--api-key", "a2V5"])
        let tokens = try await startGate(site, .secureElasticsearch, ["--bearer", "t0ken"])
        func simple(_ name: String, _ url: String, _ secret: [String: String]) -> ClusterLogin {
            var login = ClusterLogin(name, url)
            login.secret = secret
            return login
        }
        var cases = [
            Case(login: simple("api-key", keys, ["apiKey": "a2V5"]), says: []),
            Case(login: simple("wrong-api-key", keys, ["apiKey": "wrong"]), says: ["401", "check apiKey"]),
            Case(login: simple("bearer-token", tokens, ["token": "t0ken"]), says: []),
            Case(login: simple("wrong-token", tokens, ["token": "wrong"]), says: ["401", "check token"]),
        ]
        for (service, token) in [("es", ""), ("aoss", "session-token")] {
            let identity = [proxyKey, proxySecret, token, "eu-central-1", service].joined(separator: ":")
            let url = try await startGate(site, .elasticsearch, ["--sign-as", identity])
            var right = simple("signed-\(service)", url, ["accessKeyID": proxyKey, "secretAccessKey": proxySecret])
            if !token.isEmpty {
                right.secret = ["AWS_ACCESS_KEY_ID": proxyKey, "AWS_SECRET_ACCESS_KEY": proxySecret, "AWS_SESSION_TOKEN": token]
            }
            right.parameters = ["signing": ["service": .string(service), "region": "eu-central-1"]]
            cases.append(Case(login: right, says: [], isRestored: true))
            var wrong = simple(
                "signed-\(service)-wrong", url, ["accessKeyID": proxyKey, "secretAccessKey": "wrong", "sessionToken": token])
            wrong.parameters = right.parameters
            cases.append(
                Case(login: wrong, says: ["403", "signature we calculated does not match", "secretAccessKey", "eu-central-1"]))
        }
        var unsaid = simple("signing-unsaid", try TestServer.elasticsearch.url(), ["accessKeyID": "a", "secretAccessKey": "b"])
        unsaid.parameters = ["distribution": "elasticsearch"]
        cases.append(Case(login: unsaid, says: ["set spec.parameters.sheaf.signing"]))
        return cases
    }

    private static func startGate(_ site: Site, _ server: TestServer, _ arguments: [String]) async throws -> String {
        var words = [Surroundings.packageFolder + "/.venv/bin/python", Surroundings.packageFolder + "/Tests/FaultEngine/gate.py"]
        words += [try server.url()] + arguments
        if let credentials = server.credentials {
            words += ["--upstream-ca", Surroundings.environment[server.rawValue + "_CA"] ?? ""]
            words += ["--as", "\(credentials.user):\(credentials.password)"]
        }
        return try await site.startServer("gate", words)
    }
}
