import Bus
import Foundation
import Glibc
import Runtime
import Testing

extension EndToEnd {
    /// Who is not there: the broker, the Scheduler, the workers.
    @Suite struct AvailabilityTests {
        @Test(.timeLimit(.minutes(1))) func withoutABrokerThereIsNoSession() async throws {
            try await Site.use(amqpURL: "amqp://guest:guest@127.0.0.1:9/") { site in
                let result = try await site.backup("nightly")
                #expect(result.exit == .code(6), "\(result)")
                #expect(result.seconds < 15, "\(result)")
                let line = try result.last
                #expect(line["type"] == "error" && line["code"] == "unreachable", "\(result)")
                #expect(line["message"]?.string?.contains("127.0.0.1:9") == true, "\(result)")
                #expect(result.output.count == 1)
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: ["scheduler", "worker"])
        func aProgramWithAWrongPasswordSaysSoAndEnds(_ program: String) async throws {
            try await Site.use { site in
                let url = try Broker.url().replacing("guest:guest@", with: "guest:wrong@")
                let folders =
                    program == "worker"
                    ? ["--resources", site.workerResources, "--spool", site.folder + "/spool"]
                    : ["--resources", site.schedulerResources, "--state", site.folder + "/state", "--listen", "127.0.0.1:0"]
                let result = try await site.sheaf([program, "--amqp-url", url] + folders, within: .seconds(20))
                #expect(result.exit == .code(6), "\(result)")
                #expect(result.errors.last?.contains("check user name and password") == true, "\(result)")
            }
        }

        @Test(.timeLimit(.minutes(1))) func aBrokerThatNeverAnswersIsGivenUp() async throws {
            let silent = try SilentListener()
            try await Site.use(amqpURL: "amqp://guest:guest@127.0.0.1:\(silent.port)/") { site in
                let result = try await site.backup("nightly")
                #expect(result.exit == .code(6), "\(result)")
                #expect(result.seconds < 17, "\(result)")
                #expect(try result.last["code"] == "unreachable", "\(result)")
            }
        }

        @Test(.timeLimit(.minutes(1))) func withoutASchedulerTheRequestIsWithdrawn() async throws {
            try await Site.use { site in
                let result = try await site.backup("nightly")
                #expect(result.exit == .code(6), "\(result)")
                #expect(result.seconds < 20, "\(result)")
                #expect(try result.last["message"]?.string?.contains("sheaf scheduler") == true, "\(result)")
            }
        }

        @Test(.requires(TestServer.two), .timeLimit(.minutes(2)), arguments: TestServer.present(TestServer.two))
        func aSessionWaitsForAWorker(_ server: TestServer) async throws {
            let engine = try Engine(server)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: 100, filling: 40)
                    try site.declare(server)
                    try site.declarePlan("nightly", indices: index)
                    try await site.startScheduler()
                    let command = try await site.command(["backup", "nightly", "--wait", "--output", "json"])
                    _ = try await command.process.output.first("the session to be Pending", within: .seconds(20)) {
                        $0.contains("\"phase\":\"Pending\"")
                    }
                    #expect(try await Broker.messages(in: .backupSession) == 1)
                    try await site.startWorker("late")
                    let session = try await command.result(within: .seconds(60)).session
                    #expect(session.phase == "Succeeded", "\(session.json)")
                    #expect(session.partsByWorker.keys.sorted() == ["late"])
                }
            }
        }

        /// Each call there takes half a minute until it is given up, and is repeated.
        @Test(.requires(.elasticsearch), .timeLimit(.minutes(2))) func aStoreThatNeverAnswersHoldsUpNoOther() async throws {
            let engine = try Engine(.elasticsearch)
            let silent = try SilentServer()
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: 100, filling: 40)
                    try site.declare(.elasticsearch)
                    let name = "\(site.prefix)-silent"
                    let backend: JSONValue = [
                        "s3": ["bucket": "bucket", "endpoint": .string(silent.url)], "storageSecretName": .string(name),
                    ]
                    try site.write(
                        site.manifest("stash.appscode.com/v1alpha1", "Repository", name, "spec", ["backend": backend]), "silent",
                        to: [site.schedulerResources, site.workerResources])
                    let keys: JSONValue = ["AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "RESTIC_PASSWORD": "p"]
                    try site.write(
                        site.manifest("v1", "Secret", name, "stringData", keys), "silent-keys", to: [site.workerResources])
                    // A target of its own: plans of one take turns.
                    var other = try JSONValue(
                        parsing: Array(Data(contentsOf: URL(filePath: site.schedulerResources + "/cluster.json"))))
                    other["metadata"] = ["name": .string(name)]
                    try site.write(other, "silent-cluster", to: [site.schedulerResources, site.workerResources])
                    try site.declarePlan("stuck", indices: index, repository: name, cluster: name)
                    try site.declarePlan("nightly", indices: index)
                    try await site.startScheduler()
                    try await site.startWorker("one")
                    _ = try await site.sheaf(["backup", "stuck", "--output", "json"])
                    try await silent.accepted()
                    let result = try await site.backup("nightly")
                    #expect(try result.session.phase == "Succeeded", "\(result)")
                    #expect(result.seconds < 25, "\(result)")
                }
            }
        }

        /// The Scheduler is needed to begin a session, not to end one; what it missed it learns when it is back.
        @Test(.requires(TestServer.two), .timeLimit(.minutes(2)), arguments: TestServer.present(TestServer.two))
        func aSessionEndsWithoutItsScheduler(_ server: TestServer) async throws {
            let engine = try Engine(server)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: 4_000, filling: 1_000)
                    try site.declare(server)
                    try site.declarePlan("nightly", indices: index)
                    let scheduler = try await site.startScheduler()
                    let command = try await site.command(["backup", "nightly", "--wait", "--output", "json"])
                    _ = try await command.process.output.first("the session to be Pending", within: .seconds(20)) {
                        $0.contains("\"phase\":\"Pending\"")
                    }
                    try await scheduler.kill()
                    try await site.startWorker("one", ["--unit-bytes", "100KiB"])
                    let session = try await command.result(within: .seconds(60)).session
                    #expect(session.phase == "Succeeded" && session.documents == 4_000, "\(session.json)")

                    try await site.startScheduler()
                    // The events that it missed wait in its queue before those of a session that begins now.
                    let later = try await site.backup("nightly").session
                    let known = try await site.sheaf(["sessions", "--output", "json"]).output.map { try JSONValue(parsing: $0) }
                    let phases = Dictionary(
                        uniqueKeysWithValues: known.map { ($0["id"]?.string ?? "", $0["phase"]?.string ?? "") })
                    #expect(phases[session.id] == "Succeeded", "\(phases)")
                    #expect(phases.count == 2 && phases[later.id] != nil, "\(phases)")
                }
            }
        }
    }
}

/// A port that takes connections and never says a word.
private final class SilentListener {
    let port: Int
    private let file: CInt

    init() throws {
        file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let file = file
        let result = withUnsafeMutableBytes(of: &address) { bytes -> CInt in
            guard let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return -1 }
            guard bind(file, pointer, length) == 0, listen(file, 8) == 0 else { return -1 }
            return getsockname(file, pointer, &length)
        }
        try #require(result == 0, "no port to listen on: \(String(cString: strerror(errno)))")
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(file) }
}
