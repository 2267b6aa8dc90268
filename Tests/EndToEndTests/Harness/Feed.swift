import Runtime

/// What arrives one after the other (lines of a log, events of the broker), kept, with waiting for what is still to come.
final class Feed<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var isFinished = false
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
    }

    private let state = Lock(State())

    /// All that has arrived so far.
    var elements: [Element] { state.withLock { $0.elements } }

    func append(_ element: Element) { change { $0.elements.append(element) } }

    /// Nothing comes any more.
    func finish() { change { $0.isFinished = true } }

    /// The first element, of those that have arrived and those that come, for which `isWanted` answers true.
    ///
    /// - Parameter what: what is waited for, as the error names it.
    /// - Throws: `Missed` when the time is over or nothing comes any more.
    func first(
        _ what: String, within limit: Duration, where isWanted: @escaping @Sendable (Element) -> Bool
    ) async throws -> Element {
        try await self.within(limit, what) {
            var seen = 0
            while true {
                let (fresh, isFinished) = self.state.withLock { (Array($0.elements[seen...]), $0.isFinished) }
                if let found = fresh.first(where: isWanted) { return found }
                seen += fresh.count
                if isFinished { throw Missed(what: what, after: nil) }
                try Task.checkCancellation()
                await self.waitForChange(after: seen)
            }
        }
    }

    /// Waits until nothing comes any more.
    func end(_ what: String, within limit: Duration) async throws {
        try await self.within(limit, what) {
            while true {
                let (count, isFinished) = self.state.withLock { ($0.elements.count, $0.isFinished) }
                if isFinished { return }
                try Task.checkCancellation()
                await self.waitForChange(after: count)
            }
        }
    }

    private func within<Value: Sendable>(
        _ limit: Duration, _ what: String, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let value = first else { throw Missed(what: what, after: limit) }
            return value
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let waiters = state.withLock { state in
            body(&state)
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns at the next change, at once when there was one since `count` elements, or when the task is cancelled.
    private func waitForChange(after count: Int) async {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mayWait = state.withLock { state in
                    guard state.elements.count == count, !state.isFinished, !Task.isCancelled else { return false }
                    state.waiters[number] = continuation
                    return true
                }
                if !mayWait { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }
}

/// What was waited for did not come.
struct Missed: Error, CustomStringConvertible {
    let what: String
    /// Nil: nothing comes any more.
    let after: Duration?

    var description: String { "\(what): \(after.map { "not within \($0)" } ?? "it will not come any more")" }
}
