import Foundation
import Messages
import Runtime
import Testing

@testable import Scheduler

/// What reaches Debian's prometheus-pushgateway.
@Suite(.serialized, .enabled(if: GatewayProcess.isInstalled, "apt-get install prometheus-pushgateway to run"))
struct MetricsPusherTests {
    private let start: Timestamp
    private let ledger: Ledger

    init() throws {
        start = try moment("2026-11-23T02:00:00Z")
        ledger = try Ledger(path: ":memory:")
    }

    private func pusher(
        _ url: String, plans: [String] = ["nightly", "bad", "other"], errors: Int = 0
    ) throws -> MetricsPusher {
        let keys = plans.map { ResourceKey(kind: .backupConfiguration, namespace: "demo", name: $0) }
        let loaded = LoadedPlans(keys: Set(keys), errors: errors, isWhole: errors == 0)
        return MetricsPusher(
            gateway: try Pushgateway(url: url), ledger: ledger, plans: { loaded },
            logger: Logger(label: "test", level: .critical, handler: JSONLogHandler()))
    }

    /// A session that was asked for by a whole command.
    private func end(_ script: SessionScript, _ phase: Phase, after seconds: Double = 65, indices: [String] = ["flights"])
        async throws
    {
        let command = try PushSamples.command(script)
        let event = CloudEvent(
            id: script.id, source: "/sheaf/scheduler/s", type: .backupSession, subject: script.id, time: script.start,
            data: command)
        try await ledger.apply([
            LedgerEvent(
                session: script.id, time: script.start,
                content: .request(.init(identity: script.identity, message: try MessageCoding.encode(event)))),
            script.event(
                after: seconds,
                .status(
                    LedgerEvent.Status(
                        identity: script.identity, phase: phase, source: .final, requestedAt: script.start,
                        startedAt: script.start + 5, finishedAt: script.start + seconds,
                        error: phase == .failed ? "401" : nil,
                        indices: indices.map {
                            LedgerIndex(name: $0, documents: 10, totalDocuments: 10, bytes: 3000, storedBytes: 500)
                        }))),
        ])
    }

    /// Every name, label and condition of docs/monitoring.md's table, which is that of Stash's own code.
    @Test func whatIsPushedIsTheTableOfTheDocument() async throws {
        let gateway = try GatewayProcess()
        try await end(SessionScript(id: "a", start: start), .succeeded)
        try await end(SessionScript(id: "b", invoker: "bad", start: start), .failed)
        try await end(SessionScript(id: "c", invoker: "back", kind: .restore, start: start), .succeeded)
        try await end(SessionScript(id: "d", invoker: "worse", kind: .restore, start: start), .failed)
        try await ledger.save(try PushSamples.repositoryEvent(at: start + 66), session: "a")
        #expect(try await pusher(gateway.url).pass(at: start + 70) == nil)

        let table = try PushSamples.documentedPushes()
        #expect(table.count == 27)
        for (job, kind, isSuccess) in [
            ("backupconfiguration-demo-nightly", "backup", true), ("backupconfiguration-demo-bad", "backup", false),
            ("restoresession-demo-back", "restore", true), ("restoresession-demo-worse", "restore", false),
        ] {
            var expected: Set<String> = []
            for row in table where row.isPushed(kind: kind, isSuccess: isSuccess, withRepository: job.hasSuffix("nightly")) {
                for name in row.names { expected.insert("\(name){\(row.labels.sorted().joined(separator: ","))}") }
            }
            let got = Set(
                try gateway.series(job: job).map { $0.replacing(/="[^"]*"/, with: "").split(separator: " ")[0] }.map(String.init))
            #expect(got == expected, "\(job): \(got.symmetricDifference(expected).sorted())")
        }
        let series = try gateway.series(job: "backupconfiguration-demo-nightly")
        let session =
            #"driver="Restic",invoker_kind="BackupConfiguration",invoker_name="nightly",namespace="demo",repository="minio""#
        #expect(series.contains(#"stash_backup_session_success{\#(session)} 1"#))
        #expect(series.contains(#"stash_appscode_com_backupsession_duration_seconds{\#(session)} 60"#))
        let host =
            #"driver="Restic",group="kubedb.com",hostname="es-0",invoker_kind="BackupConfiguration",invoker_name="nightly","#
            + #"kind="elasticsearch",name="es",namespace="demo",repository="minio""#
        #expect(series.contains(#"stash_backup_host_data_size_bytes{\#(host)} 3000"#))
        #expect(series.contains(#"stash_backup_host_data_uploaded_bytes{\#(host)} 500"#))
        #expect(
            series.contains {
                $0.hasPrefix("stash_repository_size_bytes{backend=\"s3\",bucket=\"backups\"") && $0.hasSuffix(" 4096")
            })
    }

    /// As with Stash, what is told only of a success stays as the last success left it.
    @Test func aFailureLeavesTheFiguresOfTheLastSuccess() async throws {
        let gateway = try GatewayProcess()
        let pusher = try pusher(gateway.url)
        try await end(SessionScript(id: "a", start: start), .succeeded)
        #expect(try await pusher.pass(at: start + 70) == nil)
        try await end(SessionScript(id: "b", start: start + 3_600), .failed)
        #expect(try await pusher.pass(at: start + 3_700) == nil)
        let series = try gateway.series(job: "backupconfiguration-demo-nightly")
        #expect(series.contains { $0.hasPrefix("stash_backup_session_success{") && $0.hasSuffix(" 0") })
        #expect(series.contains { $0.hasPrefix("stash_backup_last_success_time_seconds{") && $0.contains("1.795399265e+09") })
        #expect(try await ledger.sessionsToPush(since: start).isEmpty)
    }

    @Test func aGatewayThatIsAwayIsTriedAgainAndNoSessionFailsOverIt() async throws {
        let gateway = try GatewayProcess()
        let port = gateway.port
        let pusher = try pusher(gateway.url)
        gateway.stop()
        try await end(SessionScript(id: "a", start: start), .succeeded)
        let error = try #require(try await pusher.pass(at: start + 70))
        #expect(error.contains("127.0.0.1:\(port)"), "\(error)")
        var session = try #require(try await ledger.session("a"))
        #expect(session.phase == .succeeded)
        let condition = try #require(session.conditions.last)
        #expect(condition.type == "MetricsPushed" && condition.status == "False" && condition.message == error)
        #expect(try await ledger.pushResults() == [.failed: 1])

        let again = try GatewayProcess(port: port)
        #expect(try await pusher.pass(at: start + 80) == nil)
        session = try #require(try await ledger.session("a"))
        #expect(session.conditions.last?.status == "True")
        #expect(try await ledger.pushResults() == [.failed: 1, .pushed: 1])
        let series = try again.series(job: "backupconfiguration-demo-nightly")
        #expect(series.count == 32, "\(series)")
    }

    /// The group would go back in time.
    @Test func whatEndedBeforeIsNotPushedAfter() async throws {
        try await end(SessionScript(id: "b", start: start + 3_600), .succeeded)
        let newer = try #require(try await ledger.session("b"))
        try await ledger.notePush(of: newer, .pushed, error: nil, at: start + 3_700)
        try await end(SessionScript(id: "a", start: start), .failed)
        #expect(try await ledger.sessionsToPush(since: start).isEmpty)
        // Another plan's is not concerned.
        try await end(SessionScript(id: "c", invoker: "other", start: start), .failed)
        #expect(try await ledger.sessionsToPush(since: start).map(\.id) == ["c"])
    }

    /// A worker's word counts more than the Scheduler's guess, and is pushed after it.
    @Test func aBetterWordIsPushedAgain() async throws {
        let script = SessionScript(id: "a", start: start)
        try await ledger.apply([script.request(), script.end(after: 65, .failed, by: .scheduler)])
        let guess = try #require(try await ledger.session("a"))
        try await ledger.notePush(of: guess, .pushed, error: nil, at: start + 66)
        #expect(try await ledger.sessionsToPush(since: start).isEmpty)
        try await ledger.apply([script.end(after: 67, .succeeded)])
        #expect(try await ledger.sessionsToPush(since: start).map(\.phase) == [.succeeded])
    }

    @Test func theGroupOfAPlanThatIsGoneIsDeletedAndThatOfARestoreAfterAWeek() async throws {
        let gateway = try GatewayProcess()
        let nightly = "backupconfiguration-demo-nightly"
        try await end(SessionScript(id: "a", start: start), .succeeded)
        try await end(SessionScript(id: "b", invoker: "gone", start: start), .succeeded)
        try await end(SessionScript(id: "c", invoker: "back", kind: .restore, start: start), .failed)
        #expect(try await self.pusher(gateway.url, plans: ["nightly", "gone"]).pass(at: start + 70) == nil)
        // Nothing is gone while a manifest cannot be read.
        #expect(try await self.pusher(gateway.url, plans: ["nightly"], errors: 1).deleteGone(at: start + 90) == nil)
        #expect(try !gateway.series(job: "backupconfiguration-demo-gone").isEmpty)
        let pusher = try pusher(gateway.url, plans: ["nightly"])
        #expect(try await pusher.deleteGone(at: start + 100) == nil)
        #expect(try gateway.series(job: "backupconfiguration-demo-gone").isEmpty)
        #expect(try await ledger.pushGroups().map(\.group.job) == [nightly, "restoresession-demo-back"])
        #expect(try await pusher.deleteGone(at: start + 8 * 86_400) == nil)
        #expect(try gateway.series(job: "restoresession-demo-back").isEmpty)
        #expect(try !gateway.series(job: nightly).isEmpty)
        gateway.stop()
        #expect(try await self.pusher(gateway.url, plans: []).deleteGone(at: start + 100) != nil)
        #expect(try await ledger.pushGroups().count == 1)
    }

    /// Its sessions are told to all Schedulers; its own pushes it and takes it away.
    @Test func aPlanOfAnotherSchedulerIsNeitherPushedNorDeleted() async throws {
        let gateway = try GatewayProcess()
        try await end(SessionScript(id: "a", start: start), .succeeded)
        try await ledger.save(try PushSamples.repositoryEvent(at: start + 66), session: "a")
        // As long as something cannot be read, it may be one of ours.
        #expect(try await pusher(gateway.url, plans: ["other"], errors: 1).pass(at: start + 70) == nil)
        #expect(try await ledger.sessionsToPush(since: start).count == 1)
        let pusher = try pusher(gateway.url, plans: ["other"])
        #expect(try await pusher.pass(at: start + 71) == nil)
        #expect(try gateway.series(job: "backupconfiguration-demo-nightly").isEmpty)
        #expect(try await ledger.sessionsToPush(since: start).isEmpty)
        #expect(try await ledger.repositoriesToPush(since: start).isEmpty)
        #expect(try await ledger.session("a")?.conditions.contains { $0.type == "MetricsPushed" } == false)
        let group = PushGroup(invoker: Invoker(kind: "BackupConfiguration", name: "nightly"), namespace: "demo")
        let answer = try await Pushgateway(url: gateway.url).push(
            [MetricFamily(name: "stash_other", help: "", samples: [.init(value: 1)])], job: group.job)
        #expect(answer.result == .pushed)
        #expect(try await pusher.deleteGone(at: start + 100) == nil)
        #expect(try !gateway.series(job: group.job).isEmpty)
    }

    @Test func whatTheGatewayWouldRefuseAgainIsNotSentAgain() async throws {
        let gateway = try GatewayProcess()
        let client = try Pushgateway(url: gateway.url + "/")
        let answer = try await client.push([MetricFamily(name: "1", help: "", samples: [.init(value: 1)])], job: "a")
        #expect(answer.result == .refused && answer.error?.contains("400") == true, "\(answer)")
        // A name that is no word of a path.
        #expect(
            try await client.push([MetricFamily(name: "one", help: "", samples: [.init(value: 1)])], job: "a/b ü").result
                == .pushed)
        #expect(try await client.delete(job: "a/b ü") == Pushgateway.Answer(result: .pushed))
        #expect(try await client.delete(job: "never-was").result == .pushed)
    }
}
