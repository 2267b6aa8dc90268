package import Messages

/// Why a session cannot have the Task that it names; a sentence that says what to do.
package struct TaskProblem: Error, Equatable {
    package let message: String
}

/// What a plan or a restore names as its task: a Task of the resources, with its variables written out, or what is built in.
package struct TaskResolution {
    private let resources: ResourceSet
    private let kind: SessionKind
    /// Its author's and the AppBinding's, in this order of rank.
    private let reference: TaskRef?
    /// Nil while AppBinding or Repository are not there.
    private let variables: SessionVariables?

    /// - Parameter invoker: the batch that it is a member of; nil: the plan itself.
    package init(of plan: BackupConfiguration, for invoker: ResourceKey? = nil, in resources: ResourceSet) {
        let target = resources.appBinding(plan.targetKey)?.value
        let repository = resources.repository(plan.repositoryKey)?.value
        (self.resources, kind) = (resources, .backup)
        reference = target?.task(plan.spec.task, for: .backup) ?? plan.spec.task
        variables = Self.both(target, repository).map { SessionVariables(of: plan, invoker: invoker, target: $0, repository: $1) }
    }

    package init(of restore: RestoreSession, for invoker: ResourceKey? = nil, in resources: ResourceSet) {
        let target = resources.appBinding(restore.targetKey)?.value
        let repository = resources.repository(restore.repositoryKey)?.value
        (self.resources, kind) = (resources, .restore)
        reference = target?.task(restore.spec.task, for: .restore) ?? restore.spec.task
        variables = Self.both(target, repository).map {
            SessionVariables(of: restore, invoker: invoker, target: $0, repository: $1)
        }
    }

    private static func both(_ target: AppBinding?, _ repository: Repository?) -> (AppBinding, Repository)? {
        guard let target, let repository else { return nil }
        return (target, repository)
    }

    /// - Returns: nil where what is built in is all there is to do.
    package func task() throws(TaskProblem) -> SessionTask? {
        guard let name = reference?.name, !name.isEmpty else { return nil }
        guard let task = resources.task(ResourceKey(kind: .task, namespace: "", name: name))?.value else {
            if BuiltInFunction(name)?.sessionKind == kind { return nil }
            throw TaskProblem(
                message: "there is no Task \(name) for a \(kind.rawValue); apply it, leave the name out, or choose of: \(known)")
        }
        guard task.sessionKind == kind else {
            throw TaskProblem(message: "Task \(name) is none for a \(kind.rawValue); leave the name out, or choose of: \(known)")
        }
        var found = SessionTask(name: name)
        var isBefore = true
        for (index, step) in task.steps.enumerated() {
            switch BuiltInFunction(step.function) {
            case .session:
                found.params = step.params
                isBefore = false
            case .updateStatus: continue
            case nil:
                let resolved = try self.step(step, number: index + 1, of: name)
                if isBefore { found.before.append(resolved) } else { found.after.append(resolved) }
            }
        }
        return found
    }

    /// What keeps the task from being had; nil when nothing does.
    package func problem() -> TaskProblem? {
        do throws(TaskProblem) {
            _ = try task()
            return nil
        } catch {
            return error
        }
    }

    private func step(_ step: StepSequence.Step, number: Int, of task: String) throws(TaskProblem) -> SessionTask.Step {
        let key = ResourceKey(kind: .function, namespace: "", name: step.function)
        guard let function = resources.function(key)?.value else {
            let known = resources.functions.map(\.value.metadata.name) + SessionKind.allCases.map(BuiltInFunction.name)
            throw TaskProblem(
                message:
                    "step \(number) of Task \(task) names Function \(step.function), which there is not; apply it, or choose of: "
                    + (known + ["update-status"]).joined(separator: ", "))
        }
        let words = function.command + function.arguments
        // Without them there is nobody to write the variables out for; the session is refused for that.
        guard let values = values(for: step) else { return .init(number: number, function: step.function, command: words) }
        var command = Array(words.prefix(1))
        for word in words.dropFirst() {
            do throws(TaskProblem) {
                command.append(try Argument(word).template(values))
            } catch {
                throw TaskProblem(
                    message: "step \(number) of Task \(task), argument \"\(word)\" of Function \(step.function): \(error.message)"
                )
            }
        }
        return SessionTask.Step(number: number, function: step.function, command: command)
    }

    /// Stash's order of rank: what author and AppBinding give, Stash's own, what the step gives. Defaults stand in the text.
    private func values(for step: StepSequence.Step) -> [String: String]? {
        guard let variables else { return nil }
        func values(_ params: [TaskRef.Param]) -> [String: String] {
            Dictionary(params.map { ($0.name, Argument.escaped($0.value)) }) { _, last in last }
        }
        return values(step.params).merging(variables.values) { $1 }.merging(values(reference?.params ?? [])) { $1 }
    }

    private var known: String {
        let tasks = resources.tasks.map(\.value).filter { $0.sessionKind == kind }.map(\.metadata.name)
        return (tasks + [BuiltInFunction.name(of: kind)]).joined(separator: ", ")
    }
}
