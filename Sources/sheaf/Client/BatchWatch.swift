import AMQP
import Console
import Messages
import Runtime

/// Follows the session of a batch until all of its members have ended, and says how each begins and ends.
///
/// As `SessionWatch`, what was missed the Scheduler's ledger tells.
struct BatchWatch {
    /// After so long without an event the Scheduler is asked.
    private static let silence = Duration.seconds(30)

    private let client: SheafClient
    private let output: CommandOutput
    private let parent: SessionID
    private let timeout: Duration?
    private let start = ContinuousClock.now
    private var members: [SessionProgress]
    private var lastEvent = ContinuousClock.now
    private var isConnected = true

    /// - Parameter timeout: from now; nil waits for as long as it takes.
    init(
        _ parent: SessionID, members: [SessionID], _ kind: SessionKind, client: SheafClient, output: CommandOutput,
        timeout: Duration?
    ) {
        self.client = client
        self.output = output
        self.parent = parent
        self.timeout = timeout
        self.members = members.map { SessionProgress(session: $0, kind: kind) }
    }

    /// - Returns: the final status of each member, in order.
    /// - Throws: `ExitCode.waitTimedOut`, or a signal's code; the session goes on then.
    mutating func run() async throws -> [StatusEvent] {
        await askLedger()
        while true {
            let ends = members.compactMap(\.status).filter(\.phase.isFinal)
            if ends.count == members.count { return ends }
            try await handle(try await client.next())
        }
    }

    private mutating func handle(_ message: Incoming) async throws {
        switch message {
        case .status(let status): apply(status)
        case .reply(.sessions(let statuses)): for status in statuses { apply(status) }
        case .reply(.refused(_, let text)): output.note("the Scheduler could not tell how far the batch is: \(text)")
        case .unreadable(let reason): output.note("a message was left aside: \(reason)")
        case .disconnected(let error):
            if isConnected { output.note("\(error.message); connecting again, the batch goes on") }
            isConnected = false
        case .connected:
            isConnected = true
            await askLedger()
        case .failed(let error): throw error
        case .signal(let number): try giveUp("interrupted", ExitCode(rawValue: 128 + number) ?? .interrupted)
        case .tick:
            if let timeout, .now - start > timeout { try giveUp("not done within \(timeout.shortText)", .waitTimedOut) }
            guard isConnected, .now - lastEvent > Self.silence else { return }
            lastEvent = .now
            await askLedger()
        case .progress, .reply: break
        }
    }

    private mutating func apply(_ status: StatusEvent) {
        guard let place = members.firstIndex(where: { $0.session == status.session }) else { return }
        lastEvent = .now
        let before = members[place].status?.phase
        guard members[place].apply(status), status.phase != before else { return }
        output.object(SessionReport.status(status))
        let name = "member \(place + 1)/\(members.count)  \(status.target)"
        switch status.phase {
        case .succeeded, .failed, .skipped: output.line("\(name)  \(SessionReport.summary(status))")
        case .pending:
            if let reason = status.conditions.last?.message { output.line("\(name)  \(reason)") }
        case .running, .unknown:
            let documents = status.indices.reduce(0) { $0 + $1.expectedDocuments }
            output.line("\(name)  \(FigureText.indices(status.indices.count)), \(FigureText.documents(documents))")
        }
    }

    private func askLedger() async {
        do {
            try await client.send(.sessions(limit: 1000))
        } catch {
            output.note("the Scheduler could not be asked how far the batch is: \(error)")
        }
    }

    private func giveUp(_ cause: String, _ code: ExitCode) throws {
        output.note("\(cause); batch session \(parent) goes on, \"sheaf sessions\" tells how far it is")
        output.object([
            "type": "error", "code": .string(code == .waitTimedOut ? "waitTimedOut" : "interrupted"),
            "message": "\(cause); batch session \(parent) goes on", "id": .string(parent.text),
        ])
        throw code
    }
}
