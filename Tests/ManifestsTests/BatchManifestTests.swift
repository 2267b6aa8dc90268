import Manifests
import Messages
import Testing

/// Stash's batches become plans and restores of one session for each member.
@Suite struct BatchManifestTests {
    private func load(_ text: String) throws -> ResourceSet {
        let loaded = ResourceLoader().load(text: text, name: "m.yaml")
        try #require(loaded.complaints.isEmpty, "\(loaded.complaints)")
        return loaded.resources
    }

    @Test func aBackupBatchHasAPlanForEachMember() throws {
        let batch = try #require(
            try load(
                """
                apiVersion: stash.appscode.com/v1beta1
                kind: BackupBatch
                metadata: {name: all, namespace: demo, annotations: {sheaf.dev/jitter: 5m}}
                spec:
                  schedule: "0 2 * * *"
                  timeZone: Europe/Berlin
                  driver: Restic
                  repository: {name: r, namespace: store}
                  retentionPolicy: {name: keep, keepLast: 5, prune: true}
                  paused: true
                  backupHistoryLimit: 3
                  timeOut: 2h
                  retryConfig: {maxRetry: 2, delay: 1m}
                  executionOrder: Sequential
                  runtimeSettings: {pod: {priority: 1}}
                  members:
                  - target: {alias: host-1, ref: {apiVersion: appcatalog.appscode.com/v1alpha1, kind: AppBinding, name: a}}
                    task: {name: elasticsearch-backup-8.2.0, params: [{name: args, value: --match=x}]}
                    hooks: {preBackup: {exec: {command: [freeze]}}}
                    tempDir: {medium: Memory}
                    interimVolumeTemplate: {spec: {resources: {requests: {storage: 1Gi}}}}
                  - target: {ref: {kind: AppBinding, name: b, namespace: elsewhere}}
                """.replacing("  runtimeSettings: {pod: {priority: 1}}\n", with: "")
            ).backupBatches.first?.value)
        #expect(batch.spec.executionOrder == .sequential && batch.spec.paused && batch.spec.backupHistoryLimit == 3)
        #expect(batch.metadata.jitter.seconds == 300)
        let plans = batch.configurations
        #expect(plans.map(\.targetKey.description) == ["AppBinding demo/a", "AppBinding elsewhere/b"])
        #expect(plans.map(\.repositoryKey.description) == Array(repeating: "Repository store/r", count: 2))
        #expect(plans.map(\.metadata.name) == ["all", "all"] && plans.map(\.hostname) == ["host-1", "host-0"])
        #expect(plans.allSatisfy { $0.spec.retentionPolicy?.keepLast == 5 && $0.spec.timeOut?.seconds == 7_200 })
        #expect(plans[0].spec.task?["args"] == "--match=x" && plans[0].spec.hooks?.preBackup?.exec?.command == ["freeze"])
        #expect(plans[0].spec.tempDir?.medium == "Memory" && plans[0].spec.interimVolumeTemplate != nil)
        #expect(plans[1].spec.task == nil && plans[1].spec.hooks == nil)
        // The batch's schedule is one, and no member's.
        #expect(plans.allSatisfy { $0.spec.schedule == nil })
    }

    @Test func aRestoreBatchHasARestoreForEachMember() throws {
        let batch = try #require(
            try load(
                """
                apiVersion: stash.appscode.com/v1beta1
                kind: RestoreBatch
                metadata: {name: back, namespace: demo}
                spec:
                  repository: {name: r}
                  timeOut: 1h
                  members:
                  - target: {ref: {kind: AppBinding, name: a}, rules: [{snapshots: [latest]}]}
                  - target: {ref: {kind: AppBinding, name: b}}
                    task: {name: elasticsearch-restore-8.2.0}
                    hooks: {postRestore: {exec: {command: [thaw]}}}
                """
            ).restoreBatches.first?.value)
        let restores = batch.restores
        #expect(restores.map(\.targetKey.name) == ["a", "b"] && restores.map(\.metadata.name) == ["back", "back"])
        #expect(restores[0].rule?.snapshots == ["latest"] && restores[1].rule == nil)
        #expect(restores[1].spec.hooks?.postRestore?.exec?.command == ["thaw"])
        #expect(restores.allSatisfy { $0.spec.timeOut?.seconds == 3_600 })
        #expect(batch.spec.executionOrder == nil, "Parallel, as in Stash")
    }

    @Test func aBackupSessionNamesAPlan() throws {
        let request = try #require(
            try load(
                """
                apiVersion: stash.appscode.com/v1beta1
                kind: BackupSession
                metadata: {name: now, namespace: demo}
                spec: {retryLeft: 0, invoker: {apiGroup: stash.appscode.com, kind: BackupBatch, name: all}}
                """
            ).backupSessions.first?.value)
        #expect(request.invoker == Invoker(kind: "BackupBatch", name: "all") && request.retryLeft == 0)
        #expect(request.key.description == "BackupSession demo/now")
    }

    @Test func whatMembersNameIsLookedFor() throws {
        let resources = try load(
            """
            apiVersion: stash.appscode.com/v1beta1
            kind: BackupBatch
            metadata: {name: all}
            spec:
              repository: {name: r}
              members:
              - target: {ref: {kind: AppBinding, name: a}}
              - target: {ref: {kind: AppBinding, name: b}}
            """)
        #expect(
            resources.referenceComplaints().map(\.description) == [
                "m.yaml:5:22: warning: spec.repository.name: there is no Repository default/r",
                "m.yaml:7:44: warning: spec.members[0].target.ref.name: there is no AppBinding default/a",
                "m.yaml:8:44: warning: spec.members[1].target.ref.name: there is no AppBinding default/b",
            ])
    }
}
