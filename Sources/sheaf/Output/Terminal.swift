import Glibc

/// Standard output and standard error as the system has them.
enum Terminal {
    static var isOutputTerminal: Bool { isatty(STDOUT_FILENO) == 1 && environmentAllowsRedrawing }

    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 && environmentAllowsRedrawing }

    /// Columns and lines; 80 by 24 where the system does not tell.
    static var size: (width: Int, height: Int) {
        var window = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0, window.ws_row > 0 else { return (80, 24) }
        return (Int(window.ws_col), Int(window.ws_row))
    }

    static func write(_ text: String) { write(text, to: STDOUT_FILENO) }

    static func writeError(_ text: String) { write(text, to: STDERR_FILENO) }

    private static var environmentAllowsRedrawing: Bool {
        guard let kind = getenv("TERM") else { return false }
        return strcmp(kind, "dumb") != 0
    }

    private static func write(_ text: String, to file: CInt) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            // A reader that is gone (`| head`) wants no more.
            guard count > 0 || errno == EINTR else { return }
            rest = rest.dropFirst(max(0, count))
        }
    }
}
