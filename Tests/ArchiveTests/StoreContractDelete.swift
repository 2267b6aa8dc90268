import Testing

@testable import Archive

/// What every store must do when objects are deleted.
@Suite struct StoreContractDelete {
    private let fixtures = StoreFixtures()

    @Test(arguments: StoreKind.present) func aDeletedNameIsFreeAgain(kind: StoreKind) throws {
        let store = try fixtures.make(kind).store
        let key = try ObjectKey("a/b")
        _ = try store.put([1], at: key)
        try store.delete(key)
        #expect(try store.get(key) == nil)
        #expect(try store.size(key) == nil)
        #expect(code { _ = try store.read(key, 0..<1) } == .notFound)
        #expect(try store.list("", after: nil, limit: 10).isEmpty)
        #expect(try store.put([2], at: key) == .created)
        #expect(try store.get(key) == [2])
    }

    @Test(arguments: StoreKind.present) func deletingNothingIsFine(kind: StoreKind) throws {
        let store = try fixtures.make(kind).store
        try store.delete(ObjectKey("absent"))
        try store.delete(ObjectKey("absent/too"))
        _ = try store.put([1], at: ObjectKey("once"))
        try store.delete(ObjectKey("once"))
        try store.delete(ObjectKey("once"))
    }

    @Test(arguments: StoreKind.present) func neighboursStay(kind: StoreKind) throws {
        let store = try fixtures.make(kind).store
        for name in ["a/b", "a/bb", "a/b-", "a/c/d", "a0"] { _ = try store.put([1], at: ObjectKey(name)) }
        try store.delete(ObjectKey("a/b"))
        try store.delete(ObjectKey("a/c"))
        #expect(try store.list("", after: nil, limit: 10).map(\.key.text) == ["a/b-", "a/bb", "a/c/d", "a0"])
    }

    @Test(arguments: StoreKind.present) func aLargeFileCanBeDeletedAndStoredAgain(kind: StoreKind) throws {
        let fixture = try fixtures.make(kind)
        let path = try fixture.folder.write(pattern(32 << 20), to: "file")
        let key = try ObjectKey("large")
        for _ in 0..<2 {
            #expect(try fixture.store.upload(contentsOf: path, at: key) == .created)
            try fixture.store.delete(key)
            #expect(try fixture.store.size(key) == nil)
        }
    }
}
