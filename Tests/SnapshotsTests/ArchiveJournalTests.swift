import Archive
import Messages
import Runtime
import Sessions
import Testing

@testable import Snapshots

/// The journal of a backup as objects in a folder.
@Suite struct ArchiveJournalTests {
    let folder: TemporaryFolder
    let store: LocalStore
    /// As another worker, or the same one after a restart: it remembers nothing.
    var journal: ArchiveJournal { ArchiveJournal(store: RepositoryStore(store), session: Samples.session) }

    init() throws {
        folder = try TemporaryFolder()
        store = try LocalStore(folder.path)
    }

    @Test func theFirstPutStands() throws {
        let mine = Samples.begin(nonce: "mine")
        #expect(try journal.put(.begin(mine), at: .begin) == .created)
        #expect(try journal.put(.begin(Samples.begin(nonce: "other")), at: .begin) == .existing(.begin(mine)))
        #expect(try journal.read([.begin, .plan]) == [.begin: .begin(mine)])
    }

    @Test func aPutWhoseReplyWasLostIsKnownAsOnesOwn() throws {
        let mine = Entry.begin(Samples.begin(nonce: "mine"))
        #expect(try journal.put(mine, at: .begin) == .created)
        #expect(try journal.put(mine, at: .begin) == .created)
    }

    @Test func entriesStandUnderTheSessionAndTheOutcomeUnderItsTime() throws {
        let journal = journal
        _ = try journal.put(.begin(Samples.begin()), at: .begin)
        _ = try journal.put(.done(Samples.done(1, [:])), at: .done(slice: 3, epoch: 1))
        _ = try journal.put(.outcome(Samples.abort), at: .outcome)
        var keys: [String] = []
        try store.forEachObject("") { (object: ObjectInfo) throws(ArchiveError) in keys.append(object.key.text) }
        #expect(keys == ["outcomes/20251124T160000Z-abc", "sessions/abc/begin", "sessions/abc/done/3/1"])
        #expect(try self.journal.read([.outcome]) == [.outcome: .outcome(Samples.abort)])
    }

    @Test func theOutcomesTimeIsThatOfTheBeginThatWon() throws {
        _ = try journal.put(.begin(Samples.begin(nonce: "winner")), at: .begin)
        let loser = journal
        let late = Samples.begin(nonce: "loser", startedAt: Samples.time + .seconds(9))
        #expect(try loser.put(.begin(late), at: .begin) == .existing(.begin(Samples.begin(nonce: "winner"))))
        #expect(try loser.put(.outcome(Samples.abort), at: .outcome) == .created)
        #expect(try store.size(ObjectKey("outcomes/20251124T160000Z-abc")) != nil)
    }

    @Test func aSessionThatNeverBeganHasNoOutcome() throws {
        #expect(try journal.read([.outcome, .begin]).isEmpty)
        #expect(throws: ArchiveError.self) { try journal.put(.outcome(Samples.abort), at: .outcome) }
    }

    @Test func whatWasReadOnceIsNotReadAgain() throws {
        let journal = journal
        _ = try journal.put(.begin(Samples.begin()), at: .begin)
        try store.delete(ObjectKey("sessions/abc/begin"))
        #expect(try journal.read([.begin]).count == 1)
        #expect(try self.journal.read([.begin]).isEmpty)
    }

    @Test func anAbsentEntryIsLookedForAgain() throws {
        let journal = journal
        #expect(try journal.read([.plan]).isEmpty)
        _ = try self.journal.put(.plan(Samples.plan(slices: [])), at: .plan)
        #expect(try journal.read([.plan]).count == 1)
    }

    @Test func aDamagedEntryIsNamed() throws {
        _ = try store.put(Array("{".utf8), at: ObjectKey("sessions/abc/plan"))
        #expect {
            try journal.read([.plan])
        } throws: { error in
            guard let error = error as? ArchiveError else { return false }
            return error.code == .corrupt && error.message.contains("sessions/abc/plan is not a plan entry")
        }
    }
}
