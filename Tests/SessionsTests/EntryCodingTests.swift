import Messages
import Runtime
import Testing

@testable import Sessions

/// Journal entries live for as long as a repository: their names and JSON must not change by accident.
@Suite struct EntryCodingTests {
    static let entries: [(name: EntryName, text: String, entry: Entry)] = [
        (.begin, "begin", .begin(Samples.begin())),
        (.plan, "plan", .plan(Samples.plan())),
        (.view(slice: 3, epoch: 1), "view/3/1", .view(Samples.view())),
        (.part(slice: 3, epoch: 1, number: 12), "part/3/1-12", .part(Samples.part("[1]", nil))),
        (.done(slice: 3, epoch: 1), "done/3/1", .done(Samples.done())),
        (.outcome, "outcome", .outcome(Samples.committed())),
        (.outcome, "outcome", .outcome(Samples.aborted())),
        (.final, "final", .final(Samples.final())),
        (.claim(2), "view/1000000/2", .claim(Samples.claim())),
    ]

    @Test func everyEntryComesBackAsItWasPut() throws {
        for (name, text, entry) in Self.entries {
            #expect(name.description == text)
            #expect(try EntryCoding.decode(try EntryCoding.encode(entry), at: name) == entry, "\(name)")
            #expect(entry.nonce == "other")
        }
    }

    @Test func restoreSlicesComeBackAsTheyWerePut() throws {
        var plan = Samples.plan(slices: 1)
        plan.slices[0].segments = 3..<9
        plan.slices[0].shard = nil
        #expect(try EntryCoding.decode(try EntryCoding.encode(.plan(plan)), at: .plan) == .plan(plan))
    }

    /// Readers of format 1 that know nothing of claims must not stumble over them.
    @Test func aClaimReadsAsAViewOfASliceThatNoUnitHas() throws {
        let bytes = try EntryCoding.encode(.claim(Samples.claim()))
        guard case .view(let view) = try EntryCoding.decode(bytes, at: .view(slice: 1_000_000, epoch: 0)) else {
            Issue.record("no view was read")
            return
        }
        #expect(view.documents == 0 && view.openedAt == Samples.start)
        #expect(!UnitPosition(slice: 1_000_000, epoch: 0, number: 0).isPlausible)
    }

    @Test func fieldsOfALaterVersionAreIgnored() throws {
        let text =
            #"{"nonce":"n","pointInTime":"p","shards":1,"documents":2,"openedAt":"2026-11-24T14:02:11Z","later":{"a":[1]}}"#
        let entry = try EntryCoding.decode(Array(text.utf8), at: .view(slice: 0, epoch: 0))
        #expect(entry.nonce == "n")
    }

    /// Versions before it did not write the session's message into its first entry; their sessions go on.
    @Test func aBeginWithoutTheSessionsMessageIsRead() throws {
        let text = #"{"nonce":"n","digest":"d","startedAt":"2026-11-24T14:02:11Z","deadline":"2026-11-25T14:02:11Z"}"#
        guard case .begin(let begin) = try EntryCoding.decode(Array(text.utf8), at: .begin) else {
            Issue.record("no begin entry was read")
            return
        }
        #expect(begin.digest == "d" && begin.command == nil && begin.replyTo == nil)
    }

    @Test func anotherEntryUnderTheNameIsRefused() throws {
        let bytes = try EntryCoding.encode(.begin(Samples.begin()))
        #expect(throws: (any Error).self) { try EntryCoding.decode(bytes, at: .plan) }
        #expect(throws: (any Error).self) { try EntryCoding.decode(Array(bytes.dropLast()), at: .begin) }
    }

    @Test func equalEntriesHaveEqualBytes() throws {
        var done = Samples.done()
        done.partsByWorker = Dictionary(uniqueKeysWithValues: (0..<20).map { ("w\($0)", $0) })
        var again = done
        again.partsByWorker = Dictionary(uniqueKeysWithValues: (0..<20).reversed().map { ("w\($0)", $0) })
        #expect(try EntryCoding.encode(.done(done)) == EntryCoding.encode(.done(again)))
    }
}
