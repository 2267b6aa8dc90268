/// What a Task of the Scheduler's resources adds to a session, with its variables written out (docs/functions.md).
package struct SessionTask: Codable, Sendable, Equatable {
    package var name: String
    /// Of the built-in step. What the session's author and the AppBinding say wins.
    @OmittedWhenEmpty package var params: [TaskRef.Param]
    /// Steps with Functions of somebody's own, in their order, before the built-in step and after it.
    @OmittedWhenEmpty package var before: [Step]
    @OmittedWhenEmpty package var after: [Step]

    package struct Step: Codable, Sendable, Hashable {
        /// Its place in the Task, from 1.
        package var number: Int
        package var function: String
        /// A program of the workers' folder and its arguments; these are templates as a hook's.
        package var command: [String]

        package init(number: Int, function: String, command: [String]) {
            self.number = number
            self.function = function
            self.command = command
        }
    }

    package init(name: String, params: [TaskRef.Param] = [], before: [Step] = [], after: [Step] = []) {
        self.name = name
        self.params = params
        self.before = before
        self.after = after
    }
}

extension SessionCommand {
    /// The session's parameters: those of its author, then the AppBinding's, then its Task's.
    package var taskReference: TaskRef? {
        let reference: TaskRef? =
            switch kind {
            case .backup: target.task(configuration?.spec.task, for: .backup)
            case .restore: target.task(restore?.spec.task, for: .restore)
            }
        guard let task else { return reference }
        return reference.adding(defaultsOf: task)
    }
}

extension TaskRef? {
    /// With the parameters of a Task's built-in step that nobody gave.
    package func adding(defaultsOf task: SessionTask) -> TaskRef? {
        (self ?? TaskRef(name: task.name)).adding(defaults: TaskRef(name: task.name, params: task.params))
    }
}
