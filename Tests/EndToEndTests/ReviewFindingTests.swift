import Glibc
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// What a review of the core found: indices that change under a backup, restores that leave something out.
    @Suite struct ReviewFindingTests {
        /// Parts enough that the first index is far from its end when the second one is changed.
        static let documents = 4_000

        // MARK: - Changes between plan and unit

        /// The plan's one slice would be one of three shards of the new index, with a third of its documents.
        @Test(.requires(.elasticsearch), .timeLimit(.minutes(2))) func anIndexCreatedAnewUnderABackupFailsIt() async throws {
            try await withWaitingIndex(mappings: NumberedDocuments.mappings) { site, engine, waiting, backUp in
                let session = try await backUp {
                    try await engine.delete(waiting)
                    try await engine.fill(waiting, documents: 300, filling: 40, shards: 3)
                }
                #expect(session.phase == "Failed", "\(session.json)")
                #expect(session.error.contains(waiting), "\(session.error)")
                #expect(session.error.contains("was deleted or created anew"), "\(session.error)")
                #expect(session.snapshot == nil)
                #expect(try await site.snapshots().isEmpty)
            }
        }

        /// Documents that only the newer mapping lets in are in the view, so the snapshot must have the newer mapping.
        @Test(.requires(.elasticsearch), .timeLimit(.minutes(2))) func aMappingThatGrewUnderABackupComesBack() async throws {
            var mappings = NumberedDocuments.mappings
            mappings["dynamic"] = "strict"
            try await withWaitingIndex(mappings: mappings) { site, engine, waiting, backUp in
                let session = try await backUp {
                    try await engine.call("PUT", "/\(waiting)/_mapping", ["properties": ["later": ["type": "keyword"]]])
                    try await engine.bulk(
                        waiting, Array("{\"index\":{\"_id\":\"d300\"}}\n{\"n\":300,\"later\":\"here\"}\n".utf8))
                    try await engine.refresh(waiting)
                }
                try #require(session.phase == "Succeeded", "\(session.json)")
                #expect(session.indices[waiting] == 301)
                let before = try await engine.observe(waiting, isNumbered: true)
                for index in session.indices.keys { try await engine.delete(index) }

                let restore = try await site.restore(try site.restoreFile("back")).session
                try #require(restore.phase == "Succeeded", "\(restore.json)")
                #expect(restore.indices == session.indices)
                let after = try await engine.observe(waiting, isNumbered: true)
                #expect(after.documents == 301)
                #expect(after.mappings == before.mappings)
                #expect(after.answers == before.answers)
            }
        }

        /// Makes a large index and a small one of 300 documents that waits behind it, for one worker with one slot.
        ///
        /// - Parameter body: is given a function that backs both up and makes a change while the worker is halted and the small index
        ///   not yet begun.
        private func withWaitingIndex(
            mappings: JSONValue,
            _ body: (Site, Engine, _ waiting: String, _ backUp: (_ change: () async throws -> Void) async throws -> SessionLine)
                async throws -> Void
        ) async throws {
            let engine = try Engine(.elasticsearch)
            try await Site.use { site in
                let (large, waiting) = ("\(site.prefix)-large", "\(site.prefix)-waiting")
                try await engine.use([large, waiting]) {
                    try await engine.fill(large, documents: Self.documents, filling: 1_500)
                    try await engine.create(
                        waiting, settings: ["number_of_shards": 1, "number_of_replicas": 0], mappings: mappings)
                    try await engine.bulk(waiting, NumberedDocuments.lines(0..<300, filling: 40))
                    try await engine.refresh(waiting)
                    try site.declare(.elasticsearch)
                    try site.declarePlan("nightly", indices: "\(large),\(waiting)")
                    try await site.startScheduler()
                    let worker = try await site.startWorker(
                        "one", ["--slots", "1", "--window", "1", "--unit-bytes", "100KiB"])
                    try await body(site, engine, waiting) { change in
                        let tap = try await Tap()
                        let command = try await site.command(["backup", "nightly", "--wait", "--output", "json"])
                        _ = try await tap.messages.first("a part of \(large)", within: .seconds(60)) {
                            $0.progress?.index == large && $0.progress?.state == .stored
                        }
                        worker.send(signal: SIGSTOP)
                        try #require(!tap.storedParts.contains { $0.index == waiting }, "the index did not wait")
                        try await change()
                        worker.send(signal: SIGCONT)
                        let session = try await command.result(within: .seconds(90)).session
                        await tap.close()
                        return session
                    }
                }
            }
        }

        // MARK: - What a restore leaves out

        @Test(.requires(TestServer.two), .timeLimit(.minutes(2)), arguments: TestServer.present(TestServer.two))
        func aRestoreLeavesOutWhatItsParameterExcludes(_ server: TestServer) async throws {
            let engine = try Engine(server)
            try await Site.use { site in
                let (wanted, other, excluded) = ("\(site.prefix)-wanted", "\(site.prefix)-other", "\(site.prefix)-excluded")
                try await engine.use([wanted, other, excluded]) {
                    for (index, documents) in [(wanted, 30), (other, 20), (excluded, 10)] {
                        try await engine.fill(index, documents: documents, filling: 40)
                    }
                    try site.declare(server)
                    try site.declarePlan("nightly", indices: "\(site.prefix)-*")
                    try await site.startScheduler()
                    try await site.startWorker("one")
                    let backup = try await site.backup("nightly").session
                    try #require(backup.indices == [wanted: 30, other: 20, excluded: 10], "\(backup.json)")
                    for index in [wanted, other, excluded] { try await engine.delete(index) }

                    let restore = try await site.restore(try site.restoreFile("back", indices: "-\(excluded)")).session
                    #expect(restore.phase == "Succeeded", "\(restore.json)")
                    #expect(restore.indices == [wanted: 30, other: 20])
                    #expect(try await !engine.exists(excluded))
                    for (index, documents) in [(wanted, 30), (other, 20)] {
                        try await engine.refresh(index)
                        #expect(try await engine.count(index) == documents)
                    }
                }
            }
        }

        /// `index.lifecycle.prefer_ilm` is Elasticsearch's own and is set after the load, in one request with those that OpenSearch knows.
        @Test(.requires(.elasticsearch), .requires(.opensearch), .timeLimit(.minutes(2)))
        func aLateSettingThatTheTargetRefusesIsReported() async throws {
            let (source, target) = (try Engine(.elasticsearch), try Engine(.opensearch))
            let foreign = "index.lifecycle.prefer_ilm"
            try await Site.use { site in
                let index = "\(site.prefix)-moved"
                try await source.use([index]) {
                    try await target.use([index]) {
                        try await source.create(
                            index,
                            settings: [
                                "number_of_shards": 1, "number_of_replicas": 2, "refresh_interval": "7s",
                                "lifecycle.prefer_ilm": false,
                            ], mappings: NumberedDocuments.mappings)
                        try await source.bulk(index, NumberedDocuments.lines(0..<100, filling: 40))
                        try await source.refresh(index)
                        try #require(try await source.settings(of: index)[foreign] == "false")
                        try site.declare(.elasticsearch)
                        try site.declarePlan("nightly", indices: index)
                        let programs = [try await site.startScheduler(), try await site.startWorker("one")]
                        let backup = try await site.backup("nightly").session
                        try #require(backup.phase == "Succeeded" && backup.documents == 100, "\(backup.json)")
                        for program in programs { try await program.kill() }

                        try site.declare(.opensearch)
                        try await site.startScheduler()
                        try await site.startWorker("two")
                        let restore = try await site.restore(try site.restoreFile("back")).session
                        #expect(restore.phase == "Succeeded" && restore.documents == 100, "\(restore.json)")
                        let conditions = (restore.json["conditions"]?.array ?? []).compactMap { $0["message"]?.string }
                        #expect(conditions.contains { $0.contains(foreign) && $0.contains(index) }, "\(restore.json)")
                        let settings = try await target.settings(of: index)
                        #expect(settings["index.refresh_interval"] == "7s")
                        #expect(settings["index.number_of_replicas"] == "2")
                        #expect(settings[foreign] == nil)
                        #expect(try await target.count(index) == 100)
                    }
                }
            }
        }
    }
}
