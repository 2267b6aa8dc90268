import Bus
import Foundation
import Messages
import Runtime
import Scheduler
import Testing

extension EndToEnd {
    /// A Scheduler that has lost its ledger, or part of it: docs/ledger.md.
    @Suite struct LedgerTests {
        private let stub = StubEngine.Shape(documents: 200)

        /// A plan whose backups succeed and one whose backups fail, each with sessions.
        private func withHistory(_ body: (Site, _ before: LedgerView) async throws -> Void) async throws {
            try await Site.use { site in
                let stub = try await site.startStub(stub)
                try site.declare(.defaultEngine, url: stub.url, isEncrypted: false)
                try site.declarePlan("nightly", indices: "docs-0", schedule: "59 23 31 12 *")
                try site.declarePlan("wrong", indices: "missing-*")
                let scheduler = try await site.startScheduler()
                try await site.startWorker("one")
                for plan in ["nightly", "wrong", "nightly"] { _ = try await site.backup(plan) }
                let page = try await site.api(of: scheduler)
                try await site.wait("the last session", on: page) { lines in
                    lines.contains {
                        $0.hasPrefix("stash_backup_consecutive_failures{") && $0.contains("wrong") && $0.hasSuffix(" 1")
                    }
                }
                let before = try await LedgerView.read(site, page)
                #expect(before.sessions.map(\.phase) == [.succeeded, .failed, .succeeded])
                try await scheduler.kill()
                try await body(site, before)
            }
        }

        @Test(.timeLimit(.minutes(2))) func aDeletedLedgerIsRebuiltByAskingWorkers() async throws {
            try await withHistory { site, before in
                try site.deleteLedger()
                let scheduler = try await site.startScheduler()
                let page = try await site.api(of: scheduler)
                try await site.waitForRebuild(on: page)
                try await site.wait("the plans' page", on: page) { lines in
                    lines.contains {
                        $0.hasPrefix("stash_backup_session_success{") && $0.contains("nightly") && $0.hasSuffix(" 1")
                    }
                }
                let after = try await LedgerView.read(site, page)
                #expect(after == before)
                let repository = try await site.sheaf(["get", "repository", site.repositoryName, "--output", "json"])
                #expect(repository.output.joined().contains("SessionsRead"), "\(repository)")
                // What runs next is another session.
                #expect(try await site.backup("nightly").session.phase == "Succeeded")
                #expect(try await site.ledger().sessions(limit: 10).count == 4)

                let asked = try await site.sheaf(["ledger", "rebuild", "--output", "json"])
                #expect(try asked.exit == .code(0) && asked.last["name"]?.string == "default/\(site.repositoryName)", "\(asked)")
                try await site.waitForRebuild(on: page)
                #expect(try await site.ledger().sessions(limit: 10).count == 4)
            }
        }

        @Test(.timeLimit(.minutes(2))) func aDamagedLedgerIsKeptAndRebuilt() async throws {
            try await withHistory { site, before in
                try site.deleteLedger()
                let damaged = Data("no database at all, and longer than a header of one would be".utf8)
                try damaged.write(to: URL(filePath: site.ledgerFile))
                let scheduler = try await site.startScheduler()
                let line = try await scheduler.log.first("the damage", within: .seconds(10)) {
                    $0.contains("the ledger was damaged")
                }
                let kept = try #require(try JSONValue(parsing: line)["keptAt"]?.string)
                #expect(try Data(contentsOf: URL(filePath: kept)) == damaged)
                try await site.waitForRebuild(on: try await site.api(of: scheduler))
                #expect(try await LedgerView.sessions(site) == before.sessions)
            }
        }

        /// No worker here has the second one's manifest; later one comes that has.
        @Test(.timeLimit(.minutes(2))) func aRepositoryOutOfReachKeepsNoOtherFromBeingRead() async throws {
            try await withHistory { site, before in
                try site.deleteLedger()
                let other = "\(site.prefix)-other"
                let folder = site.folder + "/other"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                var manifest = site.manifest(
                    "stash.appscode.com/v1alpha1", "Repository", other, "spec",
                    ["backend": ["local": ["mountPath": .string(folder)]]])
                manifest["metadata"]?["annotations"] = ["sheaf.dev/encryption": "none"]
                try site.write(manifest, "other", to: [site.schedulerResources])
                try site.declarePlan("elsewhere", indices: "docs-0", repository: other)
                let scheduler = try await site.startScheduler()
                let page = try await site.api(of: scheduler)
                try await site.wait("the one to be read and the other not", on: page) { lines in
                    lines.contains {
                        $0.hasPrefix("sheaf_ledger_rebuilding{") && $0.contains(site.repositoryName) && $0.hasSuffix(" 0")
                    }
                        && lines.contains { $0.hasPrefix("sheaf_ledger_rebuilding{") && $0.contains(other) && $0.hasSuffix(" 1") }
                }
                #expect(try await LedgerView.sessions(site) == before.sessions)
                _ = try await scheduler.log.first("the failure", within: .seconds(30)) {
                    $0.contains("could not be read and are asked for again") && $0.contains(other)
                }
                let got = try await site.sheaf(["get", "repository", other, "--output", "json"])
                #expect(got.output.joined().contains("Unreachable"), "\(got)")
                // Schedules of the one do not wait for the other.
                #expect(try await site.backup("nightly").session.phase == "Succeeded")
            }
        }

        /// A session that a worker has begun and left is ended by the Scheduler that never heard of it.
        @Test(.timeLimit(.minutes(3))) func aSessionThatRanOnIsKnownAgainAndRescued() async throws {
            try await Site.use { site in
                let stub = try await site.startStub(stub)
                try site.declare(.defaultEngine, url: stub.url, isEncrypted: false)
                try site.declarePlan("nightly", indices: "docs-0")
                let scheduler = try await site.startScheduler()
                let worker = try await site.startWorker("one", failpoint: "put.part.after")
                let started = try await site.sheaf(["backup", "nightly", "--output", "json"])
                #expect(started.exit == .code(0), "\(started)")
                #expect(try await worker.exit(within: .seconds(30)) == .signal(9))
                try await scheduler.kill()
                try site.deleteLedger()
                // What the worker had is lost too: nobody but the journal knows of the session.
                try await Broker.purge()
                try await site.startScheduler(arguments: ["--rescue-after", "2s"])
                try await site.startWorker("two")
                let tap = try await Tap()
                let end = try await tap.messages.first("the session's end", within: .seconds(90)) {
                    $0.status?.phase.isFinal == true
                }
                #expect(end.status?.phase == .succeeded, "\(String(describing: end.status))")
                await tap.close()
            }
        }
    }
}
