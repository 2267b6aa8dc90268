import Testing

/// Plans and restores.
extension ComplaintCases {
    /// A plan whose further fields begin on line 6.
    private static func plan(_ fields: String) -> String {
        """
        apiVersion: stash.appscode.com/v1beta1
        kind: BackupConfiguration
        metadata: {name: plan}
        spec:
          target: {ref: {kind: AppBinding, name: es}}
        \(fields.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
          repository: {name: r}
        """
    }

    /// A restore whose further fields begin on line 6.
    private static func restore(_ fields: String) -> String {
        plan(fields).replacing("BackupConfiguration", with: "RestoreSession")
    }

    static let plans: [Case] = [
        Case(
            "jitter",
            "apiVersion: stash.appscode.com/v1beta1\nkind: BackupConfiguration\nmetadata: {name: a, annotations: {sheaf.dev/jitter: 5d, other.dev/x: y}}\nspec:\n  target:\n    ref: {kind: AppBinding, name: es}\n  repository: {name: r}",
            "3:53: error: metadata.annotations[\"sheaf.dev/jitter\"]: expected a duration of at most 24h, such as 5m or 1h30m, found \"5d\""
        ),
        Case(
            "annotations of a plan",
            "apiVersion: stash.appscode.com/v1beta1\nkind: BackupConfiguration\nmetadata: {name: a, annotations: {sheaf.dev/jitter: 25h, sheaf.dev/jiter: 5m}}\nspec:\n  target:\n    ref: {kind: AppBinding, name: es}\n  repository: {name: r}",
            "3:53: error: metadata.annotations[\"sheaf.dev/jitter\"]: expected a duration of at most 24h, such as 5m or 1h30m, found \"25h\"",
            "3:75: error: metadata.annotations[\"sheaf.dev/jiter\"]: not an annotation of a BackupConfiguration; there is sheaf.dev/jitter"
        ),
        Case(
            "empty plan", "apiVersion: stash.appscode.com/v1beta1\nkind: BackupConfiguration\nmetadata: {name: a}\nspec: {}",
            "4:7: error: spec.target.ref.name: expected the AppBinding of the cluster, found nothing",
            "4:7: error: spec.repository.name: expected the name of a Repository, found nothing"),
        Case(
            "other target",
            "apiVersion: stash.appscode.com/v1beta1\nkind: BackupConfiguration\nmetadata: {name: a}\nspec:\n  target:\n    ref: {apiVersion: apps/v1, kind: Deployment}\n  repository: {name: r, namespace: B}",
            "6:10: error: spec.target.ref.name: expected the name of an AppBinding, found nothing",
            "6:38: error: spec.target.ref.kind: expected AppBinding, found \"Deployment\"; Sheaf reaches a cluster through its AppBinding",
            "7:36: error: spec.repository.namespace: a name has only lower-case letters, digits and \"-\", found \"B\""),
        Case(
            "target version",
            plan("driver: Restic").replacing("{kind: AppBinding,", with: "{apiVersion: v1, kind: AppBinding,"),
            "5:30: error: spec.target.ref.apiVersion: expected appcatalog.appscode.com/v1alpha1, found \"v1\""),
        Case(
            "schedule", plan("schedule: 5"),
            "6:13: error: spec.schedule: expected text (put the value in quotes), found the number 5"),
        Case(
            "time zone", plan("timeZone: ../etc/passwd"),
            "6:13: error: spec.timeZone: expected a name of the time zone database, such as Europe/Berlin, found \"../etc/passwd\""
        ),
        Case(
            "driver", plan("driver: VolumeSnapshotter"),
            "6:11: error: spec.driver: Sheaf reads documents and takes no snapshots of volumes; use Restic, or leave it out"),
        Case(
            "unknown driver", plan("driver: Kopia"),
            "6:11: error: spec.driver: expected Restic or VolumeSnapshotter, found \"Kopia\""),
        Case(
            "timeOut in days", plan("timeOut: 1d"),
            "6:12: error: spec.timeOut: expected a duration of h, m and s, such as \"1h30m\", found \"1d\""),
        Case(
            "timeOut as a number", plan("timeOut: 90"),
            "6:12: error: spec.timeOut: expected a duration of h, m and s, such as \"1h30m\", found the number 90"),
        Case(
            "retention", plan("retentionPolicy:\n  keepLast: -2\n  keepDaily: 1.5\n  prune: 'true'"),
            "7:5: error: spec.retentionPolicy.name: expected a name for the policy, found nothing",
            "7:15: error: spec.retentionPolicy.keepLast: expected a whole number from -1 on, found the number -2",
            "8:16: error: spec.retentionPolicy.keepDaily: expected a whole number from -1 on, found the number 1.5",
            "9:12: error: spec.retentionPolicy.prune: expected true or false, found \"true\""),
        Case(
            "retry", plan("retryConfig: {maxRetry: 99999999999, delay: soon}"),
            "6:27: error: spec.retryConfig.maxRetry: expected a whole number from 0 on, found the number 99999999999",
            "6:47: error: spec.retryConfig.delay: expected a duration of h, m and s, such as \"1h30m\", found \"soon\""),
        Case(
            "task",
            plan(
                "task:\n  name: elasticsearch-backup-8.2.0\n  params:\n  - {name: indices, value: 'Logs-*'}\n  - {value: a}\n  - {name: index, value: a}\n  - {name: args, value: --match=a --quiet}"
            ),
            "9:30: error: spec.task.params[0].value: pattern Logs-* can match no index: names cannot have \"L\"",
            "10:7: error: spec.task.params[1].name: expected the name of a parameter, found nothing",
            "11:14: warning: spec.task.params[2].name: not a parameter that Sheaf knows; it has no effect, found \"index\"",
            "12:27: warning: spec.task.params[3].value: --quiet has no effect: it has no meaning here"),
        Case(
            "parameters of a restore in a plan", plan("task: {params: [{name: conflict, value: skip}]}"),
            "6:26: warning: spec.task.params[0].name: conflict is a parameter of restores; it has no effect in a backup"),
        Case(
            "room for segments", plan("interimVolumeTemplate: {spec: {resources: {requests: {storage: 10 GB, cpu: 1}}}}"),
            "6:66: error: spec.interimVolumeTemplate.spec.resources.requests.storage: expected an amount of storage such as 1Gi, 500M or 2e9, found \"10 GB\""
        ),
        Case(
            "no room for segments",
            plan("interimVolumeTemplate:\n  metadata: {name: x}\n  spec: {resources: {requests: {storage: 0}}}"),
            "8:44: error: spec.interimVolumeTemplate.spec.resources.requests.storage: expected an amount of storage such as 1Gi, 500M or 2e9, found the number 0"
        ),
        Case("room as a number", plan("interimVolumeTemplate: {spec: {resources: {requests: {storage: 2e9}}}}")),
        Case("room in gibibytes", plan("interimVolumeTemplate: {spec: {resources: {requests: {storage: 1.5Gi}}}}")),
        Case(
            "room in a list", plan("interimVolumeTemplate: {spec: []}"),
            "6:33: error: spec.interimVolumeTemplate.spec: expected fields, found a list"),
        Case(
            "lists", plan("interimVolumeTemplate: {}\nhooks: []\ntask: {params: {name: a}}"),
            "7:10: error: spec.hooks: expected fields, found a list",
            "8:18: error: spec.task.params: expected a list, found a group of fields"),
        Case(
            "hooks",
            plan(
                "hooks:\n  preBackup:\n    executionPolicy: Always\n    exec: {}\n    tcpSocket: {port: 0}\n  postBackup:\n    httpPost: {port: http, scheme: ftp, httpHeaders: [{name: Authorization, value: x}]}"
            ),
            "8:24: error: spec.hooks.preBackup.executionPolicy: expected no policy for a hook that runs before, found \"Always\"",
            "9:13: error: spec.hooks.preBackup.exec.command: expected a program and its arguments, found nothing",
            "10:18: error: spec.hooks.preBackup.tcpSocket: expected exactly one of exec, httpGet, httpPost, tcpSocket, found exec and tcpSocket",
            "10:25: error: spec.hooks.preBackup.tcpSocket.port: expected a whole number from 1 to 65535, found the number 0",
            "12:24: error: spec.hooks.postBackup.httpPost.port: a name of a port means something in a pod, and there is none: expected the port's number, found \"http\"",
            "12:38: error: spec.hooks.postBackup.httpPost.scheme: expected HTTP or HTTPS, found \"ftp\"",
            "12:86: warning: spec.hooks.postBackup.httpPost.httpHeaders[0].value: the value travels in messages, where others can read it"
        ),
    ]

    static let hooks: [Case] = [
        Case(
            "templates and programs",
            plan(
                "hooks:\n  preBackup: {exec: {command: [/bin/sh, -c, '{{ .Nme }}']}}\n  postBackup:\n    httpPost:\n      port: '8080'\n      body: '{{ .Name | trunc 5 }}'\n      form:\n      - {key: a, values: [b, '{{']}"
            ),
            "7:33: error: spec.hooks.preBackup.exec.command: a worker runs hooks from its own folder (--hooks): expected the plain name of a file there as the program, found \"/bin/sh\"",
            "7:47: error: spec.hooks.preBackup.exec.command[2]: the template cannot be read: there is no .Nme; there are .Name, .Namespace, .Invoker.APIGroup, .Invoker.Kind, .Invoker.Name, .Target.APIVersion, .Target.Kind, .Target.Name, .Target.Namespace, .Status.Phase, .Status.Duration, .Status.Error, .RetryLeft",
            "11:15: error: spec.hooks.postBackup.httpPost.body: the template cannot be read: the function \"trunc\" is unknown; templates of hooks know if, else, end, and, default, eq, lower, ne, not, or, quote, toJson, upper, | and ( )",
            "13:9: error: spec.hooks.postBackup.httpPost.form: expected a body or a form, found both",
            "13:32: error: spec.hooks.postBackup.httpPost.form[0].values[1]: the template cannot be read: an action is not closed with }}"
        ),
        Case(
            "places and headers",
            plan(
                "hooks:\n  preBackup:\n    httpGet: {host: '127.0.0.1/evil?q=', port: 80, httpHeaders: [{name: Content-Length, value: '3'}, {name: 'A b'}]}\n  postBackup:\n    httpPost:\n      host: '[::1]'\n      port: 80\n      httpHeaders: [{name: X-A, value: \"a\\r\\nb\"}]\n      body: '{\"error\": \"{{ .Status.Error }}\"}'"
            ),
            "8:23: error: spec.hooks.preBackup.httpGet.host: expected the name or the address of a host, without a port or a path, found \"127.0.0.1/evil?q=\"",
            "8:75: error: spec.hooks.preBackup.httpGet.httpHeaders[0].name: Content-Length says how the request is framed, which is set by itself; leave it out",
            "8:111: error: spec.hooks.preBackup.httpGet.httpHeaders[1].name: expected the name of a header (letters, digits and dashes), found \"A b\"",
            "13:30: error: spec.hooks.postBackup.httpPost.httpHeaders[0].name: the value of X-A holds a line end or another control character",
            "14:15: warning: spec.hooks.postBackup.httpPost.body: an error may hold quotes and line ends, which break JSON: write {{ .Status.Error | toJson }}, without quotes around it"
        ),
        Case(
            "hooks that can be run",
            plan(
                "hooks:\n  preBackup: {exec: {command: [freeze, '{{ .Name }}']}}\n  postBackup: {executionPolicy: OnFailure, tcpSocket: {host: h, port: 80}}"
            )),
    ]

    static let restores: [Case] = [
        Case(
            "rules in both places", restore("rules: [{targetHosts: [a], snapshots: [latest]}]"),
            "6:10: warning: spec.rules: deprecated by Stash; read as spec.target.rules"),
        Case(
            "rules",
            restore(
                "target:\n  ref: {kind: AppBinding, name: es}\n  rules:\n  - {snapshots: [a], paths: [b]}\n  - {}\n  - {targetHosts: [h]}\n  - {targetHosts: [h]}"
            )
            .replacing("  target: {ref: {kind: AppBinding, name: es}}\n", with: ""),
            "8:5: error: spec.target.rules: expected at most one rule without targetHosts, found 2",
            "8:5: error: spec.target.rules: expected each host in one rule, found \"h\" in several",
            "8:31: error: spec.target.rules[0].paths: expected snapshots or paths, found both"),
        Case(
            "policy of a restore", restore("hooks: {postRestore: {executionPolicy: OnFinalRetryFailure, exec: {command: [a]}}}"),
            "6:42: error: spec.hooks.postRestore.executionPolicy: expected Always or OnSuccess or OnFailure, found \"OnFinalRetryFailure\""
        ),
        Case(
            "parameters of a restore",
            restore(
                "task:\n  params:\n  - {name: renameReplacement, value: 'x-$2'}\n  - {name: renamePattern, value: ^(.+)$}\n  - {name: conflict, value: merge}"
            ),
            "8:40: error: spec.task.params[0].value: the replacement \"x-$2\" names group 2, and the pattern has 1",
            "10:31: error: spec.task.params[2].value: expected one of append, fail, overwrite, skip, swap-alias, found \"merge\""),
        Case(
            "fields of a plan", restore("schedule: '* * * * *'\nretryConfig: {}"),
            "6:3: warning: spec.schedule: not a field that Sheaf knows; it is kept and has no effect",
            "7:3: warning: spec.retryConfig: not a field that Sheaf knows; it is kept and has no effect"),
    ]
}
