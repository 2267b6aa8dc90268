import AMQP
import Bus
import Console
import Messages
import Runtime

struct CancelCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "cancel", abstract: "End a session before it is done, and wait for its end.",
        discussion: """
            What it stored is kept until garbage collection, indices that its restore made are deleted. Works without a
            Scheduler too, once a worker has begun the session. A session that has ended already stays as it is (exit code 5).
            """,
        arguments: [PositionalDefinition("session", help: "id of the session, as \"sheaf sessions\" shows it")],
        options: [
            .value("reason", valueName: "TEXT", help: "a sentence for the session's status"),
            .value(
                "timeout", valueName: "TIME", help: "wait no longer than this; the cancel goes on (exit code 8)", default: "1m"),
            OutputFormat.definition,
        ])

    private let broker: BrokerOption
    private let output: CommandOutput
    private let session: SessionID
    private let reason: String?
    private let timeout: Duration

    init(_ arguments: ParsedArguments) throws {
        broker = try BrokerOption(arguments)
        output = try CommandOutput(arguments)
        let text: String = try arguments.value("session")
        guard let session = SessionID(text) else {
            throw UsageError(
                code: .badValue, message: "\"\(text)\" is not a session id; \"sheaf sessions\" lists them",
                command: arguments.command)
        }
        self.session = session
        reason = try arguments.optionalValue("reason")
        timeout = try arguments.value("timeout")
    }

    func run() async throws {
        try await output.reporting {
            let client = try SheafClient(broker.address(), eventKeys: RoutingKey.endings, signals: true)
            try await client.connect()
            try await client.send(
                .cancel, CancelRequest(session: session, reason: reason), to: Topology.trigger,
                key: RoutingKey.triggerCancel(session),
                expires: false)
            let status: StatusEvent
            switch try await end(client) {
            case .session(let end): status = end
            case .batch(let ends):
                await client.close()
                for end in ends { output.object(SessionReport.session(end)) }
                let count = ends.count { one in one.conditions.contains { $0.type == "Cancelled" } }
                return output.line(
                    "batch session \(session) was cancelled: \(count) of \(ends.count) members, the others had ended")
            }
            await client.close()
            output.object(SessionReport.session(status))
            guard status.conditions.contains(where: { $0.type == "Cancelled" }) else {
                throw CommandError(.refused, "session \(session) had ended already: \(status.phase.rawValue)")
            }
            output.line("session \(session) was cancelled")
        }
    }

    private enum End {
        case session(StatusEvent)
        /// Of a batch that of each member which was cancelled, by the Scheduler's request for each.
        case batch([StatusEvent])
    }

    /// The session's final status, which a worker tells whether the cancel ended it or something before.
    private func end(_ client: SheafClient) async throws -> End {
        let deadline = ContinuousClock.now + timeout
        var isKnown = false
        var ends: [SessionID: StatusEvent] = [:]
        var members: Set<SessionID> = []
        while true {
            if !members.isEmpty, members.isSubset(of: ends.keys) {
                return .batch(ends.values.sorted { ($0.parent?.place ?? 0) < ($1.parent?.place ?? 0) })
            }
            switch try await client.next() {
            case .status(let status) where status.session == session && status.phase.isFinal: return .session(status)
            case .status(let status) where status.parent?.id == session && status.phase.isFinal: ends[status.session] = status
            case .reply(.acceptedBatch(_, let cancelled)): (isKnown, members) = (true, Set(cancelled))
            case .reply(.accepted): isKnown = true
            // A Scheduler knows it and has sent its message after: the worker that has that may still be at it.
            case .reply(.refused(.notFound, _)) where isKnown: break
            case .reply(.refused(let code, let text)): throw CommandError(refusal: code, text)
            case .disconnected(let error):
                throw CommandError(
                    .unreachable, "\(error.message); the cancel is on its way, \"sheaf sessions\" tells what came of it")
            case .signal(let number): throw ExitCode(rawValue: 128 + number) ?? .interrupted
            case .tick where .now > deadline:
                output.note("no worker ended session \(session) within \(timeout.shortText); the cancel waits for one")
                throw ExitCode.waitTimedOut
            default: break
            }
        }
    }
}
