import FoundationEssentials
import Testing

@testable import Archive

@Suite struct DryRunStoreTests {
    private let base = ClosureStore()
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["a", "c", "e/1", "e/2", "g"] { _ = base.base.put(Array(name.utf8), at: try ObjectKey(name)) }
    }

    private func names(_ store: any ObjectStore, _ prefix: String = "", pageSize: Int = 100) throws -> [String] {
        var names: [String] = []
        try store.forEachObject(prefix, pageSize: pageSize) { names.append($0.key.text) }
        return names
    }

    @Test func readsShowWhatWouldBeThereAndTheStoreIsAsBefore() throws {
        let store = DryRunStore(base)
        let path = try folder.write(Array(0..<100), to: "file")
        #expect(try store.put([1, 2, 3], at: ObjectKey("b")) == .created)
        #expect(try store.put([4], at: ObjectKey("b")) == .existing)
        #expect(try store.put([4], at: ObjectKey("a")) == .existing)
        #expect(try store.upload(contentsOf: path, at: ObjectKey("f")) == .created)
        #expect(try store.upload(contentsOf: path, at: ObjectKey("f")) == .existing)
        try FileManager.default.removeItem(atPath: path)
        try store.delete(ObjectKey("e/1"))
        try store.delete(ObjectKey("nothing"))

        #expect(try store.get(ObjectKey("b")) == [1, 2, 3])
        #expect(try store.get(ObjectKey("f")) == Array(0..<100))
        #expect(try store.read(ObjectKey("f"), 10..<12) == [10, 11])
        #expect(try store.read(ObjectKey("b"), 1..<3) == [2, 3])
        #expect(try store.read(ObjectKey("a"), 0..<1) == Array("a".utf8))
        #expect(try store.size(ObjectKey("f")) == 100)
        #expect(try store.get(ObjectKey("e/1")) == nil && store.size(ObjectKey("e/1")) == nil)
        #expect(code { _ = try store.read(ObjectKey("e/1"), 0..<1) } == .notFound)
        #expect(code { _ = try store.read(ObjectKey("f"), 99..<101) } == .corrupt)
        #expect(store.stored.map(\.key.text) == ["b", "f"] && store.stored.map(\.size) == [3, 100])
        #expect(store.deleted.map(\.text) == ["e/1"])

        #expect(try names(base.base) == ["a", "c", "e/1", "e/2", "g"])
        #expect(Set(base.calls).isDisjoint(with: ["put", "upload", "delete", "removeLeftovers"]))
    }

    @Test(arguments: [1, 2, 3, 4, 100]) func listsMergeBothWhateverThePage(size: Int) throws {
        let store = DryRunStore(base)
        for name in ["b", "d", "e/0", "e/3", "z"] { _ = try store.put([], at: ObjectKey(name)) }
        for name in ["a", "e/1", "g", "d"] { try store.delete(ObjectKey(name)) }
        #expect(try names(store, pageSize: size) == ["b", "c", "e/0", "e/2", "e/3", "z"])
        #expect(try names(store, "e/", pageSize: size) == ["e/0", "e/2", "e/3"])
        #expect(try names(store, "y", pageSize: size) == [])
    }

    @Test func aDeletedNameIsFreeAgain() throws {
        let store = DryRunStore(base)
        let key = try ObjectKey("a")
        try store.delete(key)
        #expect(try store.put([7], at: key) == .created)
        #expect(try store.get(key) == [7])
        try store.delete(key)
        #expect(try store.get(key) == nil)
        #expect(store.deleted == [key] && store.stored.isEmpty)
        let own = try ObjectKey("own")
        _ = try store.put([1], at: own)
        try store.delete(own)
        #expect(store.deleted == [key], "what was never there is not deleted")
    }

    @Test func leftoversStay() throws {
        #expect(try DryRunStore(base).removeLeftovers(olderThan: 0) == 0)
        #expect(base.calls.isEmpty)
    }
}
