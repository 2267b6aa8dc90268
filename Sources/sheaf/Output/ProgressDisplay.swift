import Console
import Glibc
import Messages
import Runtime
import Synchronization

/// Shows progress: redrawn in place on a terminal, a line an interval elsewhere, and at once on SIGUSR1.
struct ProgressDisplay {
    private let output: CommandOutput
    private let interval: Duration
    private let isLive: Bool
    /// On the terminal now; the next block replaces them.
    private var drawn: [String] = []
    private var lastLine = Duration.zero

    init(_ output: CommandOutput, interval: Duration) {
        self.output = output
        self.interval = interval
        isLive = output.format == .text && Terminal.isOutputTerminal
        ProgressSignal.install()
    }

    /// - Parameter time: since the start.
    mutating func show(_ progress: SessionProgress, at time: Duration) {
        let isAsked = ProgressSignal.take()
        if isLive {
            draw(progress, at: time)
        } else if isAsked || time - lastLine >= interval {
            lastLine = time
            output.line(ProgressLines(progress).line(now: .now(), at: time))
            output.object(SessionReport.progress(progress, now: .now(), at: time))
        }
    }

    /// Removes the block, so that something else can be written; the next `show` draws it below.
    mutating func interrupt() {
        guard !drawn.isEmpty else { return }
        Terminal.write("\u{1B}[\(drawn.count)A\u{1B}[J")
        drawn = []
    }

    /// Leaves the last state on the screen.
    mutating func finish(_ progress: SessionProgress, at time: Duration) {
        if isLive, !progress.indices(at: time).isEmpty { draw(progress, at: time) } else { interrupt() }
        drawn = []
    }

    private mutating func draw(_ progress: SessionProgress, at time: Duration) {
        let (width, height) = Terminal.size
        let lines = ProgressLines(progress).block(width: width, height: height, at: time)
        guard lines != drawn else { return }
        let back = drawn.isEmpty ? "" : "\u{1B}[\(drawn.count)A"
        Terminal.write(back + lines.map { "\($0)\u{1B}[K\n" }.joined() + "\u{1B}[J")
        drawn = lines
    }
}

/// SIGUSR1 asks for a progress line now.
enum ProgressSignal {
    /// Lock-free, which is all that a signal handler may touch.
    private static let isAsked = Atomic(false)

    static func install() {
        isAsked.store(false, ordering: .relaxed)
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in ProgressSignal.isAsked.store(true, ordering: .relaxed) }
        action.sa_flags = SA_RESTART
        // Cannot fail for a signal that can be caught; without it the next line only comes later.
        _ = sigaction(SIGUSR1, &action, nil)
    }

    static func take() -> Bool { isAsked.exchange(false, ordering: .relaxed) }
}
