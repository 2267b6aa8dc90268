import Runtime
import Sessions
import Synchronization
import Testing

@testable import Worker

/// A session's bound on bytes a second, counted after the fact.
@Suite struct RateLimitTests {
    let start = ContinuousClock.now

    @Test func bytesOwedAreWaitedFor() {
        var limit = RateLimit(bytesPerSecond: 1000, at: start)
        #expect(limit.count(500, at: start) == .milliseconds(500))
        #expect(limit.count(500, at: start + .milliseconds(500)) == .milliseconds(500))
        #expect(limit.count(0, at: start + .seconds(1)) == .zero)
    }

    @Test func anIdleMomentSavesUpNoMoreThanABurst() {
        var limit = RateLimit(bytesPerSecond: 1000, at: start)
        #expect(limit.count(250, at: start + .seconds(3600)) == .zero)
        #expect(limit.count(100, at: start + .seconds(3600)) == .milliseconds(100))
    }

    /// Whatever the sizes and moments: who waits as told never moves more than the rate and one burst allow.
    @Test(arguments: [1, 7, 42]) func noSpanSeesMoreThanItsRate(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var limit = RateLimit(bytesPerSecond: 1000, at: start)
        var now = start
        var moved = 0
        for _ in 0..<2000 {
            now += .milliseconds(Int.random(in: 0...30, using: &generator))
            let bytes = Int.random(in: 0...100, using: &generator)
            moved += bytes
            now += limit.count(bytes, at: now)
            #expect(Double(moved) <= 1000 * ((now - start) / .seconds(1)) + 250.001)
        }
    }

    @Test func unitsShareTheSessionsRateEvenly() {
        var plan = Samples.plan(slices: (0..<5).map { Slice(index: 0, shard: $0, documents: 1, bytes: 1) })
        #expect(RateLimit(of: plan) == nil)
        plan.maxBytesPerSecond = 1000
        #expect(RateLimit(of: plan)?.bytesPerSecond == 500, "a window of 2")
        plan.window = 16
        #expect(RateLimit(of: plan)?.bytesPerSecond == 200, "5 slices")
        plan.maxBytesPerSecond = 3
        #expect(RateLimit(of: plan)?.bytesPerSecond == 1)
    }

    private func guardian(isDraining: @escaping @Sendable () -> Bool, isOurs: @escaping @Sendable () -> Bool) -> UnitGuard {
        UnitGuard(
            settings: WorkerSettings(name: "w"), deadline: nil, journal: MemoryJournal(), isDraining: isDraining, isOurs: isOurs)
    }

    @Test func aWaitIsTakenInPieces() throws {
        var pieces: [Duration] = []
        var guardian = guardian(isDraining: { false }, isOurs: { true })
        try guardian.wait(.milliseconds(450), moved: 0) { pieces.append($0) }
        #expect(pieces == [.milliseconds(200), .milliseconds(200), .milliseconds(50)])
    }

    @Test func aLostDeliveryOrADrainEndsTheWait() throws {
        let slept = Atomic(0)
        var lost = guardian(isDraining: { false }, isOurs: { slept.load(ordering: .relaxed) < 3 })
        #expect(throws: WorkerError.self) {
            try lost.wait(.seconds(3600), moved: 0) { _ in slept.add(1, ordering: .relaxed) }
        }
        #expect(slept.load(ordering: .relaxed) == 3)
        var draining = guardian(isDraining: { slept.load(ordering: .relaxed) >= 5 }, isOurs: { true })
        try draining.wait(.seconds(3600), moved: 0) { _ in slept.add(1, ordering: .relaxed) }
        #expect(slept.load(ordering: .relaxed) == 5)
    }
}

private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
