package import FoundationEssentials
import Runtime

/// Repeats calls that failed for a reason that passes: no answer, an overloaded store, a connection that broke.
///
/// All calls of a store may be repeated. A put whose answer was lost finds its own object then: it is compared, and one with the same bytes
/// counts as created by this call. So two writers of the very same bytes may both be told so, which only those may mind who put no nonce
/// into what they write. An upload is not compared: it says `.existing`, and nobody may conclude from it that somebody else won.
package struct RetryingStore<Generator: RandomNumberGenerator & Sendable>: ObjectStore {
    private let base: any ObjectStore
    private let policy: StoreRetryPolicy
    private let generator: Lock<Generator>
    private let clock: @Sendable () -> ContinuousClock.Instant
    private let sleep: @Sendable (Duration) -> Void
    private let onRepeat: @Sendable (ArchiveError, Duration) -> Void

    /// - Parameters:
    ///   - generator: draws the pauses.
    ///   - clock: what the policy's budget is measured with.
    ///   - sleep: blocks the calling thread.
    ///   - onRepeat: told of each failure behind which the call is repeated, and after which pause.
    package init(
        _ base: any ObjectStore, policy: StoreRetryPolicy = StoreRetryPolicy(), generator: Generator,
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        sleep: @escaping @Sendable (Duration) -> Void = StorePause.blockThread,
        onRepeat: @escaping @Sendable (ArchiveError, Duration) -> Void = { _, _ in }
    ) {
        self.base = base
        self.policy = policy
        self.generator = Lock(generator)
        self.clock = clock
        self.sleep = sleep
        self.onRepeat = onRepeat
    }

    package var location: String { base.location }

    package func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult {
        var tries = 0
        let result = try repeating { () throws(ArchiveError) in
            tries += 1
            return try base.put(bytes, at: key)
        }
        guard result == .existing, tries > 1, bytes.count <= ObjectSize.small else { return result }
        return try get(key) == bytes ? .created : .existing
    }

    package func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        try repeating { () throws(ArchiveError) in try base.upload(contentsOf: path, at: key) }
    }

    package func putInParts(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult? {
        try repeating { () throws(ArchiveError) in try base.putInParts(bytes, at: key) }
    }

    package func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? {
        try repeating { () throws(ArchiveError) in try base.get(key) }
    }

    package func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] {
        try repeating { () throws(ArchiveError) in try base.read(key, range) }
    }

    package func size(_ key: ObjectKey) throws(ArchiveError) -> Int? {
        try repeating { () throws(ArchiveError) in try base.size(key) }
    }

    package func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo] {
        try repeating { () throws(ArchiveError) in try base.list(prefix, after: after, limit: limit) }
    }

    package func delete(_ key: ObjectKey) throws(ArchiveError) {
        try repeating { () throws(ArchiveError) in try base.delete(key) }
    }

    package func now() throws(ArchiveError) -> Date {
        try repeating { () throws(ArchiveError) in try base.now() }
    }

    package func removeLeftovers(olderThan age: Int) throws(ArchiveError) -> Int {
        try repeating { () throws(ArchiveError) in try base.removeLeftovers(olderThan: age) }
    }

    private func repeating<Value>(_ call: () throws(ArchiveError) -> Value) throws(ArchiveError) -> Value {
        let start = clock()
        var attempt = 1
        while true {
            do throws(ArchiveError) {
                return try call()
            } catch {
                let pause = generator.withLock {
                    policy.pause(after: error, attempt: attempt, elapsed: clock() - start, using: &$0)
                }
                guard let pause else { throw attempt == 1 ? error : error.after(attempt) }
                onRepeat(error, pause)
                sleep(pause)
                attempt += 1
            }
        }
    }
}

extension RetryingStore where Generator == SystemRandomNumberGenerator {
    /// - Parameter onRepeat: told of each failure behind which the call is repeated, and after which pause.
    package init(_ base: any ObjectStore, onRepeat: @escaping @Sendable (ArchiveError, Duration) -> Void) {
        self.init(base, generator: SystemRandomNumberGenerator(), onRepeat: onRepeat)
    }
}

extension ArchiveError {
    fileprivate func after(_ attempts: Int) -> ArchiveError {
        code == .unreachable ? ArchiveError(code, "\(message) (tried \(attempts) times)") : self
    }
}
