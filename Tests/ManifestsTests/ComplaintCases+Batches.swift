import Testing

/// Batches, and BackupSessions.
extension ComplaintCases {
    private static let target = "target: {ref: {kind: AppBinding, name: es}}"

    /// A batch whose `spec` begins on line 5.
    private static func batch(_ spec: String, kind: String = "BackupBatch") -> String {
        "apiVersion: stash.appscode.com/v1beta1\nkind: \(kind)\nmetadata: {name: all}\nspec:\n  repository: {name: r}\n"
            + spec.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
    }

    private static let refusal =
        "hooks of a whole batch are not run by Sheaf; give the members hooks of their own, in members[].hooks"

    static let batches: [Case] = [
        Case(
            "batch without members", batch("schedule: '0 2 * * *'"),
            "5:3: error: spec.members: expected the targets of the backup, one at least, found nothing"),
        Case(
            "batch of no members", batch("members: []", kind: "RestoreBatch"),
            "6:12: error: spec.members: expected the targets of the restore, found an empty list"),
        Case(
            "members that are no list", batch("members: {a: b}"),
            "6:12: error: spec.members: expected a list, found a group of fields"),
        Case(
            "member without a target", batch("members:\n- task: {name: elasticsearch-backup-8.2.0}"),
            "7:5: error: spec.members[0].target.ref.name: expected the AppBinding of the cluster, found nothing"),
        Case(
            "member's own parts", batch("members:\n- {\(target), tempDir: 5, hooks: {preBackup: {}}, colour: red}"),
            "7:60: error: spec.members[0].tempDir: expected fields, found a number",
            "7:82: error: spec.members[0].hooks.preBackup.exec: expected exactly one of exec, httpGet, httpPost, tcpSocket, found none",
            "7:87: warning: spec.members[0].colour: not a field that Sheaf knows; it is kept and has no effect"),
        Case(
            "order of a batch", batch("executionOrder: Random\nmembers:\n- {\(target)}"),
            "6:19: error: spec.executionOrder: expected Parallel or Sequential, found \"Random\""),
        Case(
            "hooks of a batch", batch("hooks: {preBackup: {exec: {command: [a]}}}\nmembers:\n- {\(target)}"),
            "6:10: error: spec.hooks: \(refusal)"),
        Case(
            "hooks of a restore batch",
            batch("hooks: {preRestore: {exec: {command: [a]}}}\nmembers:\n- {\(target)}", kind: "RestoreBatch"),
            "6:10: error: spec.hooks: \(refusal)"),
        Case(
            "one target twice", batch("members:\n- {\(target)}\n- {\(target)}"),
            "7:3: warning: spec.members: several members back up a target named es; retentionPolicy counts their snapshots together: make a plan of its own of one of them where that matters"
        ),
        Case(
            "session of nothing",
            "apiVersion: stash.appscode.com/v1beta1\nkind: BackupSession\nmetadata: {name: now}\nspec: {retryLeft: -1}",
            "4:7: error: spec.invoker.name: expected the plan to run, found nothing",
            "4:19: error: spec.retryLeft: expected a whole number from 0 on, found the number -1"),
        Case(
            "session of another kind",
            "apiVersion: stash.appscode.com/v1beta1\nkind: BackupSession\nmetadata: {name: now}\nspec: {invoker: {apiGroup: apps, kind: RestoreSession, name: A}}",
            "4:28: error: spec.invoker.apiGroup: expected stash.appscode.com, found \"apps\"",
            "4:40: error: spec.invoker.kind: expected BackupConfiguration or BackupBatch, found \"RestoreSession\"",
            "4:62: error: spec.invoker.name: a name has only lower-case letters, digits, \"-\" and \".\", found \"A\""),
    ]
}
