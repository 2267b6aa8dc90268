import Bus
import Console
import Runtime

struct DeadReplayCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "replay", abstract: "Put dead letters back into the queues that they came from.",
        discussion: """
            A letter leaves the dead letters once its queue has it. One that cannot go back stays (exit code 5). Killed in between,
            the command leaves a letter in both places; replaying it twice does nothing twice.
            """,
        arguments: DeadLetterChoice.arguments, options: DeadLetterChoice.options)

    private let broker: BrokerOption
    private let output: CommandOutput
    private let choice: DeadLetterChoice

    init(_ arguments: ParsedArguments) throws {
        broker = try BrokerOption(arguments)
        output = try CommandOutput(arguments)
        choice = try DeadLetterChoice(arguments)
    }

    func run() async throws {
        try await output.reporting {
            var choice = choice
            var (replayed, stayed) = (0, 0)
            let replay = DeadLetterReplay(address: try broker.address())
            let outcome = try await DeadLetterVisit(broker, output).run { letter, delivery in
                guard choice.takes(letter) else { return .keep }
                do {
                    try await replay.replay(letter, delivery)
                } catch let refusal as ReplayRefusal {
                    stayed += 1
                    output.note("letter \(letter.id) stays: \(refusal)")
                    output.object(DeadLetterTable.json(.init(letter), [("outcome", "kept"), ("error", .string("\(refusal)"))]))
                    return .keep
                }
                replayed += 1
                output.object(DeadLetterTable.json(.init(letter), [("outcome", "replayed"), ("error", .null)]))
                return .remove
            }
            await replay.close()
            output.line("\(FigureText.counted(replayed, "letter", "letters")) replayed")
            try choice.requireAllFound(in: outcome)
            guard stayed == 0 else {
                throw CommandError(.refused, "\(FigureText.counted(stayed, "letter", "letters")) could not be replayed")
            }
        }
    }
}

struct DeadDropCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "drop", abstract: "Delete dead letters for good.", arguments: DeadLetterChoice.arguments,
        options: DeadLetterChoice.options)

    private let broker: BrokerOption
    private let output: CommandOutput
    private let choice: DeadLetterChoice

    init(_ arguments: ParsedArguments) throws {
        broker = try BrokerOption(arguments)
        output = try CommandOutput(arguments)
        choice = try DeadLetterChoice(arguments)
    }

    func run() async throws {
        try await output.reporting {
            var choice = choice
            var dropped = 0
            let outcome = try await DeadLetterVisit(broker, output).run { letter, _ in
                guard choice.takes(letter) else { return .keep }
                dropped += 1
                output.object(DeadLetterTable.json(.init(letter), [("outcome", "dropped"), ("error", .null)]))
                return .remove
            }
            output.line("\(FigureText.counted(dropped, "letter", "letters")) dropped")
            try choice.requireAllFound(in: outcome)
        }
    }
}
