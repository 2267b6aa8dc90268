import Messages
import Runtime
import Snapshots

/// Snapshots as commands are told of them.
enum SnapshotOption {
    /// The help of an argument that names one.
    static let help = "id of the snapshot, a part of one that no other has, \"latest\", or a time: the newest at or before it"

    private static let name = "target"

    /// Whose snapshot `latest` and a time mean.
    static let target = OptionDefinition.value(
        name, valueName: "NS/NAME", help: "AppBinding whose snapshot \"latest\" or a time means; needed where there are several")

    static func target(_ arguments: ParsedArguments) throws -> SnapshotSource? {
        try arguments.optionalValue(name, as: NamespacedName.self).map {
            SnapshotSource(namespace: $0.namespace, target: $0.name)
        }
    }
}

extension SnapshotTag: ArgumentValue {
    package static var argumentExpectation: String { expectation }

    package init?(argument: String) { self.init(argument) }
}
