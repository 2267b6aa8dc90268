import Foundation
import Runtime
import Testing

extension EndToEnd {
    /// Snapshots are marked, chosen, compared and forgotten, by people and by their plan's retention policy.
    @Suite struct KeepingTests {
        @Test(.requires(.elasticsearch), .timeLimit(.minutes(4)))
        func aPlanKeepsAsManyAsItSaysAndPeopleKeepMore() async throws {
            let engine = try Engine(.elasticsearch)
            try await Site.use { site in
                let (index, more) = ("\(site.prefix)-orders", "\(site.prefix)-more")
                try await engine.use([index, more]) {
                    try await engine.fill(index, documents: 10, filling: 10)
                    try site.declare(.elasticsearch)
                    try site.declarePlan(
                        "nightly", indices: "\(site.prefix)-*", retention: ["name": "keep-2", "keepLast": 2, "prune": false])
                    try await site.startScheduler()
                    try await site.startWorker("one")
                    let first = try #require(try await site.backup("nightly").session.snapshot)
                    let kept = try await run(site, ["keep", first])
                    #expect(kept["kept"] == true && kept["changed"] == true)
                    #expect(
                        try await run(site, ["tag", first, "--add", "first", "--add", "audit"])["tags"] == ["audit", "first"])
                    let second = try #require(try await site.backup("nightly").session.snapshot)
                    let between = Timestamp.now()
                    try await engine.fill(more, documents: 5, filling: 10)
                    let third = try #require(try await site.backup("nightly").session.snapshot)
                    let fourth = try await site.backup("nightly").session

                    // The plan keeps two, somebody the first one.
                    let condition = fourth.json["conditions"]?.array?.first { $0["type"] == "RetentionPolicyApplied" }
                    #expect(condition?["status"] == "True", "\(fourth.json)")
                    #expect(
                        condition?["message"]?.string == "retention policy keep-2 forgot 1 snapshot, 3 are kept: \(second)",
                        "\(fourth.json)")
                    let listed = try await site.snapshots()
                    #expect(listed.compactMap { $0["id"]?.string } == [try #require(fourth.snapshot), third, first])
                    #expect(listed.last?["tags"] == ["audit", "first"] && listed.last?["kept"] == true)
                    try await compare(site, first, third, more)
                    try await choose(site, first: first, second: second, between: between)
                    try await giveUp(site, first: first, second: second)
                }
            }
        }

        private func compare(_ site: Site, _ first: String, _ third: String, _ more: String) async throws {
            let diff = try await run(site, ["diff", first, third])
            #expect(diff["indices"]?.array?.map { $0["name"] } == [.string(more)], "\(diff)")
            #expect(diff["indices"]?[0]?["change"] == "added" && diff["equalIndices"] == 1, "\(diff)")
            let text = try await site.sheaf(["diff", first, "latest"] + options(site))
            #expect(text.exit == .code(0) && text.output.contains { $0.hasPrefix("added  \(more)") }, "\(text)")
            let status = try await run(site, ["repo", "status", site.repositoryName], named: false)
            #expect(status["snapshotCount"] == 3 && status["snapshotsRemovedOnLastCleanup"] == 1, "\(status)")
            #expect(status["integrity"] == .null && (status["size"]?.int ?? 0) > 0, "\(status)")
        }

        /// A time is the newest before it that is still there, in a restore too.
        private func choose(_ site: Site, first: String, second: String, between: Timestamp) async throws {
            let shown = try await site.sheaf(["show", "\(between)", "--output", "json"])
            #expect(try shown.last["id"]?.string == first, "\(shown)")
            let file = try site.restoreFile("back", snapshot: "\(between)", parameters: ["prefix": "\(site.prefix)-back-"])
            let plan = try await site.sheaf(["restore", "-f", file, "--dry-run", "--output", "json"])
            #expect(try plan.last["snapshot"]?.string == first, "\(plan)")
            let early = try await site.sheaf(["show", "2020-01-01T00:00:00Z"])
            #expect(early.exit == .code(4) && early.errors.contains { $0.contains("or before; the oldest is of") }, "\(early)")
            let gone = try await site.sheaf(["show", second])
            #expect(gone.exit == .code(4), "\(gone)")
            let other = try await site.sheaf(["export", "latest", "--index", "*", "--target", "nobody"] + options(site))
            #expect(other.exit == .code(4), "\(other)")
        }

        private func giveUp(_ site: Site, first: String, second: String) async throws {
            let refused = try await site.sheaf(["forget", first] + options(site))
            #expect(refused.exit == .code(5) && refused.errors.contains { $0.contains("\(first) is kept") }, "\(refused)")
            #expect(try await run(site, ["unkeep", first])["kept"] == false)
            #expect(try await run(site, ["unkeep", first])["changed"] == false)
            #expect(
                try await run(site, ["forget", first]) == ["type": "forgotten", "snapshot": .string(first), "changed": true])
            #expect(try await run(site, ["forget", first])["changed"] == false)
            #expect(try await run(site, ["keep", second])["changed"] == true, "a forgotten one comes back")
            let wrong = try await site.sheaf(
                ["repo", "retain", site.repositoryName, "--keep-tag", "nobody"] + options(site, named: false))
            #expect(wrong.exit == .code(5), "\(wrong)")
            let retain = ["repo", "retain", site.repositoryName, "--keep-last", "1"]
            let dry = try await site.sheaf(retain + ["--dry-run"] + options(site, named: false))
            #expect(dry.exit == .code(0) && dry.output.last == "would forget 1 snapshot, 2 kept", "\(dry)")
            #expect(dry.output.contains { $0.hasSuffix("keep    last snapshot; newest that misses nothing") }, "\(dry)")
            #expect(try await run(site, retain, named: false)["forgotten"]?.array?.count == 1)
            #expect(try await run(site, retain, named: false)["forgotten"] == [])
            #expect(try await site.snapshots().count == 2)
        }

        private func options(_ site: Site, named: Bool = true) -> [String] {
            (named ? ["--repository", site.repositoryName] : []) + ["--resources", site.workerResources]
        }

        /// The last line of a command that ends well.
        private func run(_ site: Site, _ words: [String], named: Bool = true) async throws -> JSONValue {
            let result = try await site.sheaf(words + options(site, named: named) + ["--output", "json"])
            try #require(result.exit == .code(0), "\(result)")
            return try result.last
        }
    }
}
