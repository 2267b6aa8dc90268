/// The add-on task that a session runs and its parameters. Sheaf has one task built in, so the name is kept, not looked up.
package struct TaskRef: Codable, Sendable, Hashable {
    package var name: String
    @OmittedWhenEmpty package var params: [Param]

    package struct Param: Codable, Sendable, Hashable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(name: String, params: [Param] = []) {
        self.name = name
        self.params = params
    }

    /// The value of the last parameter of that name.
    package subscript(name: String) -> String? { params.last { $0.name == name }?.value }

    /// This task, with the parameters of `defaults` that it does not set itself (Stash: the user's values win over the AppBinding's).
    package func adding(defaults: TaskRef) -> TaskRef {
        TaskRef(name: name, params: params + defaults.params.filter { self[$0.name] == nil })
    }
}
