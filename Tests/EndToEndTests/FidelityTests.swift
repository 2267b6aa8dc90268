import Foundation
import Testing

extension EndToEnd {
    /// The corpus of `Tests/Fidelity` in five directions between real engines: `scripts/proof fidelity`, docs/fidelity.md.
    ///
    /// The corpus and what compares are Python, which shares no line with the program.
    @Suite struct FidelityTests {
        private static let servers: [(dialect: String, server: TestServer)] = [
            ("es8", .elasticsearch), ("os", .opensearch), ("es7", .elasticsearch7),
        ]

        @Test(
            .requiresReleaseBuild, .requires(.elasticsearch), .requires(.opensearch), .requires(.elasticsearch7),
            .requiresInstalled("/usr/bin/python3"), .timeLimit(.minutes(30)))
        func everyCaseComesBackInEveryDirection() async throws {
            try await Site.use { site in
                let folder = site.folder + "/fidelity"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                let program = ["/usr/bin/python3", Surroundings.packageFolder + "/Tests/Fidelity/fidelity.py"]
                let servers = try Self.servers.map { "\($0.dialect)=\(try $0.server.url())" }
                let prepared = try await site.run(
                    program + ["prepare", folder] + servers
                        + ["--resources", site.schedulerResources, "--resources", site.workerResources])
                try #require(prepared.exit == .code(0), "\(prepared)")
                try await site.startScheduler()
                try await site.startWorker("one")
                try await site.startWorker("two")

                let result = try await site.run(
                    program + ["run", folder] + servers + ["--sheaf", try Surroundings.binary], within: .seconds(1700))
                for line in result.output {
                    if line.hasPrefix("FAILED ") { Issue.record("\(line.dropFirst(7))") } else { print(line) }
                }
                #expect(result.exit == .code(0), "\(result)")
            }
        }
    }
}
