import Archive
import Console
import FoundationEssentials
import Manifests
import Messages
import Runtime
import Worker

struct RepoKeysCommand: CommandFamily {
    static let configuration = CommandConfiguration(
        name: "keys", abstract: "List, add, remove and rotate the keys of an encrypted repository.",
        discussion: """
            A key is an object in keys/ that one password opens. The password of the Repository's Secret must open one. After a
            leak: rotate with a new password, give workers that password, remove the old keys. What was stored before must be
            taken as read by whoever has the old password and a copy of its key.
            """,
        subcommands: [KeysListCommand.self, KeysAddCommand.self, KeysRemoveCommand.self, KeysRotateCommand.self])
}

struct KeysListCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "list", abstract: "List the keys and the epochs that each opens.", arguments: [KeyRing.argument],
        options: [OutputFormat.definition] + ResourceOptions.definitions)

    private let keys: KeyRing
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        keys = try KeyRing(arguments)
        output = try CommandOutput(arguments)
    }

    func run() async throws {
        try await output.reporting {
            let (descriptions, damages) = try keys.open().list()
            let rows = descriptions.map {
                KeyTable.Row(
                    id: $0.id, label: $0.label, created: $0.created, epochs: $0.epochs, holdsNewest: $0.holdsNewest,
                    isFirst: $0.isNamedByFormat)
            }
            output.lines(KeyTable.lines(rows))
            for row in rows { output.object(KeyTable.json(row)) }
            guard damages.isEmpty else { throw CommandError(.failed, damages.joined(separator: "\n")) }
        }
    }
}

struct KeysAddCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "add", abstract: "Let another password open all that the present one does.", arguments: [KeyRing.argument],
        options: NewKey.definitions + [OutputFormat.definition] + ResourceOptions.definitions)

    private let keys: KeyRing
    private let new: NewKey
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        keys = try KeyRing(arguments)
        new = try NewKey(arguments)
        output = try CommandOutput(arguments)
    }

    func run() async throws {
        try await output.reporting {
            let id = try keys.open().add(new.password, label: new.label, now: Date())
            output.line("key \(id) was added; the new password opens all that the present one does")
            output.object(["type": "key", "id": .string(id), "label": .string(new.label)])
        }
    }
}

struct KeysRotateCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "rotate", abstract: "Seal what is stored from now on under a new epoch, which a new password opens.",
        discussion: """
            The new key opens all epochs, the others only those before: give the new password to the workers, and add the
            others again that are to stay. Workers follow within a minute; with another password they read on, and store nothing
            more. Nothing is encrypted again.
            """,
        arguments: [KeyRing.argument],
        options: NewKey.definitions + [OutputFormat.definition] + ResourceOptions.definitions)

    private let keys: KeyRing
    private let new: NewKey
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        keys = try KeyRing(arguments)
        new = try NewKey(arguments)
        output = try CommandOutput(arguments)
    }

    func run() async throws {
        try await output.reporting {
            let id = try keys.open().rotate(new.password, label: new.label, now: Date())
            output.line("key \(id) opens the new epoch and all before it; put its password into the Secret of every worker")
            output.object(["type": "key", "id": .string(id), "label": .string(new.label)])
        }
    }
}

struct KeysRemoveCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "remove", abstract: "Remove a key, so that its password opens nothing any more.",
        discussion: """
            Refused unless the password of the Secret opens other keys that hold all this one does, and the newest epoch. Whoever
            copied the key before can still use it with its password: rotate too.
            """,
        arguments: [KeyRing.argument, PositionalDefinition("key", help: "id of the key, as \"sheaf repo keys list\" shows it")],
        options: [OutputFormat.definition] + ResourceOptions.definitions)

    private let keys: KeyRing
    private let id: String
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        keys = try KeyRing(arguments)
        id = try arguments.value("key")
        output = try CommandOutput(arguments)
    }

    func run() async throws {
        try await output.reporting {
            do {
                try keys.open().remove(id)
            } catch let error as ArchiveError where error.code == .invalid {
                throw CommandError(.refused, error.message)
            } catch let error as ArchiveError where error.code == .notFound {
                throw CommandError(.notFound, error.message)
            }
            output.line("key \(id) was removed")
            output.object(["type": "key", "id": .string(id), "removed": true])
        }
    }
}

/// The keys of the Repository that is named on the command line.
private struct KeyRing {
    static let argument = PositionalDefinition("repository", help: "the Repository: NAME or NAMESPACE/NAME")

    private let name: NamespacedName
    private let options: ResourceOptions

    init(_ arguments: ParsedArguments) throws {
        name = try arguments.value("repository")
        options = try ResourceOptions(arguments)
    }

    /// - Throws: `.notFound` for a Repository that is not among the resources, or that was not made yet, `.refused` for one that is not encrypted or does not open.
    func open() throws -> KeyMaintenance {
        let (resources, secrets) = try options.load()
        let key = name.key(.repository)
        guard let repository = resources.repository(key)?.value else {
            throw CommandError(.notFound, "\(key) is not among the resources")
        }
        do {
            return try KeyMaintenance(RepositoryPool(resources: resources, secrets: secrets).openHere(repository, for: .writing))
        } catch let error as ArchiveError where error.code == .invalid {
            throw CommandError(.refused, error.message)
        }
    }
}

/// What makes a new key.
private struct NewKey {
    static let definitions: [OptionDefinition] = [
        .secret(
            "new-password", help: "a file with the new password; one line end at its end is not part of it",
            environment: "SHEAF_NEW_PASSWORD", isRequired: true),
        .value("label", valueName: "TEXT", help: "for people: whose key this is", default: "added"),
    ]

    let password: Sensitive
    let label: String

    init(_ arguments: ParsedArguments) throws {
        password = try arguments.secret("new-password")
        label = try arguments.value("label")
    }
}
