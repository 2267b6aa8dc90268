import Bus
import Foundation
import Runtime
import Testing

extension EndToEnd {
    /// The programs of examples/, as a reader would run them.
    @Suite(.requiresInstalled(".venv/bin/python", "/usr/bin/amqp-publish", "/usr/bin/jq")) struct ExamplesTests {
        enum Follower: CaseIterable {
            case python
            case shell

            var words: [String] {
                switch self {
                case .python: [".venv/bin/python", Surroundings.packageFolder + "/examples/trigger_and_follow.py"]
                case .shell: ["examples/trigger-and-follow"]
                }
            }
        }

        @Test(.requires(.defaultEngine), .timeLimit(.minutes(2)), arguments: Follower.allCases)
        func aBackupIsTriggeredAndFollowedToItsEnd(_ follower: Follower) async throws {
            try await withIndex { site, index in
                try await site.startScheduler()
                try await site.startWorker("one", ["--unit-bytes", "50KiB"])
                let first = try await site.run(follower.words + ["nightly", "release 41"])
                #expect(first.exit == .code(0), "\(first)")
                let session = try #require(first.output.first)
                #expect(session.hasPrefix("session "), "\(first)")
                #expect(first.output.contains { $0.hasPrefix("\(index): ") && $0.hasSuffix(" documents, stored") }, "\(first)")
                let snapshot = try #require(try await site.snapshots().first?["id"]?.string)
                #expect(first.output.last?.trimmingCharacters(in: .whitespaces) == "Succeeded \(snapshot)", "\(first)")

                // As after a crash of the system that asked: the same key is the same session, and its end is told once more.
                let again = try await site.run(follower.words + ["nightly", "release 41"])
                #expect(again.exit == .code(0) && again.output.first == session, "\(again)")
                #expect(try await site.snapshots().count == 1)
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: Follower.allCases)
        func aSessionThatFailsIsExitCodeOneWithItsReason(_ follower: Follower) async throws {
            try await Site.use { site in
                try site.declare(.defaultEngine, url: "http://127.0.0.1:9")
                try site.declarePlan("nightly", indices: "anything", repository: "nowhere")
                try await site.startScheduler()
                let result = try await site.run(follower.words + ["nightly"])
                #expect(result.exit == .code(1), "\(result)")
                let end = try #require(result.output.last)
                #expect(end.hasPrefix("Failed") && end.contains("nowhere"), "\(result)")
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: Follower.allCases)
        func aPlanThatDoesNotExistIsExitCodeFour(_ follower: Follower) async throws {
            try await Site.use { site in
                try await site.startScheduler()
                let result = try await site.run(follower.words + ["no.such plan"])
                #expect(result.exit == .code(4), "\(result)")
                #expect(
                    result.output.last?.hasPrefix("refused: there is no BackupConfiguration default/no.such plan") == true,
                    "\(result)")
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: Follower.allCases)
        func aBrokerThatIsNotThereIsExitCodeSixInASentence(_ follower: Follower) async throws {
            try await Site.use(amqpURL: "amqp://guest:guest@127.0.0.1:9/") { site in
                let result = try await site.run(follower.words + ["nightly"])
                #expect(result.exit == .code(6) && result.errors.count == 1 && result.output.isEmpty, "\(result)")
            }
        }

        @Test(.timeLimit(.minutes(1))) func aLoginThatIsRefusedIsExitCodeSixInASentence() async throws {
            let url = try Broker.url().replacing("guest:guest", with: "guest:wrong")
            try await Site.use(amqpURL: url) { site in
                try site.declare(.defaultEngine, url: "http://127.0.0.1:9")
                try site.declarePlan("nightly", indices: "a")
                for words in [Follower.python.words + ["nightly"], Self.sender + [try site.planFile("nightly")]] {
                    let result = try await site.run(words)
                    #expect(result.exit == .code(6) && result.errors.count == 1, "\(result)")
                }
            }
        }

        private static let sender = [".venv/bin/python", Surroundings.packageFolder + "/examples/session_without_scheduler.py"]

        @Test(.requires(.defaultEngine), .timeLimit(.minutes(2))) func aSessionNeedsNoScheduler() async throws {
            try await withIndex { site, _ in
                let file = try site.planFile("nightly")
                try await site.startWorker("one", ["--unit-bytes", "50KiB"])
                let result = try await site.run(Self.sender + [file, "\(site.prefix)-first"])
                #expect(result.exit == .code(0), "\(result)")
                #expect(result.output.first == "session \(site.prefix)-first", "\(result)")
                let again = try await site.run(Self.sender + [file, "\(site.prefix)-first"])
                #expect(again.exit == .code(0) && again.output.last == result.output.last, "\(again)")

                // Only now, to look.
                try await site.startScheduler()
                let snapshots = try await site.snapshots().compactMap { $0["id"]?.string }
                #expect(
                    snapshots.map { "Succeeded \($0)" } == [result.output.last?.trimmingCharacters(in: .whitespaces)], "\(result)"
                )
            }
        }

        @Test(.requires(.defaultEngine), .timeLimit(.minutes(2))) func aFailingSessionWithoutASchedulerIsExitCodeOne()
            async throws
        {
            try await Site.use { site in
                try site.declare(.defaultEngine)
                try site.declarePlan("nightly", indices: "\(site.prefix)-nothing")
                try await site.startWorker("one")
                let result = try await site.run(Self.sender + [try site.planFile("nightly")])
                #expect(result.exit == .code(1), "\(result)")
                #expect(result.output.last?.hasPrefix("Failed") == true, "\(result)")
                #expect(result.output.last?.contains("\(site.prefix)-nothing") == true, "\(result)")
            }
        }

        private func withIndex(_ body: (Site, _ index: String) async throws -> Void) async throws {
            let engine = try Engine(.defaultEngine)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: 3_000, filling: 500)
                    try site.declare(.defaultEngine)
                    try site.declarePlan("nightly", indices: index)
                    try await body(site, index)
                }
            }
        }
    }
}
