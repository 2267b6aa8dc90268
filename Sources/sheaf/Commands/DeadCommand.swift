import AMQP
import Bus
import Console
import FoundationEssentials
import Runtime

struct DeadCommand: CommandFamily {
    static let configuration = CommandConfiguration(
        name: "dead", abstract: "See what was given up, put it back or drop it.",
        subcommands: [DeadListCommand.self, DeadShowCommand.self, DeadReplayCommand.self, DeadDropCommand.self])
}

struct DeadListCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "list", abstract: "List the oldest dead letters. The queue stays as it is.",
        options: [
            .value("limit", valueName: "N", help: "at most so many", default: "50"), OutputFormat.definition,
        ])

    private let broker: BrokerOption
    private let output: CommandOutput
    private let limit: Int

    init(_ arguments: ParsedArguments) throws {
        broker = try BrokerOption(arguments)
        output = try CommandOutput(arguments)
        limit = try arguments.number("limit", in: 1...10_000)
    }

    func run() async throws {
        try await output.reporting {
            var letters: [DeadLetterSummary] = []
            var others = 0
            let outcome = try await DeadLetterVisit(broker, output).run { letter, _ in
                if letters.count < limit { letters.append(DeadLetterSummary(letter)) } else { others += 1 }
                return .keep
            }
            if letters.isEmpty { output.note("no dead letters") } else { output.lines(DeadLetterTable.lines(letters)) }
            for letter in letters { output.object(DeadLetterTable.json(letter)) }
            if !outcome.isWhole {
                output.object([
                    "type": "letters", "missed": JSONValue(outcome.missed), "otherReaders": JSONValue(outcome.otherReaders),
                ])
            }
            if others > 0 { output.note("\(FigureText.counted(others, "more letter", "more letters")); --limit shows them") }
        }
    }
}

struct DeadShowCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "show", abstract: "Show a dead letter with its properties, headers and body. The queue stays as it is.",
        arguments: [PositionalDefinition("letter", help: "id of the letter, as \"sheaf dead list\" shows it")],
        options: [OutputFormat.definition])

    private let broker: BrokerOption
    private let output: CommandOutput
    private let id: String

    init(_ arguments: ParsedArguments) throws {
        broker = try BrokerOption(arguments)
        output = try CommandOutput(arguments)
        id = try arguments.value("letter")
    }

    func run() async throws {
        try await output.reporting {
            var isFound = false
            try await DeadLetterVisit(broker, output).run { letter, delivery in
                guard letter.id == id else { return .keep }
                if isFound { output.line("") }
                isFound = true
                let summary = DeadLetterSummary(letter)
                let headers = delivery.properties.headers.sorted { $0.key < $1.key }.map { ($0.key, Self.text($0.value)) }
                let properties = Self.properties(of: delivery)
                let body = letter.hasBody ? delivery.body : nil
                output.lines(DeadLetterTable.details(summary, properties: properties, headers: headers, body: body))
                output.object(DeadLetterTable.json(summary, properties: properties, headers: headers, body: body))
                return .keep
            }
            guard isFound else { throw DeadLetterVisit.missing([id]) }
        }
    }

    private static func properties(of delivery: Delivery) -> [(String, String)] {
        let properties = delivery.properties
        let all: [(String, String?)] = [
            ("exchange", delivery.exchange), ("routing_key", delivery.routingKey), ("content_type", properties.contentType),
            ("content_encoding", properties.contentEncoding), ("message_id", properties.messageID),
            ("correlation_id", properties.correlationID), ("reply_to", properties.replyTo), ("type", properties.type),
            ("timestamp", properties.timestamp.map { "\(Timestamp(secondsSinceEpoch: $0.timeIntervalSince1970))" }),
            ("app_id", properties.appID), ("user_id", properties.userID), ("expiration", properties.expiration),
        ]
        return all.compactMap { name, value in value.map { (name, $0) } }
    }

    private static func text(_ value: HeaderValue) -> String {
        switch value {
        case .string(let text): text
        case .bool(let flag): "\(flag)"
        case .integer(let number): "\(number)"
        case .double(let number): "\(number)"
        case .decimal(let unscaled, let scale): "\(unscaled)e-\(scale)"
        case .timestamp(let date): "\(Timestamp(secondsSinceEpoch: date.timeIntervalSince1970))"
        case .bytes(let bytes): "\(bytes.count) bytes"
        case .array(let values): "[\(values.map(text).joined(separator: ", "))]"
        case .table(let table):
            "{\(table.sorted { $0.key < $1.key }.map { "\($0.key): \(text($0.value))" }.joined(separator: ", "))}"
        case .null: "null"
        }
    }
}
