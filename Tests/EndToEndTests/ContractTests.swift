import AMQP
import Bus
import Foundation
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// docs/asyncapi.yaml describes what really goes over the broker.
    @Suite(.requiresInstalled(".venv/bin/python")) struct ContractTests {
        @Test(.requires(TestServer.two), .timeLimit(.minutes(3)), arguments: TestServer.present(TestServer.two))
        func everyMessageIsAsDescribed(_ server: TestServer) async throws {
            let engine = try Engine(server)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: 3_000, filling: 500, shards: 2)
                    try site.declare(server)
                    try site.declarePlan("nightly", indices: index)
                    try site.declareRestore("back")
                    try await site.startScheduler()
                    // Before the worker, which says at once that it is there.
                    let tap = try await Tap(others: [Topology.control] + RetryStep.allCases.map(\.exchange))
                    try await site.startWorker("one", ["--unit-bytes", "100KiB"])
                    let system = try await OutsideSystem("shop")
                    try await talk(site, engine, index, system, tap)

                    let messages = tap.messages.elements + system.answers.elements
                    expectAll(messages)
                    let file = "\(site.folder)/messages.jsonl"
                    let lines = messages.map { $0.contractLine + "\n" }.joined()
                    try Data(lines.utf8).write(to: URL(filePath: file))
                    let check = try await site.run(
                        [".venv/bin/python", Surroundings.packageFolder + "/scripts/contract", "check", file])
                    #expect(check.exit == .code(0), "\(check.output.joined(separator: "\n"))\n\(check)")
                    #expect(check.output.last?.hasPrefix("contract: \(messages.count) messages of ") == true, "\(check)")
                    await system.close()
                    await tap.close()
                }
            }
        }

        @Test(.timeLimit(.minutes(1))) func theProgramPrintsTheChannels() async throws {
            try await Site.use(amqpURL: "amqp://guest:guest@127.0.0.1:9/") { site in
                let text = try await site.sheaf(["topology", "asyncapi"])
                #expect(
                    text.exit == .code(0) && text.output.joined(separator: "\n") == Topology.documented.channelsYAML, "\(text)")
                let json = try await site.sheaf(["topology", "asyncapi", "--output", "json"])
                #expect(try json.last["channels"] == Topology.documented.channels, "\(json)")
            }
        }

        /// One conversation in which every type of message is sent at least once.
        private func talk(_ site: Site, _ engine: Engine, _ index: String, _ system: OutsideSystem, _ tap: Tap) async throws {
            let backup = try #require(try await system.triggerBackup("nightly", idempotencyKey: "k").acceptedSession)
            let end = try await tap.end(of: backup)
            try #require(end.phase == .succeeded, "\(end)")
            try await engine.delete(index)
            let trigger: JSONValue = ["subject": ["restoreSession": ["namespace": "default", "name": "back"]]]
            let restore = try #require(try await system.ask(.trigger, trigger, key: "trigger.restore.back").acceptedSession)
            let restored = try await tap.end(of: restore)
            try #require(restored.phase == .succeeded, "\(restored)")

            // The commands' own questions and answers, of which the tap sees the first half.
            for command in [
                ["sessions"], ["snapshots"], ["show", try #require(end.snapshot).text],
                ["apply", "-f", try site.restoreFile("more")],
            ] {
                let result = try await site.sheaf(command)
                #expect(result.exit == .code(0), "\(result)")
            }
            _ = try await system.ask(.query, ["sessions": ["limit": 5]], key: "query.sessions")
            guard
                case .repositories(let manifests) = try await system.ask(.query, ["repositories": [:]], key: "query.repositories"),
                let repository = manifests.first
            else { throw Missed(what: "the repositories", after: nil) }
            let manifest = try JSONValue(parsing: MessageCoding.encode(repository))
            _ = try await system.ask(
                .query, ["snapshots": ["repository": manifest]], to: Topology.command, key: "query.snapshots")
            _ = try await system.ask(
                .query, ["snapshot": ["repository": manifest, "id": .string(try #require(end.snapshot).text)]],
                to: Topology.command,
                key: "query.snapshots")
            _ = try await system.ask(.apply, ["manifests": "", "fileName": "empty.yaml"], key: "apply")
            _ = try await system.triggerBackup("nothing")

            // A session that is sent whole with a reply_to, and one that is ended before it began.
            let genuine = try await tap.messages.first("the backup's command", within: .seconds(10)) {
                $0.exchange == Topology.command && $0.properties.type == MessageType.backupSession.rawValue
            }
            var command = try #require(try JSONValue(parsing: genuine.body)["data"])
            command["id"] = .string("\(site.prefix)-direct")
            try await engine.fill(index + "-other", documents: 10, filling: 10)
            try await system.publish(
                .backupSession, command, to: Topology.command, key: "session.backup.nightly", replyTo: system.queue)
            _ = try await system.answers.first("the direct session's end", within: .seconds(60)) {
                $0.status?.session.text == "\(site.prefix)-direct" && $0.status?.phase.isFinal == true
            }
            try await engine.delete(index + "-other")
            command["id"] = .string("\(site.prefix)-cancelled")
            try await system.publish(
                .cancel, ["session": .string("\(site.prefix)-cancelled"), "command": command, "reason": "not today"],
                to: Topology.command, key: "session.cancel.\(site.prefix)-cancelled", replyTo: system.queue)
            let cancelled = try await tap.end(of: try #require(SessionID("\(site.prefix)-cancelled")))
            #expect(cancelled.conditions.map(\.type) == ["Cancelled"], "\(cancelled)")

            // One that no worker finds goes through a retry queue before it is refused.
            try await system.publish(
                .cancel, ["session": "never-was"], to: Topology.trigger, key: "trigger.cancel.never-was", replyTo: system.queue)
            _ = try await system.answers.first("the refusal of the cancel", within: .seconds(40)) {
                $0.properties.messageID == "never-was/cancel/reply"
            }
            let wrong = try await system.publish(
                .trigger, OutsideSystem.backup("nightly"), to: Topology.trigger, key: "trigger.backup.other", replyTo: nil)
            _ = try await tap.messages.first("the dead letter", within: .seconds(30)) { $0.isDeadLetter(of: wrong) }
            _ = try await tap.messages.first("the hint", within: .seconds(30)) { $0.exchange == Topology.control }
        }

        private func expectAll(_ messages: [Tap.Message]) {
            #expect(Set(messages.compactMap(\.properties.type)) == Set(MessageType.allCases.map(\.rawValue)))
            // Other steps of the ladder are met too where two workers were asked in vain.
            #expect(
                Set(messages.map(\.exchange)).isSuperset(of: [
                    "", Topology.command, Topology.trigger, Topology.event, Topology.control, Topology.dead,
                    RetryStep.tenSeconds.exchange,
                ]))
            let headers = Set(messages.flatMap { $0.properties.headers.keys }.filter { $0.hasPrefix("sheaf-") })
            #expect(headers.isSuperset(of: [Envelope.Header.attempt, Envelope.Header.lastError, Envelope.Header.origin]))
        }
    }
}
