import AMQP
import Bus
import Console
import Messages
import Runtime

/// Follows one session until it has ended, and shows how far it is.
///
/// A lost connection is made anew; what was missed meanwhile the Scheduler's ledger tells.
struct SessionWatch {
    /// After so long without an event the Scheduler is asked.
    private static let silence = Duration.seconds(30)
    /// How long the event itself, which says more, is waited for once the ledger says that the session has ended.
    private static let eventGrace = Duration.seconds(2)

    private let client: SheafClient
    private let output: CommandOutput
    private let timeout: Duration?
    private var display: ProgressDisplay
    private let start = ContinuousClock.now
    private var progress: SessionProgress
    private var lastEvent = ContinuousClock.now
    /// The end according to the ledger, and when.
    private var ledgerEnd: (status: StatusEvent, seen: ContinuousClock.Instant)?
    private var isConnected = true

    /// - Parameters:
    ///   - timeout: from now; nil waits for as long as it takes.
    ///   - interval: between two lines where nothing can be redrawn.
    init(
        _ session: SessionID, _ kind: SessionKind, client: SheafClient, output: CommandOutput, timeout: Duration?,
        interval: Duration
    ) {
        self.client = client
        self.output = output
        self.timeout = timeout
        progress = SessionProgress(session: session, kind: kind)
        display = ProgressDisplay(output, interval: interval)
    }

    /// - Returns: the final status.
    /// - Throws: `ExitCode.waitTimedOut`, or a signal's code; the session goes on then.
    mutating func run() async throws -> StatusEvent {
        // The same request may have been made before, and its session may long be over.
        await askLedger()
        while true {
            try await handle(try await client.next())
            if let status = progress.status, status.phase.isFinal {
                display.finish(progress, at: .now - start)
                return status
            }
        }
    }

    private mutating func handle(_ message: Incoming) async throws {
        let time = ContinuousClock.now - start
        switch message {
        case .status(let status):
            lastEvent = .now
            apply(status)
        case .progress(let event):
            if event.session == progress.session { lastEvent = .now }
            progress.apply(event, at: time)
        case .reply(.sessions(let statuses)):
            guard let status = statuses.first(where: { $0.session == progress.session }) else { break }
            if status.phase.isFinal {
                ledgerEnd = ledgerEnd ?? (status, .now)
            } else {
                apply(status)
            }
        case .reply(.refused(_, let text)): output.note("the Scheduler could not tell how far the session is: \(text)")
        case .reply: break
        case .unreadable(let reason): output.note("a message was left aside: \(reason)")
        case .disconnected(let error):
            if isConnected {
                display.interrupt()
                output.note("\(error.message); connecting again, the session goes on")
            }
            isConnected = false
        case .connected:
            isConnected = true
            await askLedger()
        case .failed(let error): throw error
        case .signal(let number): try giveUp("interrupted", ExitCode(rawValue: 128 + number) ?? .interrupted)
        case .tick: try await tick(at: time)
        }
    }

    private mutating func tick(at time: Duration) async throws {
        if let ledgerEnd, .now - ledgerEnd.seen > Self.eventGrace { apply(ledgerEnd.status) }
        if let timeout, time > timeout { try giveUp("not done within \(timeout.shortText)", .waitTimedOut) }
        if isConnected, .now - lastEvent > Self.silence {
            lastEvent = .now
            await askLedger()
        }
        display.show(progress, at: time)
    }

    private mutating func apply(_ status: StatusEvent) {
        let before = progress.status?.phase
        guard progress.apply(status) else { return }
        if status.phase != before { output.object(SessionReport.status(status)) }
        if status.phase == .pending, before != .pending, let reason = status.conditions.last?.message {
            display.interrupt()
            output.line("\(reason)")
        }
        if status.phase == .running, before != .running {
            let documents = status.indices.reduce(0) { $0 + $1.expectedDocuments }
            let (from, to) = status.kind == .backup ? (status.target, status.repository) : (status.repository, status.target)
            display.interrupt()
            output.line("\(from) → \(to)  \(FigureText.indices(status.indices.count)), \(FigureText.documents(documents))")
        }
    }

    private func askLedger() async {
        do {
            try await client.send(.sessions(limit: 100))
        } catch {
            output.note("the Scheduler could not be asked how far the session is: \(error)")
        }
    }

    private mutating func giveUp(_ cause: String, _ code: ExitCode) throws {
        display.finish(progress, at: .now - start)
        output.note("\(cause); session \(progress.session) goes on, \"sheaf sessions\" tells how far it is")
        output.object([
            "type": "error", "code": .string(code == .waitTimedOut ? "waitTimedOut" : "interrupted"),
            "message": "\(cause); session \(progress.session) goes on", "id": .string(progress.session.text),
        ])
        throw code
    }
}
