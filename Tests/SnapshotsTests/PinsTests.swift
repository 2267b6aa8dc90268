import Archive
import Messages
import Runtime
import Sessions
import Testing

@testable import Snapshots

/// Who holds a snapshot, and for how long.
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

    @Test func whoIsDoneReleasesTheSnapshotAndNothingElse() throws {
        try put("outcomes/\(id)")
        try pins.hold(id, name: "abc", for: .seconds(60), reason: "a test")
        try pins.hold(id, name: "abcd", for: .seconds(60), reason: "a test")
        try pins.put(.keeping([]), name: "abc", for: .seconds(60), reason: "refused documents")
        try pins.put(.writing(id), name: "abc", for: .seconds(60), reason: "a copy")
        try put("pins/abc-damaged")
        try pins.release(name: "abc")
        #expect(Set(try pins.all().map { $0.pin?.reason }) == ["a test", "refused documents", "a copy", nil])
        #expect(try pins.all().count == 4 && SnapshotCatalog(store: store).pinned() == [id])
        try pins.release(name: "abc")
        #expect(try pins.all().count == 4)
    }
}
