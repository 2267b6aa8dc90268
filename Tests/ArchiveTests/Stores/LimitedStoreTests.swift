import Runtime
import Testing

@testable import Archive

@Suite struct LimitedStoreTests {
    /// A clock that goes on only while somebody sleeps.
    private final class Clock: Sendable {
        private let time = Lock(Duration.zero)
        var now: Duration { time.withLock { $0 } }
        func sleep(_ pause: Duration) { time.withLock { $0 += pause } }
    }

    private let clock = Clock()
    private let key = ObjectKey.format

    private func limited(_ base: any ObjectStore, to rate: Int) -> LimitedStore {
        let clock = clock
        return LimitedStore(base, rate: ByteRate(bytesPerSecond: rate, clock: { clock.now }, sleep: { clock.sleep($0) }))
    }

    @Test func bothDirectionsTogetherKeepTheRate() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write([UInt8](repeating: 1, count: 10_000), to: "file")
        let store = limited(MemoryStore(), to: 1_000)
        _ = try store.put([UInt8](repeating: 1, count: 1_000), at: ObjectKey("a"))
        #expect(clock.now == .zero, "one second's bytes go at once")
        _ = try store.upload(contentsOf: file, at: ObjectKey("b"))
        #expect(clock.now == .seconds(10))
        _ = try store.read(ObjectKey("b"), 0..<5_000)
        #expect(clock.now == .seconds(15))
        _ = try store.get(ObjectKey("b"))
        #expect(clock.now == .seconds(25))
        _ = try store.list("", after: nil, limit: 10)
        _ = try store.size(key)
        #expect(clock.now == .seconds(25))
    }

    @Test func whatPassesIsNotChanged() throws {
        let base = ClosureStore()
        let store = limited(base, to: 10)
        _ = try store.put([1], at: key)
        #expect(try store.get(key) == [1])
        #expect(base.calls == ["put", "get"])
    }

    @Test func theBucketHoldsOneSecondAndNoMore() {
        var bucket = TokenBucket(bytesPerSecond: 100, now: .seconds(5))
        #expect(bucket.take(100, at: .seconds(5)) == .zero)
        #expect(bucket.take(50, at: .seconds(5)) == .milliseconds(500))
        #expect(bucket.take(0, at: .milliseconds(5_500)) == .zero)
        #expect(bucket.take(100, at: .seconds(1_000)) == .zero)
        #expect(bucket.take(100, at: .seconds(1_000)) == .seconds(1), "an hour's rest is no hour's credit")
    }

    @Test func debtsAddUpAndAClockThatGoesBackGivesNothing() {
        var bucket = TokenBucket(bytesPerSecond: 10, now: .zero)
        #expect(bucket.take(30, at: .zero) == .seconds(2))
        #expect(bucket.take(10, at: .seconds(1)) == .seconds(2))
        #expect(bucket.take(10, at: .zero) == .seconds(3))
        #expect(bucket.take(0, at: .seconds(2)) == .seconds(2))
    }
}
