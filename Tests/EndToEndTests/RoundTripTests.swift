import Runtime
import Testing

extension EndToEnd {
    /// Back up, delete, restore, compare.
    @Suite struct RoundTripTests {
        @Test(.requires(TestServer.open), .timeLimit(.minutes(5)), arguments: TestServer.present(TestServer.open))
        func whatWasBackedUpComesBackAsItWas(_ server: TestServer) async throws {
            let engine = try Engine(server)
            try await Site.use { site in
                let indices = Indices(site.prefix)
                try await engine.use(indices.all) {
                    try await indices.make(on: engine)
                    try site.declare(server)
                    try site.declarePlan("nightly", indices: "\(site.prefix)-*")
                    try await site.startScheduler()
                    try await site.startWorker("one", ["--unit-bytes", "100KiB"])
                    try await site.startWorker("two", ["--unit-bytes", "100KiB"])
                    let before = try await indices.observe(on: engine)
                    let aliases = try await engine.aliasNames()

                    let backup = try await site.backup("nightly").session
                    try #require(backup.phase == "Succeeded", "\(backup.json)")
                    #expect(backup.indices == before.mapValues(\.documents))
                    #expect(Set(backup.partsByWorker.keys) == ["one", "two"])
                    for index in indices.all {
                        #expect(try await engine.openContexts(index) ?? 0 == 0, "a point in time was left open on \(index)")
                        try await engine.delete(index)
                    }

                    let restore = try await site.restore(try site.restoreFile("back")).session
                    try #require(restore.phase == "Succeeded", "\(restore.json)")
                    #expect(restore.snapshot == backup.snapshot)
                    #expect(restore.indices == backup.indices)
                    let after = try await indices.observe(on: engine)
                    for index in indices.all { expectSame(before[index], after[index], index) }
                    #expect(try await engine.aliasNames() == aliases)
                    for index in indices.all { #expect(try await engine.openContexts(index) ?? 0 == 0) }
                }
            }
        }

        private func expectSame(_ before: Engine.Observation?, _ after: Engine.Observation?, _ index: String) {
            #expect(before?.settings == after?.settings, "settings of \(index)")
            #expect(before?.mappings == after?.mappings, "mappings of \(index)")
            #expect(before?.aliases == after?.aliases, "aliases of \(index)")
            #expect(before?.documents == after?.documents, "documents of \(index)")
            for (question, answer) in before?.answers ?? [:] where after?.answers[question] != answer {
                let (was, now) = (answer, after?.answers[question] ?? [])
                let difference =
                    zip(was, now).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(was.count, now.count)
                let place = max(0, difference - 40)
                Issue.record(
                    """
                    \(question.prefix(100)) of \(index) differs at byte \(difference):
                    \(String(decoding: was.dropFirst(place).prefix(120), as: UTF8.self))
                    \(String(decoding: now.dropFirst(place).prefix(120), as: UTF8.self))
                    """)
            }
        }
    }
}

/// The indices of a round trip: one with all that is difficult, one with many documents, one with none.
private struct Indices {
    let nasty: String
    let numbered: String
    let empty: String

    init(_ prefix: String) { (nasty, numbered, empty) = ("\(prefix)-nasty", "\(prefix)-numbered", "\(prefix)-empty") }

    var all: [String] { [nasty, numbered, empty] }

    func make(on engine: Engine) async throws {
        if engine.server.isReal {
            let mappings: JSONValue = [
                "dynamic": false,
                "properties": [
                    "items": ["type": "nested", "properties": ["a": ["type": "keyword"]]], "which": ["type": "keyword"],
                ],
            ]
            try await engine.create(
                nasty, settings: ["number_of_shards": 5, "number_of_replicas": 1, "refresh_interval": "7s"], mappings: mappings,
                aliases: [
                    "\(nasty)-some": ["filter": ["term": ["which": "one"]]],
                    "\(nasty)-routed": ["index_routing": "one", "search_routing": "one,six"],
                    "\(nasty)-written": ["is_write_index": true],
                ])
            for document in NastyDocument.all { try await engine.put(document, in: nasty) }
        } else {
            try await engine.create(nasty, settings: ["number_of_shards": 5, "number_of_replicas": 0])
            try await engine.bulk(nasty, NumberedDocuments.lines(0..<100, filling: 50))
        }
        try await engine.fill(numbered, documents: 12_000, filling: 200, shards: 2)
        try await engine.create(
            empty, settings: ["number_of_shards": 1, "number_of_replicas": 0], mappings: NumberedDocuments.mappings)
    }

    func observe(on engine: Engine) async throws -> [String: Engine.Observation] {
        [
            nasty: engine.server.isReal
                ? try await engine.observe(nasty, documents: NastyDocument.all)
                : try await engine.observe(nasty, isNumbered: true),
            numbered: try await engine.observe(numbered, isNumbered: true), empty: try await engine.observe(empty),
        ]
    }
}
