import Foundation
import Runtime
import Testing

extension EndToEnd {
    /// What cannot succeed fails in time, with a sentence that says what, where and what to do.
    @Suite struct FailureTests {
        // MARK: - At once

        @Test(.requires(.secureElasticsearch), .timeLimit(.minutes(1))) func aWrongPasswordFailsAtOnce() async throws {
            let server = TestServer.secureElasticsearch
            try await Site.use { site in
                try site.declare(server, password: "not-\(site.prefix)")
                try site.declarePlan("nightly", indices: "anything")
                try await site.startScheduler()
                try await site.startWorker("one")
                let result = try await site.backup("nightly")
                let session = try result.session
                #expect(session.phase == "Failed" && result.exit == .code(1), "\(result)")
                #expect(session.seconds < 10 && result.seconds < 12, "\(result)")
                expect(session.error, names: [try server.url(), "401"], advises: ["Secret", "secret", "password", "credential"])
                #expect(!session.json.serialized().contains("not-\(site.prefix)"))
            }
        }

        @Test(.requires(TestServer.open), .timeLimit(.minutes(1)), arguments: TestServer.present(TestServer.open))
        func aPatternThatMatchesNothingFailsAtOnce(_ server: TestServer) async throws {
            try await Site.use { site in
                try site.declare(server)
                try site.declarePlan("nightly", indices: "\(site.prefix)-*")
                try await site.startScheduler()
                try await site.startWorker("one")
                let result = try await site.backup("nightly")
                let session = try result.session
                #expect(session.phase == "Failed" && result.exit == .code(1), "\(result)")
                #expect(result.seconds < 10, "\(result)")
                expect(session.error, names: ["\(site.prefix)-*", site.cluster], advises: ["correct the pattern"])
                #expect(session.snapshot == nil)
            }
        }

        @Test(.timeLimit(.minutes(1))) func aMissingRepositoryFailsAtOnce() async throws {
            try await Site.use { site in
                try site.declare(.defaultEngine, url: "http://127.0.0.1:9")
                try site.declarePlan("nightly", indices: "anything", repository: "nowhere")
                try await site.startScheduler()
                let result = try await site.backup("nightly")
                let session = try result.session
                #expect(session.phase == "Failed" && result.exit == .code(1), "\(result)")
                #expect(result.seconds < 10, "\(result)")
                expect(session.error, names: ["Repository", "nowhere"], advises: ["apply"])
            }
        }

        @Test(.timeLimit(.minutes(1))) func aMissingPlanIsNoSession() async throws {
            try await Site.use { site in
                try await site.startScheduler()
                let result = try await site.backup("nothing")
                #expect(result.exit == .code(4), "\(result)")
                #expect(result.seconds < 10, "\(result)")
                let line = try result.last
                #expect(line["type"] == "error" && line["code"] == "notFound", "\(result)")
                expect(line["message"]?.string ?? "", names: ["BackupConfiguration", "nothing"], advises: ["apply"])
                #expect(try await site.sheaf(["sessions", "--output", "json"]).output.isEmpty)
            }
        }

        @Test(.requires(TestServer.open), .timeLimit(.minutes(2)), arguments: TestServer.present(TestServer.open))
        func aRestoreOverAnIndexFailsAndHarmsNothing(_ server: TestServer) async throws {
            let engine = try Engine(server)
            try await Site.use { site in
                let (standing, other) = ("\(site.prefix)-standing", "\(site.prefix)-other")
                try await engine.use([standing, other]) {
                    for index in [standing, other] { try await engine.fill(index, documents: 300, filling: 40) }
                    try site.declare(server)
                    try site.declarePlan("nightly", indices: "\(site.prefix)-*")
                    try await site.startScheduler()
                    try await site.startWorker("one")
                    #expect(try await site.backup("nightly").session.phase == "Succeeded")
                    try await engine.delete(other)
                    try await engine.bulk(standing, NumberedDocuments.lines(300..<310, filling: 40))
                    let before = try await engine.observe(standing, isNumbered: true)

                    let result = try await site.restore(try site.restoreFile("back"))
                    let session = try result.session
                    #expect(session.phase == "Failed" && result.exit == .code(1), "\(result)")
                    #expect(result.seconds < 10, "\(result)")
                    expect(session.error, names: [standing, site.cluster], advises: ["delete or rename"])
                    #expect(!session.error.contains(other))
                    #expect(try await engine.observe(standing, isNumbered: true) == before)
                    #expect(try await !engine.exists(other), "nothing is restored by halves")
                }
            }
        }

        // MARK: - After the attempts

        @Test(.timeLimit(.minutes(2))) func anUnknownHostFailsAfterTheAttempts() async throws {
            try await Site.use { site in
                try site.declare(.defaultEngine, url: "http://no-such-host.invalid:9200")
                try site.declarePlan("nightly", indices: "anything")
                try await site.startScheduler()
                let worker = try await site.startWorker("one")
                let result = try await site.backup("nightly")
                let session = try result.session
                #expect(session.phase == "Failed" && result.exit == .code(1), "\(result)")
                #expect(result.seconds < 45, "\(result)")
                expect(session.error, names: ["no-such-host.invalid"], advises: ["check name and DNS"])
                #expect(worker.log.elements.contains { $0.contains("tried again") }, "the worker tried it once only")
            }
        }

        @Test(.timeLimit(.minutes(2))) func aPortThatNobodyListensOnFailsAfterTheAttempts() async throws {
            try await Site.use { site in
                try site.declare(.defaultEngine, url: "http://127.0.0.1:9")
                try site.declarePlan("nightly", indices: "anything")
                try await site.startScheduler()
                try await site.startWorker("one")
                let result = try await site.backup("nightly")
                let session = try result.session
                #expect(session.phase == "Failed" && result.exit == .code(1), "\(result)")
                #expect(result.seconds < 45, "\(result)")
                expect(session.error, names: ["127.0.0.1:9"], advises: ["check address"])
            }
        }

        enum FullDisk: String, CaseIterable {
            case repository
            case spool
        }

        @Test(
            .requires(TestServer.open),
            .enabled("only root can mount a small disk, and only where the machine lets it") { try await SmallDisk.isPossible() },
            .timeLimit(.minutes(3)), arguments: FullDisk.allCases)
        func aFullDiskFailsAfterTheAttempts(_ disk: FullDisk) async throws {
            let engine = try Engine(try #require(TestServer.present(TestServer.open).first))
            try await Site.use { site in
                let index = "\(site.prefix)-large"
                let small = site.folder + "/small"
                try FileManager.default.createDirectory(atPath: small, withIntermediateDirectories: true)
                try await engine.use([index]) {
                    try await engine.create(index, settings: ["number_of_replicas": 0], mappings: NumberedDocuments.mappings)
                    try await engine.bulk(index, NumberedDocuments.incompressible(0..<2_000, filling: 3_000))
                    try await engine.refresh(index)
                    try site.declare(engine.server, repositoryPath: disk == .repository ? small : nil)
                    try site.declarePlan("nightly", indices: index)
                    try await site.startScheduler()
                    try await site.startWorker("one", spool: disk == .spool ? small : nil, smallDisk: small)
                    let result = try await site.backup("nightly")
                    let session = try result.session
                    #expect(session.phase == "Failed" && result.exit == .code(1), "\(result)")
                    #expect(session.snapshot == nil)
                    expect(session.error, names: [small], advises: ["full", "space", "free", "larger"])
                    #expect(try await engine.openContexts(index) ?? 0 == 0)
                }
            }
        }

        private func expect(
            _ sentence: String, names: [String], advises: [String], sourceLocation: SourceLocation = #_sourceLocation
        ) {
            for name in names {
                #expect(sentence.contains(name), "the error must name \(name): \(sentence)", sourceLocation: sourceLocation)
            }
            #expect(
                advises.contains { sentence.contains($0) }, "the error must say what to do: \(sentence)",
                sourceLocation: sourceLocation)
        }
    }
}
