import Foundation
import HTTP
import Runtime
import Testing

extension EndToEnd {
    /// A restore makes what the snapshot has, whatever stands in the target, and deletes nothing before it knows that it can.
    @Suite struct RestoreSafetyTests {
        /// Index templates that would each spoil a restored index, or keep it from being made.
        private static let templates: [(name: String, body: JSONValue)] = [
            (
                "source",
                [
                    "template": [
                        "mappings": ["_source": ["enabled": false], "dynamic": "strict", "_routing": ["required": true]],
                        "settings": ["index.final_pipeline": "none", "index.blocks.write": true], "aliases": ["theirs": [:]],
                    ]
                ]
            ),
            ("stream", ["data_stream": [:]]),
        ]

        @Test(
            .requires(.elasticsearch, .opensearch), .timeLimit(.minutes(3)), arguments: [TestServer.elasticsearch, .opensearch])
        func indexTemplatesOfTheTargetChangeNothing(_ server: TestServer) async throws {
            let engine = try Engine(server)
            try await Site.use { site in
                let orders = "\(site.prefix)-orders"
                let template = "\(site.prefix)-template"
                try await engine.use([orders]) {
                    try await engine.fill(orders, documents: 50, filling: 30)
                    let before = try await engine.observe(orders, isNumbered: true)
                    try site.declare(server)
                    try site.declarePlan("nightly", indices: orders)
                    try await site.startScheduler()
                    try await site.startWorker("one")
                    #expect(try await site.backup("nightly").session.phase == "Succeeded")
                    for (name, body) in Self.templates {
                        try await engine.delete(orders)
                        var body = body
                        body["index_patterns"] = [.string(orders + "*")]
                        body["priority"] = 300
                        try await engine.call("PUT", "/_index_template/\(template)", body)
                        let session = try await site.restore(try site.restoreFile("back-\(name)")).session
                        try await engine.call("DELETE", "/_index_template/\(template)")
                        #expect(session.phase == "Succeeded", "\(name): \(session.json)")
                        #expect(try await engine.observe(orders, isNumbered: true) == before, "\(name)")
                        let own = try await engine.send("GET", "/_index_template/.sheaf-\(session.id)")
                        #expect(own.status == 404, "the session's template was left")
                    }
                }
            }
        }

        /// A backup beside a restore finds its load alias: the copy must not be taken for the restore's own.
        @Test(.requires(.elasticsearch), .timeLimit(.minutes(2)))
        func aLoadAliasIsNeitherSavedNorRestored() async throws {
            let engine = try Engine(.elasticsearch)
            try await Site.use { site in
                let orders = "\(site.prefix)-orders"
                let alias = "sheaf-\(String(repeating: "0a", count: 16))-0"
                try await engine.use([orders, "copy-\(orders)"]) {
                    try await engine.fill(orders, documents: 10, filling: 30)
                    let action: JSONValue = ["add": ["index": .string(orders), "alias": .string(alias)]]
                    try await engine.call("POST", "/_aliases", ["actions": [action]])
                    try site.declare(.elasticsearch)
                    try site.declarePlan("nightly", indices: orders)
                    try await site.startScheduler()
                    try await site.startWorker("one")
                    let backup = try await site.backup("nightly").session
                    #expect(backup.phase == "Succeeded", "\(backup.json)")
                    #expect(backup.json.serialized().contains("is being restored or imported at the moment"), "\(backup.json)")
                    let copy = try await site.restore(try site.restoreFile("back", parameters: ["prefix": "copy-"])).session
                    #expect(copy.phase == "Succeeded", "\(copy.json)")
                    #expect(try await engine.call("GET", "/_alias/\(alias)").members?.map(\.name) == [orders])
                }
            }
        }

        @Test(
            .requires(.elasticsearch, .opensearch), .timeLimit(.minutes(3)), arguments: [TestServer.elasticsearch, .opensearch])
        func nothingIsDeletedThatCannotBeReplaced(_ server: TestServer) async throws {
            let engine = try Engine(server)
            try await Site.use { site in
                let orders = "\(site.prefix)-orders"
                try await engine.use([orders]) {
                    try await engine.fill(orders, documents: 50, filling: 30)
                    try site.declare(server)
                    try site.declarePlan("nightly", indices: orders)
                    try await site.startScheduler()
                    try await site.startWorker("one")
                    #expect(try await site.backup("nightly").session.phase == "Succeeded")
                    try await engine.bulk(orders, Array("{\"index\":{\"_id\":\"extra\"}}\n{\"n\":1}\n".utf8))
                    let standing = try await engine.observe(orders)
                    func refused(_ name: String, _ parameters: [String: String], _ reason: String) async throws {
                        let file = try site.restoreFile(name, parameters: parameters.merging(["conflict": "overwrite"]) { $1 })
                        let session = try await site.restore(file).session
                        #expect(session.phase == "Failed" && session.error.contains(reason), "\(session.json)")
                        #expect(try await engine.observe(orders) == standing)
                        let trials = try await engine.call("GET", "/_alias?expand_wildcards=all").members ?? []
                        #expect(!trials.contains { $0.name.contains(session.id) })
                        let own = try await engine.send("GET", "/_index_template/.sheaf-\(session.id)")
                        #expect(own.status == 404, "the session's template was left")
                    }

                    let analyzer = #"{"index.analysis.analyzer.mine.type":"nobody-has-this"}"#
                    try await refused("unmakable", ["indexSettings": analyzer], "index \(orders) was not overwritten")

                    let segments = try FileManager.default.subpathsOfDirectory(atPath: "\(site.repository)/segments")
                        .map { "\(site.repository)/segments/\($0)" }
                    for path in segments {
                        var isFolder: ObjCBool = false
                        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue {
                            try FileManager.default.removeItem(atPath: path)
                        }
                    }
                    try await refused("damaged", [:], "index \(orders) is not overwritten")
                }
            }
        }
    }
}
