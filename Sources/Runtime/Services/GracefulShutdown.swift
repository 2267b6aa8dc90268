/// Tells the tasks of one service that they should come to an end.
///
/// A `ServiceGroup` binds one for each service, so that services can be stopped one after the other.
package final class GracefulShutdown: Sendable {
    @TaskLocal package static var current: GracefulShutdown?

    private struct State {
        var isShuttingDown = false
        var nextID = 0
        var handlers: [Int: @Sendable () -> Void] = [:]
    }

    private let state = Lock(State())

    package init() {}

    package var isShuttingDown: Bool { state.withLock { $0.isShuttingDown } }

    /// Runs the handlers on the calling thread; a second time does nothing.
    package func trigger() {
        let handlers = state.withLock { state in
            state.isShuttingDown = true
            defer { state.handlers = [:] }
            return state.handlers.sorted { $0.key < $1.key }.map(\.value)
        }
        for handler in handlers { handler() }
    }

    /// Returns once the shutdown is triggered.
    /// - Throws: `CancellationError` when the task is cancelled first.
    package func wait() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        let id = addHandler { continuation.finish() }
        defer { removeHandler(id) }
        for await _ in stream {}
        if !isShuttingDown { throw CancellationError() }
    }

    /// The handler's number, or nil when the shutdown was already triggered and the handler has been run.
    func addHandler(_ handler: @escaping @Sendable () -> Void) -> Int? {
        let id: Int? = state.withLock { state in
            guard !state.isShuttingDown else { return nil }
            state.nextID += 1
            state.handlers[state.nextID] = handler
            return state.nextID
        }
        if id == nil { handler() }
        return id
    }

    func removeHandler(_ id: Int?) {
        guard let id else { return }
        state.withLock { $0.handlers[id] = nil }
    }
}

/// Runs the operation; the handler runs once, on any thread, if the shutdown is triggered meanwhile or was before.
///
/// Outside a service the handler never runs.
package func withGracefulShutdownHandler<Result>(
    operation: () async throws -> Result, onGracefulShutdown handler: @escaping @Sendable () -> Void
) async rethrows -> Result {
    let shutdown = GracefulShutdown.current
    let id = shutdown?.addHandler(handler)
    defer { shutdown?.removeHandler(id) }
    return try await operation()
}

/// Waits until this service is asked to stop. Outside a service it waits for the task's cancellation.
/// - Throws: `CancellationError` when the task is cancelled first.
package func gracefulShutdown() async throws {
    try await (GracefulShutdown.current ?? GracefulShutdown()).wait()
}

/// Runs the operation as a child task that is cancelled when the shutdown is triggered.
package func cancelWhenGracefulShutdown<Result: Sendable>(
    _ operation: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    guard let shutdown = GracefulShutdown.current else { return try await operation() }
    return try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            do { try await shutdown.wait() } catch is CancellationError { return nil }
            return nil
        }
        defer { group.cancelAll() }
        while let ended = try await group.next() {
            if let result = ended { return result }
            group.cancelAll()
        }
        throw CancellationError()
    }
}

extension Task where Success == Never, Failure == Never {
    /// Whether the service this task belongs to was asked to stop.
    package static var isShuttingDownGracefully: Bool { GracefulShutdown.current?.isShuttingDown ?? false }
}
