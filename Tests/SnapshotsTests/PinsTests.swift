import Archive
import Messages
import Runtime
import Sessions
import Testing

@testable import Snapshots

/// Pins, and the deletion of a whole repository, which they stand in the way of.
@Suite struct PinsTests {
    let base = ClockedStore()
    private let id = SnapshotID(startedAt: Samples.time, session: Samples.session)

    private var store: RepositoryStore { RepositoryStore(base) }
    private var pins: Pins { Pins(store) }

    private func put(_ key: String) throws { _ = base.put(Array("{}".utf8), at: try ObjectKey(key)) }

    @Test func aPinLastsAnHourLongerThanAskedAndNotForEver() throws {
        try pins.put(.reading(id), name: "abc", for: .seconds(60), reason: "a test")
        try pins.put(.writing(), name: "forever", for: .seconds(1 << 40), reason: "a test")
        let all = try pins.all()
        #expect(all.map { $0.pin?.until } == [base.time + .seconds(3660), base.time + Pins.longest])
        #expect(all[0].key.text.hasPrefix("pins/abc-") && !all[0].holdsLater && all[1].holdsLater)
        #expect(!all[0].isPast(at: base.time + .seconds(3660 + 299)) && all[0].isPast(at: base.time + .seconds(3660 + 300)))
    }

    @Test func aSnapshotThatWasForgottenIsNotHeld() throws {
        try put("outcomes/\(id)")
        try pins.hold(id, name: "a", for: .seconds(60), reason: "a test")
        #expect(try pins.all().count == 1)
        _ = try Forgetting(store: store).forget(id, reason: "a test")
        #expect(refusal(.notFound) { try pins.hold(id, name: "b", for: .seconds(60), reason: "a test") }.contains("\(id)"))
        #expect(try pins.all().count == 1)
        _ = try MarkBook(store: store).change(id) { $0.isKept = true }
        try pins.hold(id, name: "c", for: .seconds(60), reason: "a test")
        #expect(try pins.all().count == 2)
    }

    @Test func aPurgeIsRefusedWhileTheRepositoryIsInUse() throws {
        for key in ["FORMAT", "keys/a", "recover.py", "segments/zz/strange", "thing"] { try put(key) }
        let journal = ArchiveJournal(store: store, session: Samples.session)
        _ = try journal.put(.begin(Samples.begin(startedAt: base.time)), at: .begin)
        try pins.put(.reading(id), name: "abc", for: .seconds(60), reason: "restore demo/back")
        let purge = Purge(store)
        let message = refusal { _ = try purge.run(isForced: false) }
        #expect(message.contains("session abc is open") && message.contains("restore demo/back") && message.contains("--force"))
        _ = try journal.put(.outcome(Samples.abort), at: .outcome)
        #expect(!refusal { _ = try purge.run(isForced: false) }.contains("is open"))
        #expect(base.deleted == [])
        base.time = base.time + .seconds(2 * 3600)
        let size = try purge.size()
        #expect(try purge.run(isForced: false) == size && size.objects == 8)
        #expect(
            base.keys == [] && base.deleted.first == "outcomes/\(id)"
                && base.deleted.suffix(3) == ["keys/a", "recover.py", "FORMAT"])
    }

    @Test func aForcedPurgeDeletesWhatIsInUse() throws {
        try put("FORMAT")
        try pins.put(.reading(id), name: "abc", for: .seconds(60), reason: "a test")
        _ = try Purge(store).run(isForced: true)
        #expect(base.keys == [])
    }
}
