import Bus
import Testing

@testable import Worker

struct ConsumerWatchTests {
    private typealias Load = ConsumerWatch.Load

    @Test func messagesThatWaitBesideAnIdleConsumerTwiceAreNoticed() {
        var judge = ConsumerWatch.Judge()
        let loads: [WorkQueue: Load] = [.backupUnit: Load(delivered: 3)]
        #expect(judge.forgotten(ready: [:], loads: loads) == nil)
        #expect(judge.forgotten(ready: [.backupUnit: 1], loads: loads) == nil)
        #expect(judge.forgotten(ready: [.backupUnit: 1], loads: loads) == .backupUnit)
    }

    @Test func aConsumerThatGotSomethingInBetweenIsNotForgotten() {
        var judge = ConsumerWatch.Judge()
        for count in 0..<5 {
            #expect(judge.forgotten(ready: [.query: 1], loads: [.query: Load(delivered: count)]) == nil)
        }
    }

    @Test func anEmptyQueueEndsTheSuspicion() {
        var judge = ConsumerWatch.Judge()
        for ready in [1, 0, 1, 0, 1] { #expect(judge.forgotten(ready: [.query: ready], loads: [.query: Load()]) == nil) }
    }

    @Test func aBusyWorkerIsNotInterrupted() {
        var judge = ConsumerWatch.Judge()
        let loads: [WorkQueue: Load] = [.query: Load(), .backupUnit: Load(delivered: 1, inHand: 1)]
        for _ in 0..<5 { #expect(judge.forgotten(ready: [.query: 7], loads: loads) == nil) }
        let idle: [WorkQueue: Load] = [.query: Load(), .backupUnit: Load(delivered: 1)]
        #expect(judge.forgotten(ready: [.query: 7], loads: idle) == nil)
        #expect(judge.forgotten(ready: [.query: 7], loads: idle) == .query)
    }
}
