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
    /// Lines on the terminal that the next block replaces.
    private var drawn = 0
    private var last: SessionProgress?
    private var lastTime = Duration.zero
    private var lastLine: Duration

    init(_ output: CommandOutput, interval: Duration) {
        self.output = output
        self.interval = interval
        isLive = output.format == .text && Terminal.isOutputTerminal
        lastLine = .zero
        ProgressSignal.install()
    }

    /// - Parameter time: since the start.
    mutating func show(_ progress: SessionProgress, at time: Duration) {
        (last, lastTime) = (progress, time)
        let isWanted = ProgressSignal.take()
        if isLive {
            draw(at: time)
        } else if isWanted || time - lastLine >= interval {
            lastLine = time
            output.line(ProgressLines(progress).line(now: .now(), at: time))
            output.object(SessionReport.progress(progress, now: .now(), at: time))
        }
    }

    /// Removes the block, so that something else can be written; the next `show` draws it below.
    mutating func interrupt() {
        guard drawn > 0 else { return }
        Terminal.write("\u{1B}[\(drawn)A\u{1B}[J")
        drawn = 0
    }

    /// Leaves the last state on the screen.
    mutating func finish() {
        if isLive, last != nil { draw(at: lastTime) }
        drawn = 0
    }

    private mutating func draw(at time: Duration) {
        guard let last else { return }
        let (width, height) = Terminal.size
        let lines = ProgressLines(last).block(width: width, height: height, at: time)
        let back = drawn > 0 ? "\u{1B}[\(drawn)A" : ""
        Terminal.write(back + lines.map { "\($0)\u{1B}[K\n" }.joined() + "\u{1B}[J")
        drawn = lines.count
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
