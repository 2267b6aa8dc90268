import Archive
import Messages
import Runtime
import Snapshots

struct TagCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "tag", abstract: "Add tags to a snapshot and remove some, straight in its repository.",
        arguments: [PositionalDefinition("snapshot", help: SnapshotOption.help)],
        options: [
            .repeated("add", valueName: "TAG", help: "tag to add"),
            .repeated("remove", valueName: "TAG", help: "tag to remove"),
        ] + RepositoryOption.definitions + [SnapshotOption.target, OutputFormat.definition])

    private let marking: SnapshotMarking
    private let added: [SnapshotTag]
    private let removed: [SnapshotTag]

    init(_ arguments: ParsedArguments) throws {
        marking = try SnapshotMarking(arguments)
        added = try arguments.values("add")
        removed = try arguments.values("remove")
        if added.isEmpty && removed.isEmpty {
            throw UsageError(code: .missingOption, message: "give --add or --remove", command: arguments.command)
        }
        if let both = added.first(where: removed.contains) {
            throw UsageError(
                code: .conflict, message: "--add and --remove are both given \"\(both)\"", command: arguments.command)
        }
    }

    func run() async throws {
        try await marking.run { marks in
            for tag in added { marks.add(tag) }
            for tag in removed { marks.remove(tag) }
        }
    }
}

struct KeepCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "keep", abstract: "Protect snapshots from retention and forget, straight in their repository.",
        discussion: "One that was forgotten is there again, as long as its data is not deleted.",
        arguments: SnapshotMarking.arguments,
        options: RepositoryOption.definitions + [SnapshotOption.target, OutputFormat.definition])

    private let marking: SnapshotMarking

    init(_ arguments: ParsedArguments) throws { marking = try SnapshotMarking(arguments, includingForgotten: true) }

    func run() async throws { try await marking.run { $0.isKept = true } }
}

struct UnkeepCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "unkeep", abstract: "End what keep began. A snapshot that was forgotten meanwhile is gone then.",
        arguments: SnapshotMarking.arguments,
        options: RepositoryOption.definitions + [SnapshotOption.target, OutputFormat.definition])

    private let marking: SnapshotMarking

    init(_ arguments: ParsedArguments) throws { marking = try SnapshotMarking(arguments) }

    func run() async throws { try await marking.run { $0.isKept = false } }
}

/// Changes the marks of the snapshots that a command names, and says how they are then.
private struct SnapshotMarking: Sendable {
    static let arguments = [PositionalDefinition("snapshot", help: SnapshotOption.help, isRepeatable: true)]

    private let repository: RepositoryOption
    private let target: SnapshotSource?
    private let selectors: [String]
    private let includingForgotten: Bool
    private let output: CommandOutput

    init(_ arguments: ParsedArguments, includingForgotten: Bool = false) throws {
        repository = try RepositoryOption(arguments)
        target = try SnapshotOption.target(arguments)
        selectors = try arguments.values("snapshot")
        self.includingForgotten = includingForgotten
        output = try CommandOutput(arguments)
    }

    func run(_ edit: (inout SnapshotMarks) -> Void) async throws {
        try await output.reporting {
            let catalog = SnapshotCatalog(store: try repository.open(for: .writing).repository.store)
            // All are found before one is changed.
            let chosen = try selectors.map {
                try catalog.find($0, target: target, includingForgotten: includingForgotten)
            }
            for note in chosen.flatMap(\.notes) { output.note(note) }
            var unreadable: ArchiveError?
            for id in chosen.map(\.record.id) {
                let change: MarkBook.Change
                do {
                    change = try MarkBook(store: catalog.store).change(id, edit)
                } catch let error as ArchiveError where error.code == .corrupt {
                    // Marks that cannot be read are no reason to leave the others.
                    if unreadable == nil { unreadable = error } else { output.note(error.message) }
                    continue
                }
                // Garbage collection may have come to its end between.
                guard try catalog.anyRecord(id) != nil else {
                    throw SnapshotError(.notFound, "snapshot \(id) was forgotten and is deleted")
                }
                tell(id, change)
            }
            if let unreadable { throw unreadable }
        }
    }

    private func tell(_ id: SnapshotID, _ change: MarkBook.Change) {
        let marks = change.marks
        let words = (marks.isKept ? ["kept"] : []) + (marks.tags.isEmpty ? [] : ["tags \(marks.tags.joined(separator: ", "))"])
        let state = words.isEmpty ? "no marks" : words.joined(separator: ", ")
        output.line("\(id): \(state)\(change.isNew ? "" : ", as before")")
        output.object([
            "type": "marks", "snapshot": .string(id.text), "tags": .array(marks.tags.map { .string($0) }),
            "kept": .bool(marks.isKept), "changed": .bool(change.isNew),
        ])
    }
}
