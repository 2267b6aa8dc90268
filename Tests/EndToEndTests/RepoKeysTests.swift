import Foundation
import Runtime
import Testing

extension EndToEnd {
    /// The keys of a repository from the command line, beside a worker that keeps running.
    @Suite struct RepoKeysTests {
        @Test(.requires(.defaultEngine), .timeLimit(.minutes(3))) func aLeakedPasswordIsReplaced() async throws {
            let engine = try Engine(.defaultEngine)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: 300, filling: 40)
                    try site.declare(.defaultEngine)
                    try site.declarePlan("nightly", indices: index)
                    try await site.startScheduler()
                    try await site.startWorker("one")
                    let before = try await site.backup("nightly").session
                    try #require(before.phase == "Succeeded", "\(before.json)")

                    let secret = "\(site.prefix) leaked not"
                    let file = "\(site.folder)/new-password"
                    try Data("\(secret)\n".utf8).write(to: URL(filePath: file))
                    let first = try #require(try await keys(site, ["list"]).first?["id"]?.string)
                    #expect(try await keys(site, ["remove"], first, exit: 5).first?["code"]?.string == "refused")
                    #expect(try await keys(site, ["remove"], String(repeating: "0", count: 32), exit: 4).count == 1)
                    let made = try #require(
                        try await keys(site, ["rotate", "--new-password-file", file, "--label", "second"]).first?["id"]?.string)
                    #expect(try await keys(site, ["list"]).map { $0["newest"]?.bool } == [false, true])

                    // The folder of secrets wins over the manifest.
                    let secrets = "\(site.folder)/secrets"
                    try FileManager.default.createDirectory(
                        atPath: "\(secrets)/\(site.repositorySecret)", withIntermediateDirectories: true)
                    try Data(secret.utf8).write(to: URL(filePath: "\(secrets)/\(site.repositorySecret)/RESTIC_PASSWORD"))
                    #expect(try await keys(site, ["remove", "--secrets", secrets], first).first?["id"]?.string == first)
                    let left = try await keys(site, ["list", "--secrets", secrets])
                    #expect(left.map { $0["id"]?.string } == [made] && left.map { $0["label"]?.string } == ["second"])
                    #expect(left.map { $0["epochs"]?.array?.compactMap(\.int) } == [[1, 2]])

                    let refused = try await keys(site, ["list"], exit: 5)
                    #expect(refused.first?["message"]?.string?.contains("opens none of 1 keys") == true, "\(refused)")
                    try await site.startWorker("two", ["--secrets", secrets])
                    let lines = try await site.sheaf([
                        "export", try #require(before.snapshot), "--index", index, "--repository", site.repositoryName,
                        "--resources",
                        site.workerResources, "--secrets", secrets, "--format", "documents",
                    ])
                    #expect(lines.exit == .code(0) && lines.output.count == 300, "\(lines)")
                    for password in ["password of \(site.prefix)", secret] {
                        #expect(try site.filesHolding(password, in: site.repository).isEmpty)
                    }
                    #expect(try site.filesHolding(index, in: site.repository).isEmpty, "the index's name can be read")
                }
            }
        }

        /// - Returns: the lines of its output.
        private func keys(_ site: Site, _ words: [String], _ key: String? = nil, exit: Int32 = 0) async throws -> [JSONValue] {
            let command =
                ["repo", "keys", words[0], site.repositoryName] + (key.map { [$0] } ?? []) + words.dropFirst()
                + ["--resources", site.workerResources, "--output", "json"]
            let result = try await site.sheaf(command)
            #expect(result.exit == .code(exit), "\(result)")
            return try result.output.map { try JSONValue(parsing: $0) }
        }
    }
}
