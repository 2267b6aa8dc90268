import Testing

@testable import AMQP

struct ConfirmLedgerTests {
    private func ledger(_ entries: String...) -> ConfirmLedger<String> {
        var ledger = ConfirmLedger<String>()
        for entry in entries { ledger.append(entry) }
        return ledger
    }

    @Test func singleAcksMayComeInAnyOrder() {
        var ledger = ledger("a", "b", "c")
        #expect(ledger.settle(2, multiple: false).map(\.entry) == ["b"])
        #expect(ledger.settle(1, multiple: false).map(\.entry) == ["a"])
        #expect(ledger.settle(3, multiple: false).map(\.entry) == ["c"])
        #expect(ledger.count == 0)
    }

    @Test func multipleSettlesAllUpToItsNumber() {
        var ledger = ledger("a", "b", "c", "d")
        #expect(ledger.settle(2, multiple: false).map(\.entry) == ["b"])
        #expect(ledger.settle(3, multiple: true).map(\.entry) == ["a", "c"])
        #expect(ledger.pending.map(\.entry) == ["d"])
    }

    @Test func multipleWithNumberZeroSettlesAll() {
        var ledger = ledger("a", "b")
        #expect(ledger.settle(0, multiple: true).map(\.entry) == ["a", "b"])
    }

    @Test func sameNumberTwiceSettlesNothingMore() {
        var ledger = ledger("a", "b")
        _ = ledger.settle(1, multiple: false)
        #expect(ledger.settle(1, multiple: false).isEmpty)
        #expect(ledger.settle(9, multiple: false).isEmpty)
        #expect(ledger.count == 1)
    }

    @Test func numbersGoOnAfterSomeWereGivenUp() {
        var ledger = ledger("a", "b")
        #expect(ledger.removePrefix { $0 == "a" }.map(\.entry) == ["a"])
        ledger.append("c")
        #expect(ledger.settle(1, multiple: false).isEmpty)
        #expect(ledger.settle(3, multiple: false).map(\.entry) == ["c"])
        #expect(ledger.removeAll().map(\.entry) == ["b"])
        ledger.append("d")
        #expect(ledger.settle(4, multiple: false).map(\.entry) == ["d"])
    }

    @Test func returnMarksTheOldestThatFitsAndIsNotMarked() {
        var ledger = ledger("a", "x", "x")
        let notice = ReturnNotice(replyCode: 312, text: "NO_ROUTE")
        #expect(ledger.noteReturn(notice) { $0 == "x" })
        #expect(ledger.pending.map { $0.returned != nil } == [false, true, false])
        #expect(ledger.noteReturn(notice) { $0 == "x" })
        #expect(ledger.pending.map { $0.returned != nil } == [false, true, true])
        #expect(!ledger.noteReturn(notice) { $0 == "x" })
        #expect(ledger.settle(3, multiple: true).map(\.returned) == [nil, notice, notice])
    }

    /// Random acks against the plainest bookkeeping there is.
    @Test(arguments: 0..<50) func randomAnswersSettleEachMessageOnce(seed: UInt64) {
        var random = SplitMix(state: seed)
        var ledger = ConfirmLedger<UInt64>()
        var open: Set<UInt64> = []
        var next: UInt64 = 1
        for _ in 0..<500 {
            if Bool.random(using: &random) {
                ledger.append(next)
                open.insert(next)
                next += 1
            } else {
                let number = UInt64.random(in: 0...next, using: &random)
                let multiple = Bool.random(using: &random)
                let expected = open.filter { multiple ? $0 <= number || number == 0 : $0 == number }
                #expect(ledger.settle(number, multiple: multiple).map(\.entry) == expected.sorted())
                open.subtract(expected)
            }
        }
        #expect(ledger.removeAll().map(\.entry) == open.sorted())
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
