import Runtime

/// One line of progress on standard error, written over again; nothing where that is no terminal.
final class StandingLine {
    private static let interval = Duration.milliseconds(200)

    private let clock = ContinuousClock()
    private var shown: ContinuousClock.Instant?

    /// Shows the text, not more often than a few times a second.
    func show(_ text: @autoclosure () -> String) {
        guard Terminal.isErrorTerminal else { return }
        if let shown, shown.duration(to: clock.now) < Self.interval { return }
        shown = clock.now
        Terminal.writeError("\r\(text())\u{1B}[K")
    }

    /// Takes the line away.
    func clear() {
        guard shown != nil else { return }
        shown = nil
        Terminal.writeError("\r\u{1B}[K")
    }
}
