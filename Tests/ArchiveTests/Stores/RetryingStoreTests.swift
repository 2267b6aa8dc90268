import Runtime
import Testing

@testable import Archive

@Suite struct RetryingStoreTests {
    private let key = ObjectKey.format
    private let pauses = Lock<[Duration]>([])
    private let told = Lock<[String]>([])

    private func retrying(
        _ base: ClosureStore, attempts: Int = 4, clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) -> RetryingStore<SeededGenerator> {
        let (pauses, told) = (pauses, told)
        return RetryingStore(
            base, policy: StoreRetryPolicy(attempts: attempts, backoff: Backoff(base: .seconds(1), cap: .seconds(3))),
            generator: SeededGenerator(seed: 7), clock: clock, sleep: { pause in pauses.withLock { $0.append(pause) } },
            onRepeat: { error, pause in told.withLock { $0.append("\(error.code) \(pause)") } })
    }

    private func call(_ name: String, of store: any ObjectStore) throws {
        switch name {
        case "put": _ = try store.put([1], at: key)
        case "upload":
            let folder = try TemporaryFolder()
            _ = try store.upload(contentsOf: folder.write([1], to: "file"), at: key)
        case "putInParts": _ = try store.putInParts([1], at: key)
        case "get": _ = try store.get(key)
        case "read": _ = try store.read(key, 0..<1)
        case "size": _ = try store.size(key)
        case "list": _ = try store.list("", after: nil, limit: 1)
        case "delete": try store.delete(key)
        case "now": _ = try store.now()
        default: _ = try store.removeLeftovers(olderThan: 1)
        }
    }

    @Test(arguments: ["put", "upload", "putInParts", "get", "read", "size", "list", "delete", "now", "removeLeftovers"])
    func everyCallIsRepeatedUntilItSucceeds(name: String) throws {
        let failures = Failures(2)
        let base = ClosureStore(before: { (_) throws(ArchiveError) in try failures.fail() })
        if name == "read" { _ = base.base.put([9], at: key) }
        try call(name, of: retrying(base))
        #expect(base.calls == [name, name, name])
        let waited = pauses.withLock { $0 }
        #expect(waited.count == 2 && waited[0] <= .seconds(1) && waited[1] <= .seconds(2))
        #expect(waited.allSatisfy { $0 > .zero } && waited[0] != waited[1])
        #expect(told.withLock { $0 } == waited.map { "unreachable \($0)" })
    }

    @Test(arguments: [
        ArchiveError.Code.accessDenied, .corrupt, .invalid, .unsupported, .notFound, .exists, .noSpace, .exhausted,
    ])
    func whatDoesNotPassInSecondsIsNotRepeated(failure: ArchiveError.Code) {
        let failures = Failures(1, failure)
        let base = ClosureStore(before: { (_) throws(ArchiveError) in try failures.fail() })
        #expect(code { _ = try retrying(base).get(key) } == failure)
        #expect(base.calls.count == 1 && pauses.withLock { $0.isEmpty })
    }

    @Test func theLastErrorIsToldWithTheNumberOfTries() {
        let failures = Failures(100)
        let base = ClosureStore(before: { (_) throws(ArchiveError) in try failures.fail() })
        let error = #expect(throws: ArchiveError.self) { _ = try retrying(base).get(key) }
        #expect(error?.code == .unreachable && error?.message == "planted (tried 4 times)")
        #expect(base.calls.count == 4 && pauses.withLock { $0.count } == 3)
    }

    /// Each try takes half a minute until it is given up.
    @Test func aStoreThatNeverAnswersHoldsACallForTwoMinutesAtMost() {
        let time = Lock(ContinuousClock.now)
        let start = time.withLock { $0 }
        let base = ClosureStore(before: { (_) throws(ArchiveError) in
            time.withLock { $0 += .seconds(30) }
            throw ArchiveError(.unreachable, "no answer")
        })
        let error = #expect(throws: ArchiveError.self) {
            _ = try retrying(base, attempts: 9, clock: { time.withLock { $0 } }).get(key)
        }
        #expect(error?.message == "no answer (tried 3 times)" && base.calls.count == 3)
        #expect(time.withLock { $0 } - start == .seconds(90))
    }

    @Test func aPutWhoseAnswerWasLostFindsItsOwnObject() throws {
        let failures = Failures(2)
        let base = ClosureStore(after: { (name) throws(ArchiveError) in if name == "put" { try failures.fail() } })
        let store = retrying(base)
        #expect(try store.put([1, 2], at: key) == .created)
        #expect(try store.put([1, 2], at: key) == .existing, "a first try says what it finds")
        #expect(base.calls == ["put", "put", "put", "get", "put"])
    }

    @Test func aRepeatedPutDoesNotTakeAnotherWritersObjectForItsOwn() throws {
        let failures = Failures(1)
        let base = ClosureStore(before: { (_) throws(ArchiveError) in try failures.fail() })
        _ = base.base.put([9], at: key)
        #expect(try retrying(base).put([1, 2], at: key) == .existing)
        #expect(try base.base.get(key) == [9])
    }

    @Test func aRepeatedUploadSaysThatTheNameIsTaken() throws {
        let failures = Failures(1)
        let folder = try TemporaryFolder()
        let base = ClosureStore(after: { (_) throws(ArchiveError) in try failures.fail() })
        #expect(try retrying(base).upload(contentsOf: folder.write([1], to: "file"), at: key) == .existing)
        #expect(try base.base.get(key) == [1])
    }

    @Test func pausesGrowToTheCapAndAreDrawnFromZero() {
        let policy = StoreRetryPolicy(attempts: 9, backoff: Backoff(base: .seconds(1), cap: .seconds(4)))
        var generator = SeededGenerator(seed: 1)
        let error = ArchiveError(.unreachable, "x")
        for (attempt, limit) in [(1, 1), (2, 2), (3, 4), (8, 4)] {
            let drawn = (0..<200).compactMap { _ in
                policy.pause(after: error, attempt: attempt, elapsed: .zero, using: &generator)
            }
            #expect(drawn.count == 200 && drawn.allSatisfy { (Duration.zero...(.seconds(limit))).contains($0) })
            #expect(drawn.contains { $0 < .seconds(limit) / 4 } && drawn.contains { $0 > .seconds(limit) * 3 / 4 })
        }
        #expect(policy.pause(after: error, attempt: 9, elapsed: .zero, using: &generator) == nil)
        for (elapsed, isRepeated) in [(0, true), (85, true), (90, false), (900, false)] {
            let pause = policy.pause(after: error, attempt: 3, elapsed: .seconds(elapsed), using: &generator)
            #expect((pause != nil) == isRepeated, "after \(elapsed) s")
        }
    }
}
