import Messages
import Testing

@testable import Sessions

/// A slice is done only when its parts form one chain with as many documents as were counted.
@Suite struct ChainTests {
    struct Case: Sendable, CustomStringConvertible {
        var description: String
        var parts: [PartEntry]
        var count: Int
        var expected = 20
        /// Nil: complete.
        var flaw: String?
    }

    static let noChain = "parts do not form a chain"

    static let cases: [Case] = [
        Case(description: "one part", parts: [Samples.part(nil, nil, documents: 20)], count: 1),
        Case(description: "two parts", parts: [Samples.part(nil, "a"), Samples.part("a", nil)], count: 2),
        Case(description: "an empty slice", parts: [Samples.part(nil, nil, documents: 0)], count: 1, expected: 0),
        Case(description: "no part", parts: [], count: 0, flaw: noChain),
        Case(description: "a part is missing", parts: [Samples.part(nil, nil, documents: 20)], count: 2, flaw: noChain),
        Case(description: "begins late", parts: [Samples.part("a", nil, documents: 20)], count: 1, flaw: noChain),
        Case(description: "ends early", parts: [Samples.part(nil, "a", documents: 20)], count: 1, flaw: noChain),
        Case(description: "a gap", parts: [Samples.part(nil, "a"), Samples.part("b", nil)], count: 2, flaw: noChain),
        Case(description: "two ends", parts: [Samples.part(nil, nil), Samples.part(nil, nil)], count: 2, flaw: noChain),
        Case(
            description: "the wrong order", parts: [Samples.part("a", nil), Samples.part(nil, "a")], count: 2, flaw: noChain),
        Case(
            description: "one document too few", parts: [Samples.part(nil, "a", documents: 9), Samples.part("a", nil)], count: 2,
            flaw: "19 documents were moved where 20 were counted"),
        Case(
            description: "one document too many", parts: [Samples.part(nil, "a", documents: 11), Samples.part("a", nil)],
            count: 2,
            flaw: "21 documents were moved where 20 were counted"),
    ]

    @Test(arguments: cases)
    func partsAreAChainOrTheFlawIsNamed(sample: Case) {
        switch Chain(sample.parts, count: sample.count, expectedDocuments: sample.expected, nonce: "n") {
        case .complete(let done):
            #expect(sample.flaw == nil, "\(sample)")
            #expect(done.parts == sample.count && done.documents == sample.expected)
        case .broken(let flaw): #expect(sample.flaw.map { flaw.hasSuffix($0) } == true, "\(sample): \(flaw)")
        }
    }

    @Test func refusedDocumentsCountAsMovedAndTheFirstTenAreListed() {
        var first = Samples.part(nil, "a", documents: 8)
        first.rejected = 12
        first.rejections = (0..<10).map { Rejection(id: "\($0)", status: 400, type: "t", reason: "r") }
        var second = Samples.part("a", nil, documents: 9)
        second.rejected = 1
        second.rejections = [Rejection(id: "last", status: 400, type: "t", reason: "r")]
        guard case .complete(let done) = Chain([first, second], count: 2, expectedDocuments: 30, nonce: "n") else {
            Issue.record("the chain was refused")
            return
        }
        #expect(done.documents == 17 && done.rejected == 13 && done.rejections?.count == 10)
        #expect(done.rejectSegments == (first.segments + second.segments).map(\.id) && done.rejectSegments?.isEmpty == false)
        guard case .broken = Chain([first, second], count: 2, expectedDocuments: 17, nonce: "n") else {
            Issue.record("refused documents were not counted")
            return
        }
    }

    @Test func aDoneEntryAddsUpItsParts() {
        let parts = [
            Samples.part(nil, "a", worker: "w1"), Samples.part("a", "b", worker: "w2"), Samples.part("b", nil, worker: "w1"),
        ]
        guard case .complete(let done) = Chain(parts, count: 3, expectedDocuments: 30, nonce: "n") else {
            Issue.record("the chain was refused")
            return
        }
        #expect(
            done
                == DoneEntry(
                    nonce: "n", parts: 3, documents: 30, bytes: 3000, storedBytes: 600, partsByWorker: ["w1": 2, "w2": 1]))
    }
}
