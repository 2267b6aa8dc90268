import Runtime

/// The sessions that one task is publishing right now, so that no other does so beside it.
final class UnderWay: Sendable {
    private let ids = Lock<Set<String>>([])

    /// Runs the body, unless the session is under way; nil then.
    func once<Result>(_ id: String, _ body: () async throws -> Result) async throws -> Result? {
        guard ids.withLock({ $0.insert(id).inserted }) else { return nil }
        defer { ids.withLock { _ = $0.remove(id) } }
        return try await body()
    }
}
