import AMQP
import Bus
import Console
import Runtime

/// A command's way through the dead letters, over a connection of its own.
struct DeadLetterVisit {
    private let broker: BrokerOption
    private let output: CommandOutput

    init(_ broker: BrokerOption, _ output: CommandOutput) {
        self.broker = broker
        self.output = output
    }

    /// - Parameter body: decides about each letter.
    /// - Returns: whether others may hold letters, which is told too.
    @discardableResult func run(_ body: (DeadLetter, Delivery) async throws -> DeadLetterQueue.Verdict) async throws
        -> DeadLetterQueue.Outcome
    {
        let connection = try await BrokerConnection.open(try broker.address(), name: "sheaf dead")
        let result: Result<DeadLetterQueue.Outcome, any Error>
        do {
            result = .success(try await DeadLetterQueue(connection).visit(body))
        } catch let error as AMQPError where error.code == .notFound {
            result = .failure(CommandError(.notFound, "\(error.message); declare what is missing with: sheaf topology apply"))
        } catch {
            result = .failure(error)
        }
        await connection.close()
        let outcome = try result.get()
        if !outcome.isWhole { output.note("another reader may hold letters; look again when it is done") }
        return outcome
    }

    static func missing(_ ids: [String]) -> CommandError {
        let letters = ids.count == 1 ? "is no letter" : "are no letters"
        return CommandError(.notFound, "there \(letters) \(ids.joined(separator: ", ")); \"sheaf dead list\" shows what there is")
    }
}

/// The letters that a command is for: those that were named, or expressly all.
struct DeadLetterChoice {
    static let arguments = [
        PositionalDefinition(
            "letters", help: "ids of letters, as \"sheaf dead list\" shows them", isRequired: false, isRepeatable: true)
    ]
    static let options: [OptionDefinition] = [.flag("all", help: "all letters"), OutputFormat.definition]

    private let ids: Set<String>
    private let isAll: Bool
    private var found: Set<String> = []

    init(_ arguments: ParsedArguments) throws {
        ids = Set(try arguments.values("letters", as: String.self))
        isAll = try arguments.flag("all")
        guard isAll == ids.isEmpty else {
            throw UsageError(
                code: .conflict, message: isAll ? "give ids or --all, not both" : "name letters by their ids, or give --all",
                command: arguments.command)
        }
    }

    mutating func takes(_ letter: DeadLetter) -> Bool {
        guard isAll || ids.contains(letter.id) else { return false }
        found.insert(letter.id)
        return true
    }

    /// - Throws: `.notFound` for ids that no letter has, `.failed` when another reader may hold those that were not found.
    func requireAllFound(in outcome: DeadLetterQueue.Outcome) throws {
        let missing = ids.subtracting(found).sorted()
        guard isAll || !missing.isEmpty else { return }
        guard outcome.isWhole else {
            throw CommandError(.failed, "another reader may hold letters that were not seen; repeat the command when it is done")
        }
        if !missing.isEmpty { throw DeadLetterVisit.missing(missing) }
    }
}

extension DeadLetterSummary {
    init(_ letter: DeadLetter) {
        self.init(
            id: letter.id, time: letter.time, type: letter.type, session: letter.session, origin: letter.origin,
            reason: letter.reason, attempt: letter.attempt, size: letter.size)
    }
}
