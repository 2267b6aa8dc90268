import Foundation
import Runtime
import Testing

extension EndToEnd {
    /// What a restore may be told: one snapshot, restored in every way beside and over what is there; and its documents as plain lines.
    @Suite struct RestoreOptionsTests {
        @Test(.requires(.elasticsearch), .timeLimit(.minutes(5)))
        func aSnapshotIsRestoredInEveryWay() async throws {
            let engine = try Engine(.elasticsearch)
            try await Site.use { site in
                let (orders, all) = ("\(site.prefix)-orders", "\(site.prefix)-all")
                let renamed = "\(site.prefix)-renamed"
                var made = [orders, renamed]
                try await engine.use([orders, renamed]) {
                    try await engine.fill(orders, documents: 100, filling: 30)
                    let alias: JSONValue = [
                        "index": .string(orders), "alias": .string(all), "is_write_index": true, "routing": "r",
                    ]
                    try await engine.call("POST", "/_aliases", ["actions": [["add": alias]]])
                    try site.declare(.elasticsearch)
                    try site.declarePlan("nightly", indices: orders)
                    try await site.startScheduler()
                    try await site.startWorker("one")
                    let backup = try await site.backup("nightly").session
                    let time = try #require(backup.snapshot).prefix { $0 != "-" }.lowercased()
                    func restore(_ parameters: [String: String]) async throws -> SessionLine {
                        let result = try await site.restore(try site.restoreFile("back", parameters: parameters))
                        let session = try result.session
                        let left = try await engine.aliasNames().filter { $0.hasPrefix("sheaf-\(session.id)") }
                        #expect(left.isEmpty, "a load alias was left")
                        return session
                    }
                    func holders() async throws -> [String] {
                        (try await engine.call("GET", "/_alias/\(all)").members ?? []).map(\.name)
                    }

                    // Refused, and told beforehand without a change.
                    let dry = try await site.sheaf([
                        "restore", "-f", try site.restoreFile("dry"), "--dry-run", "--output", "json",
                    ])
                    #expect(dry.exit == .code(5), "\(dry)")
                    let plan = try JSONValue(parsing: try #require(dry.output.first))
                    #expect(plan["type"] == "restorePlan" && plan["indices"]?[0]?["action"] == "conflict", "\(plan)")
                    #expect(plan["problems"]?[0]?.string?.contains(orders) == true, "\(plan)")
                    let refused = try await restore([:])
                    #expect(refused.phase == "Failed" && refused.error.contains("already there"), "\(refused.json)")

                    // Renamed, with other settings and without aliases.
                    let naming = [
                        "renamePattern": "^(.*)-orders$", "renameReplacement": "$1-renamed", "includeAliases": "false",
                        "indexSettings": #"{"index.refresh_interval":"9s"}"#,
                    ]
                    let shown = try await site.sheaf([
                        "restore", "-f", try site.restoreFile("dry", parameters: naming), "--dry-run",
                    ])
                    #expect(
                        shown.exit == .code(0) && shown.output.contains { $0.contains(renamed) && $0.hasPrefix("create") },
                        "\(shown)")
                    #expect(try await !engine.exists(renamed), "a dry run writes nothing")
                    let second = try await restore(naming)
                    try #require(second.phase == "Succeeded", "\(second.json)")
                    #expect(try await engine.count(renamed) == 100)
                    #expect(try await engine.settings(of: renamed)["index.refresh_interval"] == "9s")
                    #expect(try await holders() == [orders])

                    // What is there stays, is added to, or is replaced.
                    try await engine.bulk(orders, Array("{\"index\":{\"_id\":\"extra\"}}\n{\"n\":1}\n".utf8))
                    try await engine.refresh(orders)
                    for policy in ["skip", "append"] {
                        let done = try await restore(["conflict": policy])
                        #expect(done.phase == "Succeeded", "\(policy): \(done.json)")
                        #expect(try await engine.count(orders) >= 101, "\(policy) deletes nothing")
                        #expect(try await holders() == [orders])
                    }
                    let over = try await restore(["conflict": "overwrite"])
                    try #require(over.phase == "Succeeded", "\(over.json)")
                    #expect(try await engine.count(orders) == 100)
                    #expect(try await holders() == [orders])

                    // Beside what is there, twice: the alias moves with all that it is.
                    for _ in 0..<2 {
                        let swap = try await restore(["conflict": "swap-alias"])
                        try #require(swap.phase == "Succeeded", "\(swap.json)")
                        let name = try #require(swap.indices.keys.first)
                        made.append(name)
                        #expect(name.hasPrefix("\(orders)-\(time)") && swap.indices[name] == 100, "\(swap.json)")
                        let moved = try await engine.call("GET", "/_alias/\(all)")
                        #expect(moved.members?.map(\.name) == [name])
                        #expect(
                            moved[path: [name, "aliases", all]]
                                == ["index_routing": "r", "search_routing": "r", "is_write_index": true], "\(moved)")
                    }
                    #expect(Set(made).count == 4)
                    #expect(try await engine.count(orders) == 100)
                    for name in made.dropFirst(2) { try await engine.delete(name) }
                }
            }
        }

        @Test(.requires(.elasticsearch), .timeLimit(.minutes(3)))
        func documentsGoOutAndInAsPlainLines() async throws {
            let engine = try Engine(.elasticsearch)
            try await Site.use { site in
                let (nasty, again) = ("\(site.prefix)-nasty", "\(site.prefix)-again")
                try await engine.use([nasty, again]) {
                    let mappings: JSONValue = ["dynamic": false]
                    try await engine.create(nasty, settings: ["number_of_shards": 2], mappings: mappings)
                    for document in NastyDocument.all { try await engine.put(document, in: nasty) }
                    try await engine.refresh(nasty)
                    try site.declare(.elasticsearch)
                    try site.declarePlan("nightly", indices: nasty)
                    try await site.startScheduler()
                    try await site.startWorker("one")
                    let backup = try await site.backup("nightly").session
                    try #require(backup.phase == "Succeeded", "\(backup.json)")

                    let file = "\(site.folder)/nasty.ndjson"
                    let options = ["--repository", site.repositoryName, "--resources", site.workerResources]
                    let export = ["export", try #require(backup.snapshot), "--index", nasty, "--output-file", file] + options
                    let out = try await site.sheaf(export)
                    #expect(out.exit == .code(0), "\(out)")
                    #expect(out.errors.contains { $0.contains("4 documents had raw line ends") }, "\(out)")
                    let lines = try Data(contentsOf: URL(filePath: file)).split(separator: 0x0A)
                    #expect(lines.count == 2 * NastyDocument.all.count)
                    #expect(try await site.sheaf(export).exit == .code(5), "a file is not overwritten")
                    let unknown = try await site.sheaf(["export", "latest", "--index", "none"] + options)
                    #expect(unknown.exit == .code(4), "\(unknown)")

                    let load = [
                        "import", "--appbinding", site.cluster, "--index", again, "--resources", site.workerResources, "--output",
                        "json",
                    ]
                    try await engine.create(again, settings: ["number_of_shards": 2], mappings: mappings)
                    #expect(try await site.sheaf(load + [file]).exit == .code(5), "an index is not added to unasked")
                    for _ in 0..<2 {
                        let loaded = try await site.sheaf(load + ["--conflict", "append", file])
                        #expect(loaded.exit == .code(0), "\(loaded)")
                        #expect(try loaded.last["documents"]?.int == NastyDocument.all.count, "\(loaded)")
                        #expect(try await engine.count(again) == NastyDocument.all.count, "the same file again changes nothing")
                    }
                    // Byte for byte, but for those that a line cannot hold.
                    let plain = NastyDocument.all.filter { !$0.source.contains(0x0A) && $0.source.last != 0x0D }
                    let before = try await engine.observe(nasty, documents: plain)
                    let after = try await engine.observe(again, documents: plain)
                    #expect(plain.count > 10)
                    for (question, answer) in before.answers {
                        let expected = String(decoding: answer, as: UTF8.self).replacingOccurrences(of: nasty, with: again)
                        #expect(String(decoding: after.answers[question] ?? [], as: UTF8.self) == expected, "\(question)")
                    }

                    let sources = try await site.sheaf(
                        ["export", "latest", "--index", "*-nasty", "--format", "documents"] + options)
                    #expect(sources.exit == .code(0) && sources.output.count == NastyDocument.all.count, "\(sources)")
                }
            }
        }
    }
}
