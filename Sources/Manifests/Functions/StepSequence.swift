package import Messages

/// A Task of Stash: steps around the one that backs up or restores (docs/functions.md).
package struct StepSequence: Resource {
    package static let kind = ResourceKind.task
    package var metadata: ObjectMeta
    /// One of them is built in, and is what a session does.
    let steps: [Step]

    struct Step: Equatable {
        var function: String
        var params: [TaskRef.Param]
    }

    /// What it does; nil where no step says so, which no Task that was loaded is without.
    package var sessionKind: SessionKind? { steps.lazy.compactMap { BuiltInFunction($0.function)?.sessionKind }.first }
}
