import Foundation
import HTTP
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// The journey that Stash documents for Elasticsearch, with its own manifests: by schedule and by hand, into S3 and back, with its
    /// metrics and its statuses.
    @Suite struct StashJourneyTests {
        private static let gateway = "/usr/bin/prometheus-pushgateway"
        private static let plan = "sample-elasticsearch-backup"
        private static let made = "app-es-demo"
        private static let index = "stash-orders"

        @Test(
            .requires(.elasticsearch), .requiresInstalled(gateway), .requiresReleaseBuild,
            .enabled(
                if: Surroundings.isCI || Surroundings.environment["SHEAF_TEST_S3"] != nil,
                "set SHEAF_TEST_S3: scripts/services starts the store"), .timeLimit(.minutes(5)))
        func stashsManifestsRunAsTheyAre() async throws {
            let start = ContinuousClock.now
            let engine = try Engine(.elasticsearch)
            // The plan takes every index, and the restore brings every one back.
            let others = try await engine.call("GET", "/_cat/indices?format=json").array ?? []
            try #require(others.allSatisfy { $0["index"]?.string?.hasPrefix(".") == true }, "the engine is not empty: \(others)")
            try await Site.use { site in
                let stash = StashFolder(elasticsearch: engine.url)
                let ends = try await StatusInbox.ends()
                try await engine.use([Self.index]) {
                    try await engine.fill(Self.index, documents: 1_200, filling: 200, shards: 2)
                    let first = try await engine.observe(Self.index, isNumbered: true)

                    for name in [
                        "secret", "elasticsearch-secret", "repository", "appbinding", "es-demo", "backupblueprint",
                    ] { try stash.write(name, to: site.workerResources) }
                    let gateway = try await startGateway(site)
                    try await site.startScheduler(arguments: ["--pushgateway", gateway])
                    try await site.startWorker("one")
                    for name in ["repository", "appbinding", "backupblueprint", "es-demo", "backupconfiguration"] {
                        try await apply(name, of: stash, at: site)
                    }
                    for plan in [Self.plan, Self.made] { try await expectReady(plan, at: site) }

                    // The schedules fire by themselves.
                    let backup = try await end(of: Self.plan, in: ends, within: 90)
                    let made = try await end(of: Self.made, in: ends, within: 90)
                    for status in [backup, made] {
                        #expect(status.phase == .succeeded && status.indices.map(\.documents) == [1_200], "\(status)")
                    }
                    try FileManager.default.removeItem(atPath: "\(site.schedulerResources)/appbinding.demo.es-demo.json")

                    // The cluster is lost, and comes back.
                    try await engine.delete(Self.index)
                    try await restore(try stash.write("restoresession", to: site.folder), at: site)
                    #expect(try await engine.observe(Self.index, isNumbered: true) == first)

                    // Edits of the plan, run by hand as `kubectl stash trigger` does.
                    try await engine.call("DELETE", "/\(Self.index)/_doc/d7?refresh=true")
                    for name in ["passing-args", "multi-retention-policy"] {
                        let applied = Timestamp.now()
                        try await apply(name, of: stash, at: site)
                        let trigger = try await site.sheaf(["backup", Self.plan, "--namespace", "demo"])
                        #expect(trigger.exit == .code(0), "\(trigger)")
                        let status = try await end(of: Self.plan, since: applied, in: ends, within: 60)
                        #expect(status.indices.map(\.documents) == [1_199], "\(name): \(status)")
                        #expect(condition("RetentionPolicyApplied", of: status) == "True", "\(name): \(status)")
                    }

                    // What one of them took before, by its id.
                    try await engine.delete(Self.index)
                    let snapshot = try #require(backup.snapshot).text
                    try await restore(try stash.write("specific-snapshot", snapshot: snapshot, to: site.folder), at: site)
                    #expect(try await engine.observe(Self.index, isNumbered: true) == first)

                    let metrics = try await pushed(gateway)
                    let fields = try await statusFields(of: backup, at: site)
                    print(
                        String(
                            format:
                                "FIGURE stash-manifests: %d files of Stash as documented but for addresses: 2 backups by schedule, 2 by hand, 2 restores, %d documents equal, %d metrics and %d status fields by Stash's names, %.0f s",
                            try StashFolder.names().count, first.documents, metrics, fields,
                            (ContinuousClock.now - start).seconds))
                }
                try await ends.close()
            }
        }

        private func startGateway(_ site: Site) async throws -> String {
            let process = try await site.startProgram(
                "pushgateway", [Self.gateway, "--persistence.file=", "--web.listen-address=127.0.0.1:0"])
            let line = try await process.log.first("the Pushgateway's address", within: .seconds(30)) {
                $0.contains("Listening on")
            }
            return "http://\(try #require(line.firstMatch(of: /address=(\S+)/)?.output.1))"
        }

        /// As a user does: the whole file, checked and handed to the Scheduler.
        private func apply(_ name: String, of stash: StashFolder, at site: Site) async throws {
            let result = try await site.sheaf(["apply", "-f", try stash.write(name, to: site.folder)])
            #expect(result.exit == .code(0) && result.output.allSatisfy { $0.hasSuffix(" applied") }, "\(result)")
        }

        private func expectReady(_ plan: String, at site: Site) async throws {
            let object = try await get("backupconfiguration", plan, at: site)
            #expect(object[path: ["status", "phase"]] == "Ready", "\(object)")
            let types = (object[path: ["status", "conditions"]]?.array ?? []).compactMap { $0["type"]?.string }
            #expect(
                types == [
                    "RepositoryFound", "BackendSecretFound", "ValidationPassed", "CronJobCreated", "BackupTargetFound",
                ])
        }

        /// The end of the plan's next backup that is not skipped; where its schedule came first, that one's.
        private func end(
            of plan: String, since moment: Timestamp = .init(secondsSinceEpoch: 0), in ends: StatusInbox, within seconds: Int
        ) async throws -> StatusEvent {
            try await ends.arrivals.first("the end of a backup of \(plan)", within: .seconds(seconds)) {
                $0.status.invoker.name == plan && $0.status.phase != .skipped && $0.status.requestedAt >= moment
            }.status
        }

        /// Declared, as Stash needs it to be, and asked for.
        private func restore(_ file: String, at site: Site) async throws {
            let applied = try await site.sheaf(["apply", "-f", file])
            #expect(applied.exit == .code(0), "\(applied)")
            let session = try await site.restore(file).session
            try #require(session.phase == "Succeeded", "\(session.json)")
        }

        private func condition(_ type: String, of status: StatusEvent) -> String? {
            status.conditions.first { $0.type == type }?.status
        }

        private func get(_ kind: String, _ name: String, at site: Site) async throws -> JSONValue {
            let result = try await site.sheaf(["get", kind, name, "--namespace", "demo", "--output", "json"])
            try #require(result.exit == .code(0) && result.output.count == 1, "\(result)")
            return try JSONValue(parsing: result.output[0])
        }

        // MARK: - What is compared with Stash

        /// Names and labels of what was pushed (notes of Stash's `pkg/metrics`).
        ///
        /// - Returns: how many different metrics there are by Stash's names.
        private func pushed(_ gateway: String) async throws -> Int {
            let session = #"driver="Restic",invoker_kind="KIND",invoker_name="NAME",namespace="demo",repository="s3-repo""#
            let bucket = try StoreRoundTripTests.Bucket.s3.backend(prefix: "")["s3"]?["bucket"]?.string ?? ""
            func labels(_ kind: String, _ name: String, _ more: [String] = []) -> Set<String> {
                let own = session.replacing("KIND", with: kind).replacing("NAME", with: name)
                let job = #"job="\#(kind.lowercased())-demo-\#(name)""#
                return Set(own.split(separator: ",").map(String.init) + [job, #"instance="""#] + more)
            }
            let target = [#"group="kubedb.com""#, #"kind="elasticsearch""#, #"name="sample-elasticsearch""#]
            let host = target + [#"hostname="host-0""#]
            let repository = [
                #"name="s3-repo""#, #"backend="s3""#, #"bucket="\#(bucket)""#,
                #"prefix="/demo/elasticsearch/sample-elasticsearch""#,
            ]
            let (plan, restore) = (
                ("BackupConfiguration", Self.plan), ("RestoreSession", "sample-elasticsearch-restore")
            )
            var expected: [String: Set<String>] = [:]
            func expect(_ prefixes: (String, String), _ names: [(String, String)], _ labels: Set<String>) {
                for (new, old) in names {
                    expected["stash_appscode_com_\(prefixes.0)\(new)"] = labels
                    expected["stash_\(prefixes.1)\(old)"] = labels
                }
            }
            func same(_ names: String...) -> [(String, String)] { names.map { ($0, $0) } }
            let (backups, restores) = (("backupsession_", "backup_"), ("restoresession_", "restore_"))
            for (prefixes, owner) in [(backups, plan), (restores, restore)] {
                let isBackup = prefixes.0 == "backupsession_"
                expect(
                    prefixes,
                    [("success", "session_success"), ("duration_seconds", "session_duration_seconds")]
                        + same("target_count_total") + (isBackup ? same("last_success_time_seconds") : []),
                    labels(owner.0, owner.1))
                expect(
                    prefixes,
                    same("target_success", "target_host_count_total")
                        + (isBackup ? same("target_last_success_time_seconds") : []), labels(owner.0, owner.1, target))
                let verb = isBackup ? "backup" : "restore"
                expect(
                    prefixes,
                    same("host_\(verb)_success", "host_\(verb)_duration_seconds")
                        + (isBackup
                            ? same(
                                "host_data_size_bytes", "host_data_uploaded_bytes", "host_data_processing_time_seconds",
                                "host_files_total", "host_files_new", "host_files_modified", "host_files_unmodified") : []),
                    labels(owner.0, owner.1, host))
            }
            expect(
                ("repository_", "repository_"), same("size_bytes", "snapshot_count", "snapshot_cleaned"),
                labels(plan.0, plan.1, repository))

            let client = try HTTPClient()
            let deadline = ContinuousClock.now + .seconds(30)
            while true {
                let body = try client.send(HTTPRequest(url: gateway + "/metrics")).body
                var found: [String: Set<Set<String>>] = [:]
                for line in String(decoding: body, as: UTF8.self).split(separator: "\n") where line.hasPrefix("stash_") {
                    guard let parts = line.firstMatch(of: /^(\w+)\{(.*)\} \S+$/)?.output else { continue }
                    found[String(parts.1), default: []].insert(Set(parts.2.split(separator: ",").map(String.init)))
                }
                let missing = expected.filter { found[$0.key]?.contains($0.value) != true }
                if missing.isEmpty { return expected.count }
                try #require(
                    .now < deadline,
                    "not pushed as Stash does: \(missing.map { "\($0.key) \($0.value), but \(found[$0.key] ?? [])" })")
                await Task.yield()
            }
        }

        /// - Returns: how many fields by Stash's names were looked at.
        private func statusFields(of backup: StatusEvent, at site: Site) async throws -> Int {
            let session = try await get("backupsession", backup.name, at: site)
            #expect(session[path: ["spec", "invoker", "name"]]?.string == Self.plan, "\(session)")
            #expect(session[path: ["status", "phase"]] == "Succeeded" && backup.name.hasPrefix(Self.plan + "-"))
            let target = try #require(session[path: ["status", "targets"]]?.array?.first)
            let stats = try #require(target["stats"]?.array?.first)
            #expect(target[path: ["ref", "name"]] == "sample-elasticsearch" && stats["hostname"] == "host-0", "\(target)")
            let restore = try await get("restoresession", "sample-elasticsearch-restore", at: site)
            let hosts = try #require(restore[path: ["status", "stats"]]?.array?.first)
            #expect(restore[path: ["status", "phase"]] == "Succeeded" && hosts["phase"] == "Succeeded", "\(restore)")
            let repository = try await get("repository", "s3-repo", at: site)
            #expect(repository[path: ["status", "snapshotCount"]]?.int ?? 0 >= 3, "\(repository)")
            let wanted: [(JSONValue?, [String])] = [
                (session["status"], ["phase", "sessionDuration", "targets", "conditions"]),
                (target, ["ref", "totalHosts", "phase", "stats"]), (stats, ["hostname", "phase", "duration", "snapshots"]),
                (stats["snapshots"]?.array?.first, ["name", "totalSize", "uploaded"]),
                (restore["status"], ["phase", "totalHosts", "sessionDuration", "conditions", "stats"]),
                (hosts, ["hostname", "phase", "duration"]),
                (
                    repository["status"],
                    ["firstBackupTime", "lastBackupTime", "totalSize", "snapshotCount", "snapshotsRemovedOnLastCleanup"]
                ),
            ]
            for (object, names) in wanted {
                let missing = names.filter { object?[$0] == nil }
                #expect(missing.isEmpty, "\(missing) are missing in \(object ?? .null)")
            }
            for (kind, word) in [("backupsession", "sessionDuration:"), ("repository", "snapshotCount:")] {
                let yaml = try await site.sheaf(["get", kind, "--namespace", "demo", "--output", "yaml"])
                #expect(yaml.exit == .code(0) && yaml.output.contains { $0.contains(word) }, "\(yaml)")
            }
            return wanted.map(\.1.count).reduce(0, +)
        }
    }
}
