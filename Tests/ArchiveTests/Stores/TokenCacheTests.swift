import Runtime
import Testing

@testable import Archive

@Suite struct TokenCacheTests {
    private let start = Timestamp(millisecondsSinceEpoch: 1_764_000_000_000)
    private let first = Sensitive("first")

    @Test func oneCallerAsksAndTheOthersWait() {
        var cache = TokenCache()
        #expect(cache.step(at: start) == .renew)
        #expect(cache.step(at: start) == .wait)
        cache.keep(first, for: .seconds(3_600), at: start)
        #expect(cache.step(at: start) == .use(first))
    }

    @Test func itIsRenewedEarlyByOneWhileOthersStillUseIt() {
        var cache = TokenCache()
        _ = cache.step(at: start)
        cache.keep(first, for: .seconds(3_600), at: start)
        #expect(cache.step(at: start + .seconds(3_299)) == .use(first))
        #expect(cache.step(at: start + .seconds(3_300)) == .renew)
        #expect(cache.step(at: start + .seconds(3_301)) == .use(first))
        #expect(cache.step(at: start + .seconds(3_600)) == .wait)
        #expect(cache.giveUp(at: start + .seconds(3_600)) == nil)
        #expect(cache.step(at: start + .seconds(3_600)) == .renew)
    }

    @Test func theOldOneServesWhileNoNewOneIsToBeHad() {
        var cache = TokenCache()
        _ = cache.step(at: start)
        cache.keep(first, for: .seconds(3_600), at: start)
        let due = start + .seconds(3_300)
        #expect(cache.step(at: due) == .renew)
        #expect(cache.giveUp(at: due) == first)
        #expect(cache.step(at: due + .seconds(29)) == .use(first))
        #expect(cache.step(at: due + .seconds(30)) == .renew)
    }

    @Test func aShortLifeIsUsedForAtLeastItsHalf() {
        var cache = TokenCache()
        _ = cache.step(at: start)
        cache.keep(first, for: .seconds(10), at: start)
        #expect(cache.step(at: start + .milliseconds(4_999)) == .use(first))
        #expect(cache.step(at: start + .seconds(5)) == .renew)
    }

    @Test func aRefusedTokenIsForgottenUnlessItIsReplacedAlready() {
        var cache = TokenCache()
        _ = cache.step(at: start)
        cache.keep(first, for: .seconds(3_600), at: start)
        cache.refuse(Sensitive("an older one"))
        #expect(cache.step(at: start) == .use(first))
        cache.refuse(first)
        #expect(cache.step(at: start) == .renew)
    }
}
