import Synchronization
import Testing

@testable import Archive

/// What every store must do when objects are listed.
@Suite struct StoreContractList {
    private let fixtures = StoreFixtures()

    /// `-` and `.` sort before `/`, `0` after it: where folders and names disagree if sorted naively.
    private static let names = ["A", "a-b", "a.b", "a/b/c", "a/c", "a0", "a~", "b/x", "b/y-", "b/y/z", "z"]
        .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }

    private func fixture(_ kind: StoreKind, _ names: [String] = names) throws -> StoreFixture {
        let fixture = try fixtures.make(kind)
        for name in names { _ = try fixture.store.put(Array(name.utf8), at: ObjectKey(name)) }
        return fixture
    }

    private func list(_ fixture: StoreFixture, _ prefix: String, after: String? = nil, limit: Int = 100) throws -> [String] {
        try fixture.store.list(prefix, after: after.map { try ObjectKey($0) }, limit: limit).map(\.key.text)
    }

    @Test(arguments: StoreKind.present) func anEmptyStoreListsNothing(kind: StoreKind) throws {
        let fixture = try fixtures.make(kind)
        #expect(try list(fixture, "") == [])
        #expect(try list(fixture, "segments/") == [])
        #expect(try list(fixture, "", after: "a") == [])
    }

    @Test(arguments: StoreKind.present) func keysComeInTheOrderOfTheirBytes(kind: StoreKind) throws {
        let fixture = try fixture(kind)
        #expect(try list(fixture, "") == StoreContractList.names)
        #expect(try list(fixture, "a") == ["a-b", "a.b", "a/b/c", "a/c", "a0", "a~"])
    }

    @Test(arguments: StoreKind.present, [1, 2, 3, 11, 12, 100]) func pagesOfAnySizeMakeTheWhole(kind: StoreKind, size: Int) throws
    {
        let fixture = try fixture(kind)
        for prefix in ["", "a", "a/", "a/b", "b/y", "b/y/", "nothing"] {
            var visited: [String] = []
            try fixture.store.forEachObject(prefix, pageSize: size) { visited.append($0.key.text) }
            #expect(visited == StoreContractList.names.filter { $0.hasPrefix(prefix) }, "prefix \(prefix) by \(size)")
        }
    }

    @Test(arguments: StoreKind.present) func aPrefixMayEndInsideAComponent(kind: StoreKind) throws {
        let fixture = try fixture(kind, ["segments/ab/1", "segments/ab/2", "segments/ac/1", "segment", "segmentsx"])
        #expect(try list(fixture, "segments/a") == ["segments/ab/1", "segments/ab/2", "segments/ac/1"])
        #expect(try list(fixture, "segments/ab/") == ["segments/ab/1", "segments/ab/2"])
        #expect(try list(fixture, "segments/ab/2") == ["segments/ab/2"])
        #expect(try list(fixture, "segment") == ["segment", "segments/ab/1", "segments/ab/2", "segments/ac/1", "segmentsx"])
        #expect(try list(fixture, "segments/b") == [])
    }

    @Test(arguments: StoreKind.present) func aListGoesOnAfterAKeyThatNeedNotBe(kind: StoreKind) throws {
        let fixture = try fixture(kind)
        #expect(try list(fixture, "", after: "a/b/c") == ["a/c", "a0", "a~", "b/x", "b/y-", "b/y/z", "z"])
        #expect(try list(fixture, "", after: "a/b") == ["a/b/c", "a/c", "a0", "a~", "b/x", "b/y-", "b/y/z", "z"])
        #expect(try list(fixture, "a/", after: "a/b/zzz") == ["a/c"])
        #expect(try list(fixture, "b/", after: "A") == ["b/x", "b/y-", "b/y/z"], "after may be before the prefix")
    }

    @Test(arguments: StoreKind.present) func nothingFollowsTheEnd(kind: StoreKind) throws {
        let fixture = try fixture(kind)
        #expect(try list(fixture, "", after: "z") == [])
        #expect(try list(fixture, "", after: "zz") == [])
        #expect(try list(fixture, "a", after: "b/x") == [])
        #expect(try list(fixture, "a/", after: "a0") == [])
    }

    @Test(arguments: StoreKind.present) func aLimitIsKept(kind: StoreKind) throws {
        let fixture = try fixture(kind)
        #expect(try list(fixture, "", limit: 1) == ["A"])
        #expect(try list(fixture, "b/", limit: 3) == ["b/x", "b/y-", "b/y/z"])
        #expect(try list(fixture, "b/", after: "b/y/z", limit: 3) == [], "a full last page is followed by an empty one")
        #expect(try list(fixture, "", limit: 0) == [])
    }

    @Test(arguments: StoreKind.present) func aThousandAndMoreAreOneList(kind: StoreKind) throws {
        let fixture = try fixtures.make(kind)
        let names = (0..<1_050).map { "many/\(String($0, radix: 36))-\($0)" }
        let store = fixture.store
        let failures = Mutex<[String]>([])
        onThreads(8) { thread in
            for index in stride(from: thread, to: names.count, by: 8) {
                do {
                    _ = try store.put([1], at: ObjectKey(names[index]))
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
        }
        #expect(failures.withLock { $0 } == [])
        let sorted = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(try list(fixture, "many/", limit: 2_000) == sorted)
        #expect(try list(fixture, "many/", limit: 1_001) == Array(sorted.prefix(1_001)))
        var visited: [String] = []
        try store.forEachObject("", pageSize: 500) { visited.append($0.key.text) }
        #expect(visited == sorted)
    }

    @Test(arguments: StoreKind.present) func sizesAreThoseOfTheObjects(kind: StoreKind) throws {
        let fixture = try fixture(kind)
        #expect(try fixture.store.list("", after: nil, limit: 100).map(\.size) == StoreContractList.names.map(\.utf8.count))
    }

    @Test(arguments: StoreKind.present, ["../", "/", "a//", ".hidden", "a b", "a/../b"]) func whatStartsNoKeyIsRefused(
        kind: StoreKind, prefix: String
    ) throws {
        let store = try fixtures.make(kind).store
        #expect(code { _ = try store.list(prefix, after: nil, limit: 1) } == .invalid)
    }

    @Test(arguments: StoreKind.present) func aNeighbourIsNotSeen(kind: StoreKind) throws {
        let fixture = try fixtures.make(kind)
        let near = try fixture.makeStore { $0.prefix += "2" }
        let above = try fixture.makeStore { $0.prefix += "/below" }
        _ = try near.put([1], at: ObjectKey("other"))
        #expect(try list(fixture, "") == [])
        _ = try fixture.store.put([1], at: ObjectKey("x"))
        #expect(try near.list("", after: nil, limit: 9).map(\.key.text) == ["other"])
        #expect(try above.list("", after: nil, limit: 9) == [])
        try near.delete(ObjectKey("other"))
    }
}
