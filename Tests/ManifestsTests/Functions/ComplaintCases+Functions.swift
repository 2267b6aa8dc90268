/// Functions and Tasks (docs/functions.md).
extension ComplaintCases {
    private static func manifest(_ kind: String, _ spec: String, name: String = "f") -> String {
        "apiVersion: stash.appscode.com/v1beta1\nkind: \(kind)\nmetadata: {name: \(name)}\nspec:\n"
            + spec.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
    }

    private static let program = "expected the plain name of a program in the workers' folder (--hooks), and its arguments"
    private static let sessionSteps =
        "expected one step elasticsearch-backup-<version> or elasticsearch-restore-<version>, which is what the session does"

    static let functions: [Case] = [
        Case("own function", manifest("Function", "image: busybox\ncommand: [freeze, '${mode:=soft}']\nargs: ['{{ .Name }}']")),
        Case(
            "no command", manifest("Function", "image: busybox\nargs: [a]"),
            "5:3: error: spec.command: \(program), found nothing"),
        Case(
            "no spec", "apiVersion: stash.appscode.com/v1beta1\nkind: Function\nmetadata: {name: f}",
            "1:1: error: spec.command: \(program), found nothing"),
        Case(
            "program with a path", manifest("Function", "command: [/bin/sh, -c, date]"),
            "5:12: error: spec.command: a worker runs hooks from its own folder (--hooks): expected the plain name of a file there as the program, found \"/bin/sh\""
        ),
        Case(
            "program as a variable", manifest("Function", "command: ['${program}']"),
            "5:12: error: spec.command: \(program), found the variable \"${program}\""),
        Case(
            "broken variables", manifest("Function", "command: [f, '${A']\nargs: [ok, '${A:-b}', '{{ .Nothing }}']"),
            "5:16: error: spec.command[1]: \"${A\" has no closing brace",
            "6:14: error: spec.args[1]: \"${A:-b}\" is neither ${NAME} nor ${NAME:=default}",
            "6:25: error: spec.args[2]: the template cannot be read: there is no .Nothing; there are .Name, .Namespace, .Invoker.APIGroup, .Invoker.Kind, .Invoker.Name, .Target.APIVersion, .Target.Kind, .Target.Name, .Target.Namespace, .Status.Phase, .Status.Duration, .Status.Error, .RetryLeft"
        ),
        Case(
            "what only a container has",
            manifest(
                "Function",
                "command: [f]\nworkingDir: /tmp\nvolumeMounts: [{name: v, mountPath: /v}]\nruntimeSettings: {env: [{name: A, value: b}], nice: {adjustment: 5}}\nports: [{containerPort: 80}]\npodSecurityPolicyName: p\nprivileged: true"
            ),
            "6:15: warning: spec.workingDir: a worker runs the program in the folder that holds it; this has no effect",
            "7:17: warning: spec.volumeMounts: a worker runs the program on its own machine: there are no volumes, and this has no effect",
            "8:26: warning: spec.runtimeSettings.env: a program gets no variables but those of docs/functions.md; give it arguments instead",
            "11:3: warning: spec.privileged: not a field that Sheaf knows; it is kept and has no effect"),
        Case(
            "built-in function", manifest("Function", "image: i\nargs: ['${A']", name: "elasticsearch-restore-8.2.0"),
            "2:7: warning: kind: this Function is built in; what the manifest says of it has no effect"),
        Case(
            "namespace of a function",
            manifest("Function", "command: [f]").replacing("{name: f}", with: "{name: f, namespace: demo}"),
            "3:32: warning: metadata.namespace: a Function is of no namespace; this has no effect"),
        Case("task", manifest("Task", "steps: [{name: freeze}, {name: elasticsearch-backup-8.2.0}, {name: update-status}]")),
        Case(
            "task of no session", manifest("Task", "steps: [{name: freeze}, {name: update-status}]"),
            "5:10: error: spec.steps: \(sessionSteps), found none"),
        Case(
            "task of two sessions", manifest("Task", "steps: [{name: elasticsearch-backup}, {name: elasticsearch-restore-8}]"),
            "5:10: error: spec.steps: \(sessionSteps), found elasticsearch-backup and elasticsearch-restore-8"),
        Case(
            "task without steps", manifest("Task", "volumes: [{name: v, emptyDir: {}}]"),
            "5:3: error: spec.steps: \(sessionSteps), found none",
            "5:12: warning: spec.volumes: a worker runs programs on its own machine: there are no volumes, and this has no effect"
        ),
        Case(
            "steps that are wrong",
            manifest(
                "Task",
                "steps:\n- {params: []}\n- {name: A}\n- name: elasticsearch-backup-8.2.0\n  params: [{name: indices, value: A}, {name: odd, value: b}, {name: n, value: 5}]"
            ),
            "6:5: error: spec.steps[0].name: expected the name of a Function, found nothing",
            "7:12: error: spec.steps[1].name: a name has only lower-case letters, digits, \"-\" and \".\", found \"A\"",
            "9:37: error: spec.steps[2].params[0].value: pattern A can match no index: names cannot have \"A\"",
            "9:48: warning: spec.steps[2].params[1].name: not a parameter that Sheaf knows; it has no effect, found \"odd\"",
            "9:71: warning: spec.steps[2].params[2].name: not a parameter that Sheaf knows; it has no effect, found \"n\"",
            "9:81: error: spec.steps[2].params[2].value: expected text (put the value in quotes), found the number 5"),
    ]
}
