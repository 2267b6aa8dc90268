package import Messages

/// A Function of Stash: what one step of a Task runs. Here a program of the workers' folder (docs/functions.md).
package struct Function: Resource {
    package static let kind = ResourceKind.function
    package var metadata: ObjectMeta
    /// The program's plain name and its arguments, with variables. Empty for the manifest of a built-in Function.
    let command: [String]
    /// Arguments behind those of the command.
    let arguments: [String]
}
