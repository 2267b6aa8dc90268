import Foundation
import Runtime
import Testing

extension EndToEnd {
    /// The API as its description says, the page as people use it, the alerts as they are to be: by tools that are not ours.
    @Suite(.serialized) struct APIProofTests {
        private static let tools = [
            ".venv/bin/st", ".venv/bin/python", "/usr/bin/promtool", "/usr/bin/chromium", "/usr/bin/chromedriver",
        ]

        @Test(
            .requires(.defaultEngine), .requiresReleaseBuild,
            .requiresInstalled(tools[0], tools[1], tools[2], tools[3], tools[4]), .timeLimit(.minutes(10)))
        func toolsThatAreNotOursFindNothingWrong() async throws {
            let engine = try Engine(.defaultEngine)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index, "script-\(index)", "plain-\(index)"]) {
                    try await engine.fill(index, documents: 400, filling: 100, shards: 2)
                    try site.declare(.defaultEngine)
                    try site.declarePlan("nightly", indices: index, schedule: "59 23 31 12 *")
                    let api = try await site.api(of: try await site.startScheduler())
                    try await site.startWorker("one")
                    let token = try #require(api.token)

                    let flow = try await site.run(
                        [
                            Self.tools[1], "\(Surroundings.packageFolder)/scripts/tests/page_flow.py", api.url,
                            "@" + site.stateFolder(of: "scheduler") + "/admin-token", "--plan", "default/nightly", "--target",
                            "default/\(site.cluster)", "--index", index,
                        ], within: .seconds(300))
                    try #require(flow.exit == .code(0), "\(flow)")
                    // Made-up names first; then one that a plan, a cluster and a repository have, so that calls come further than 404.
                    let madeUp = try await calls(site, api.url, token, parameters: [:])
                    try site.declareAll("nightly")
                    let session = try await api.get("/v1/sessions?limit=1").json["sessions"]?[0]?["id"]?.string
                    let real = try await calls(
                        site, api.url, token,
                        parameters: [
                            "path.namespace": "default", "path.name": "nightly", "path.session": try #require(session),
                        ])
                    let alerts = try await rules(site)
                    print(
                        "FIGURE api: \(madeUp + real) calls by schemathesis are as described, \(alerts) files of alert tests pass,"
                            + " page flow: \(flow.output.last ?? "")")
                }
            }
        }

        /// - Returns: how many calls were made.
        private func calls(
            _ site: Site, _ url: String, _ token: String, parameters: [String: String]
        ) async throws -> Int {
            // What a manifest may hold is more than its schema says, so a valid one may be refused; an endless stream is tested on its own.
            let values = parameters.map { "\"\($0.key)\" = \"\($0.value)\"" }.sorted().joined(separator: ", ")
            let config = """
                headers = { Authorization = "Bearer ${SHEAF_TEST_TOKEN}" }
                \(values.isEmpty ? "" : "parameters = { \(values) }")

                [[operations]]
                include-operation-id = ["planRestore", "startRestore", "putResource", "putClusterResource"]
                checks.positive_data_acceptance.enabled = false
                """
            let file = site.folder + "/schemathesis.toml"
            try config.write(toFile: file, atomically: true, encoding: .utf8)
            let seed = Surroundings.environment["SHEAF_TEST_SEED"] ?? "\(Int.random(in: 1...1_000_000))"
            let examples = Surroundings.environment["SHEAF_TEST_API_EXAMPLES"] ?? "20"
            let result = try await site.run(
                [
                    Self.tools[0], "--config-file", file, "run", "\(Surroundings.packageFolder)/docs/openapi.yaml", "--url", url,
                    "--exclude-path",
                    "/v1/events",
                    "--max-examples", examples, "--seed", seed, "--request-timeout", "20", "--warnings", "off", "--no-color",
                ], environment: ["SHEAF_TEST_TOKEN": token], within: .seconds(300))
            try #require(result.exit == .code(0), "seed \(seed): \(result.output.suffix(100).joined(separator: "\n"))")
            let count = result.output.compactMap { $0.firstMatch(of: /^  (\d+) generated/)?.output.1 }.first.flatMap { Int($0) }
            return try #require(count, "schemathesis has not said how many calls it made: \(result)")
        }

        /// - Returns: how many files of promtool's tests passed.
        private func rules(_ site: Site) async throws -> Int {
            let folder = "compose/prometheus/tests"
            let files = try FileManager.default.contentsOfDirectory(atPath: "\(Surroundings.packageFolder)/\(folder)")
                .filter { $0.hasSuffix(".yml") }.sorted()
            let result = try await site.run(
                [Self.tools[2], "test", "rules"] + files.map { "\(Surroundings.packageFolder)/\(folder)/\($0)" })
            try #require(result.exit == .code(0) && !files.isEmpty, "\(result)")
            return files.count
        }
    }
}

extension Site {
    /// A cluster where nobody listens and a repository, both of that name.
    fileprivate func declareAll(_ name: String) throws {
        let folders = [schedulerResources, workerResources]
        let binding: JSONValue = ["type": "elasticsearch", "clientConfig": ["url": "http://127.0.0.1:9"]]
        try write(
            manifest("appcatalog.appscode.com/v1alpha1", "AppBinding", name, "spec", binding), "cluster-\(name)", to: folders)
        var repository = manifest(
            "stash.appscode.com/v1alpha1", "Repository", name, "spec",
            ["backend": ["local": ["mountPath": .string("\(folder)/\(name)")]]])
        repository["metadata"]?["annotations"] = ["sheaf.dev/encryption": "none"]
        try write(repository, "repository-\(name)", to: folders)
    }
}
