/// Something that runs until it is told to stop.
///
/// `run` returns after `gracefulShutdown()` or the handler of `withGracefulShutdownHandler` told it to end; it is cancelled
/// when the grace time is over.
package protocol Service: Sendable {
    func run() async throws
}
