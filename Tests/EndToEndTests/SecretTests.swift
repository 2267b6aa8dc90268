import Bus
import Foundation
import Runtime
import Testing

extension EndToEnd {
    @Suite struct SecretTests {
        /// Only the file names this port, where nobody listens.
        @Test(.timeLimit(.minutes(1)), arguments: [true, false]) func theBrokersAddressMayLieInAFile(_ isVariable: Bool)
            async throws
        {
            try await Site.use { site in
                let path = site.folder + "/amqp-url"
                try Data("amqp://guest:a%2Fsecret@127.0.0.1:9/\n".utf8).write(to: URL(filePath: path))
                let process = try await ChildProcess.start(
                    "topology", try Surroundings.binary,
                    ["topology", "apply", "--output", "json"] + (isVariable ? [] : ["--amqp-url-file", path]),
                    environment: isVariable ? ["AMQP_URL_FILE": path] : ["AMQP_URL": try Broker.url()])
                #expect(try await process.exit(within: .seconds(20)) == .code(6))
                let said = process.output.elements + process.log.elements
                #expect(said.contains { $0.contains("127.0.0.1:9") }, "\(said)")
                #expect(!said.contains { $0.contains("secret") }, "\(said)")
            }
        }

        /// A backup and a restore of a server that wants a password, and one with a wrong password: the words stay where they are.
        @Test(.requires(.secureElasticsearch), .timeLimit(.minutes(3))) func passwordsAreNeitherLoggedNorSent() async throws {
            let server = TestServer.secureElasticsearch
            let engine = try Engine(server)
            let password = try #require(server.credentials).password
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: 500, filling: 40)
                    try site.declare(server)
                    try site.declarePlan("nightly", indices: index)
                    let tap = try await Tap()
                    let scheduler = try await site.startScheduler()
                    let worker = try await site.startWorker("one", ["--log-level", "trace"])
                    let backup = try await site.backup("nightly")
                    #expect(try backup.session.phase == "Succeeded", "\(backup)")
                    try await engine.delete(index)
                    let restore = try await site.restore(try site.restoreFile("back"))
                    #expect(try restore.session.phase == "Succeeded", "\(restore)")
                    #expect(try await engine.count(index) == 500)

                    let said =
                        scheduler.log.elements + worker.log.elements + backup.output + backup.errors + restore.output
                        + restore.errors
                        + tap.messages.elements.map { "\($0.properties) \(String(decoding: $0.body, as: UTF8.self))" }
                    #expect(said.count > 10)
                    for text in said { #expect(!text.contains(password), "the password is in: \(text.prefix(500))") }
                    #expect(try site.filesHolding(password, in: site.repository).isEmpty)
                    #expect(try site.filesHolding(password, in: site.stateFolder(of: Topology.defaultScheduler)).isEmpty)
                    await tap.close()
                }
            }
        }
    }
}
