import Messages
import Runtime
import Testing

@testable import Manifests

/// What a plan or a restore names as its task, and what becomes of its variables (docs/functions.md).
@Suite struct TaskResolutionTests {
    private static let base = """
        apiVersion: appcatalog.appscode.com/v1alpha1
        kind: AppBinding
        metadata: {name: es, namespace: demo}
        spec:
          type: kubedb.com/elasticsearch
          version: 8.2.0
          clientConfig: {url: "http://es:9200"}
          parameters: {stash: {addon: {backupTask: {name: ADDON, params: [{name: level, value: addon}, {name: depth, value: addon}]}}}}
        ---
        apiVersion: stash.appscode.com/v1alpha1
        kind: Repository
        metadata: {name: r, namespace: demo}
        spec: {backend: {s3: {bucket: b, endpoint: "http://s3:9000", prefix: a/b}, storageSecretName: keys}}
        ---
        apiVersion: stash.appscode.com/v1beta1
        kind: Task
        metadata: {name: around}
        spec:
          steps:
          - {name: freeze, params: [{name: level, value: step}, {name: depth, value: step}, {name: own, value: step}, {name: NAMESPACE, value: step}]}
          - {name: elasticsearch-backup-8.2.0, params: [{name: args, value: "--match=^step"}, {name: indices, value: "step-*"}]}
          - {name: thaw}
          - {name: update-status}
        ---
        apiVersion: stash.appscode.com/v1beta1
        kind: Function
        metadata: {name: freeze}
        spec: {command: [freeze, "ARGUMENTS"]}
        ---
        apiVersion: stash.appscode.com/v1beta1
        kind: Function
        metadata: {name: thaw}
        spec: {command: [thaw], args: ["${BACKUP_SESSION}", "{{ .Status.Phase }}"]}
        ---
        apiVersion: stash.appscode.com/v1beta1
        kind: BackupConfiguration
        metadata: {name: nightly, namespace: demo}
        spec:
          task: {name: TASK, params: [{name: level, value: "user {{ .Name }}"}]}
          target: {ref: {kind: AppBinding, name: es}}
          repository: {name: r}
          retentionPolicy: {name: few, keepLast: 5, prune: true}
        ---
        apiVersion: stash.appscode.com/v1beta1
        kind: RestoreSession
        metadata: {name: back, namespace: demo}
        spec:
          task: {name: TASK}
          target: {ref: {kind: AppBinding, name: es}, rules: [{snapshots: [abc], sourceHost: one}]}
          repository: {name: r}
        """

    private func resources(
        task: String = "around", addon: String = "elasticsearch-backup-8.2.0", arguments: String = "${level}",
        without: String? = nil
    ) throws -> ResourceSet {
        var text = Self.base.replacing("name: TASK", with: "name: \"\(task)\"").replacing("name: ADDON", with: "name: \(addon)")
            .replacing("\"ARGUMENTS\"", with: arguments.split(separator: " ").map { "\"\($0)\"" }.joined(separator: ", "))
        if let without {
            text = text.split(separator: "---").filter { !$0.contains("metadata: {name: \(without)") }.joined(separator: "---")
        }
        let loaded = ResourceLoader().load(text: text, name: "m.yaml")
        #expect(loaded.errors.isEmpty, "\(loaded.errors)")
        return loaded.resources
    }

    private func plan(_ resources: ResourceSet) throws -> TaskResolution {
        TaskResolution(of: try #require(resources.backupConfigurations.first?.value), in: resources)
    }

    private func restore(_ resources: ResourceSet) throws -> TaskResolution {
        TaskResolution(of: try #require(resources.restoreSessions.first?.value), in: resources)
    }

    private func problem(_ resolution: TaskResolution) -> String? { resolution.problem()?.message }

    @Test func ownStepsStandBeforeAndAfterTheBuiltInOne() throws {
        let task = try #require(try plan(try resources()).task())
        #expect(task.name == "around")
        #expect(task.params == [.init(name: "args", value: "--match=^step"), .init(name: "indices", value: "step-*")])
        #expect(task.before.map { "\($0.number) \($0.function)" } == ["1 freeze"])
        #expect(task.after == [.init(number: 3, function: "thaw", command: ["thaw", "{{ .Name }}", "{{ .Status.Phase }}"])])
    }

    /// Stash: parameters of the invoker, Stash's own variables, parameters of the step, defaults.
    @Test(arguments: [
        // The value of a parameter is text, whatever it looks like.
        ("${level}", "user {{\"{\"}}{{\"{\"}} .Name }}"), ("${depth}", "addon"), ("${own:=default}", "step"),
        ("${NAMESPACE}", "demo"), ("${none:=default}", "default"), ("${none:=${own}}", "step"),
        ("${REPOSITORY_REGION:=eu}", "eu"), ("${REPOSITORY_REGION}", ""), ("${REPOSITORY_BUCKET}/${REPOSITORY_PREFIX}", "b/a/b"),
        ("${REPOSITORY_PROVIDER}", "s3"), ("${REPOSITORY_SECRET_NAME}", "keys"), ("${TARGET_APP_RESOURCE}", "elasticsearch"),
        ("${TARGET_NAMESPACE}/${TARGET_NAME}", "demo/es"), ("${INVOKER_KIND}/${INVOKER_NAME}", "BackupConfiguration/nightly"),
        ("${RETENTION_KEEP_LAST}", "5"), ("${RETENTION_KEEP_DAILY:=none}", "none"), ("${RETENTION_PRUNE}", "true"),
        ("${HOSTNAME}", "host-0"), ("${BACKUP_SESSION}", "{{ .Name }}"), ("{{.Name}}", "{{.Name}}"),
    ])
    func variablesHaveStashsOrderOfRank(argument: String, expected: String) throws {
        let task = try #require(try plan(try resources(arguments: argument)).task())
        #expect(task.before.first?.command == ["freeze", expected])
        #expect(throws: Never.self) { try HookTemplate(expected) }
    }

    @Test func aVariableThatThereIsNotIsNamedWithItsStep() throws {
        let message = try #require(problem(try plan(try resources(arguments: "${nothing}"))))
        #expect(
            message.hasPrefix(
                "step 1 of Task around, argument \"${nothing}\" of Function freeze: there is no variable nothing here"))
        #expect(message.contains("BACKUP_SESSION"))
    }

    @Test(arguments: ["", "elasticsearch-backup-8.2.0", "opensearch-backup", "elasticsearch-backup-7.14.0-v2"])
    func whatIsBuiltInNeedsNoManifest(name: String) throws {
        #expect(try plan(try resources(task: name)).task() == nil)
    }

    @Test(arguments: ["postgres-backup-14", "elasticsearch-restore-8.2.0", "update-status", "elasticsearch-backup-notify"])
    func aNameThatIsNothingListsWhatThereIs(name: String) throws {
        #expect(
            problem(try plan(try resources(task: name)))
                == "there is no Task \(name) for a backup; apply it, leave the name out, or choose of: around, elasticsearch-backup-<version>"
        )
    }

    @Test func aTaskMustDoWhatTheSessionDoes() throws {
        let resolution = try restore(try resources())
        #expect(
            problem(resolution)
                == "Task around is none for a restore; leave the name out, or choose of: elasticsearch-restore-<version>")
        #expect(throws: TaskProblem.self) { try resolution.task() }
    }

    @Test func aFunctionThatThereIsNotIsNamed() throws {
        #expect(
            problem(try plan(try resources(without: "thaw")))
                == "step 3 of Task around names Function thaw, which there is not; apply it, or choose of: freeze, "
                + "elasticsearch-backup-<version>, elasticsearch-restore-<version>, update-status")
    }

    /// What the AppBinding says counts where the plan names none.
    @Test func theAppBindingsTaskIsLookedUpToo() throws {
        #expect(try plan(try resources(task: "", addon: "around")).task()?.name == "around")
        #expect(problem(try plan(try resources(task: "", addon: "around-2")))?.hasPrefix("there is no Task around-2") == true)
    }

    /// The name is looked up all the same; the session is refused for the other reason.
    @Test func withoutAnAppBindingTheVariablesAreLeft() throws {
        let set = try resources(arguments: "${nothing}", without: "es")
        #expect(try plan(set).task()?.before.first?.command == ["freeze", "${nothing}"])
        #expect(problem(try plan(try resources(task: "no", without: "es"))) != nil)
    }

    @Test func complaintsPointAtTheName() throws {
        let complaints = try resources(task: "no").referenceComplaints()
        #expect(complaints.map(\.path) == ["spec.task.name", "spec.task.name"])
        #expect(complaints.first?.description.hasPrefix("m.yaml:39:16: warning: spec.task.name: there is no Task no") == true)
        #expect(try resources().referenceComplaints().map(\.message).count == 1, "the restore's alone")
    }

    /// Invoker's and AppBinding's parameters rank above those of the built-in step.
    @Test func parametersOfTheBuiltInStepAreTheSessions() throws {
        let set = try resources()
        let plan = try #require(set.backupConfigurations.first?.value)
        var command = SessionCommand(
            kind: .backup, id: try #require(SessionID("s")), name: "n", namespace: "demo",
            requestedAt: .init(secondsSinceEpoch: 0), target: try #require(set.appBindings.first?.value),
            repository: try #require(set.repositories.first?.value), configuration: plan)
        #expect(TaskParameters(command.taskReference).match == nil)
        command.task = try self.plan(set).task()
        #expect(TaskParameters(command.taskReference).match == "^step")
        #expect(TaskParameters(command.taskReference).include == ["step-*"])
        command.configuration?.spec.task?.params.append(.init(name: "indices", value: "mine"))
        #expect(TaskParameters(command.taskReference).include == ["mine"])
        #expect(command.taskReference?["depth"] == "addon")
    }
}
