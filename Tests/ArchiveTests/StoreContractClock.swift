import Foundation
import Testing

@testable import Archive

/// What every store must say of times and of leftovers.
@Suite struct StoreContractClock {
    private let fixtures = StoreFixtures()

    @Test(arguments: StoreKind.present) func theClockDoesNotGoBack(kind: StoreKind) throws {
        let store = try fixtures.make(kind).store
        let times = try (0..<20).map { _ in try store.now() }
        #expect(times == times.sorted())
        #expect(times[19].timeIntervalSince(times[0]) < 60)
    }

    /// The servers of tests run on this machine.
    @Test(arguments: StoreKind.present) func theClockIsThatOfTheMachine(kind: StoreKind) throws {
        let store = try fixtures.make(kind).store
        #expect(abs(try store.now().timeIntervalSinceNow) < 5)
    }

    @Test(arguments: StoreKind.present) func objectsAreModifiedByThatClock(kind: StoreKind) throws {
        let fixture = try fixtures.make(kind)
        let before = try fixture.store.now()
        _ = try fixture.store.put([1], at: ObjectKey("put"))
        let path = try fixture.folder.write([1], to: "file")
        _ = try fixture.store.upload(contentsOf: path, at: ObjectKey("upload"))
        let after = try fixture.store.now()
        for object in try fixture.store.list("", after: nil, limit: 9) {
            // Clocks of one server tell seconds here and fractions there. A linked file keeps the moment it was written.
            let slack = object.key.text == "upload" && kind == .local ? 5.0 : 1.001
            #expect(object.modified.timeIntervalSince(before) > -slack, "\(object.key)")
            #expect(object.modified.timeIntervalSince(after) < 1.001, "\(object.key)")
        }
    }

    @Test(arguments: StoreKind.present) func aSecondPutIsNoModification(kind: StoreKind) throws {
        let store = try fixtures.make(kind).store
        let key = try ObjectKey("x")
        _ = try store.put([1], at: key)
        let first = try store.list("", after: nil, limit: 1)
        _ = try store.put([2], at: key)
        _ = try store.get(key)
        #expect(try store.list("", after: nil, limit: 1) == first)
    }

    @Test(arguments: StoreKind.present) func leftoversAreNoObjects(kind: StoreKind) throws {
        let fixture = try fixtures.make(kind)
        let store = fixture.store
        _ = try store.put([1], at: ObjectKey("kept"))
        #expect(try store.removeLeftovers(olderThan: 0) == 0)
        #expect(try store.list("", after: nil, limit: 9).map(\.key.text) == ["kept"])
        #expect(try store.get(ObjectKey("kept")) == [1])
    }
}
