import Testing

@testable import Archive

/// What every store must do when a small object is put.
@Suite struct StoreContractPut {
    private let fixtures = StoreFixtures()

    @Test(arguments: StoreKind.present, [0, 1, 4_096, 3 << 20]) func anObjectReadsBackWhole(kind: StoreKind, size: Int) throws {
        let store = try fixtures.make(kind).store
        let key = try ObjectKey("a/b/c")
        let bytes = pattern(size)
        #expect(try store.put(bytes, at: key) == .created)
        #expect(try store.get(key) == bytes)
        #expect(try store.size(key) == size)
        #expect(try store.read(key, 0..<size) == bytes)
        #expect(try store.list("", after: nil, limit: 9).map(\.size) == [size])
    }

    @Test(arguments: StoreKind.present) func anEmptyObjectIsAnObject(kind: StoreKind) throws {
        let store = try fixtures.make(kind).store
        let key = try ObjectKey("empty")
        #expect(try store.put([], at: key) == .created)
        #expect(try store.put([1], at: key) == .existing)
        #expect(try store.get(key) == [])
        #expect(code { _ = try store.read(key, 0..<1) } == .corrupt)
    }

    @Test(arguments: StoreKind.present) func aSecondPutChangesNothing(kind: StoreKind) throws {
        let store = try fixtures.make(kind).store
        let key = try ObjectKey("x")
        #expect(try store.put([1], at: key) == .created)
        for other: [UInt8] in [[2, 2], [1], []] {
            #expect(try store.put(other, at: key) == .existing)
            #expect(try store.get(key) == [1])
            #expect(try store.size(key) == 1)
        }
    }

    @Test(arguments: StoreKind.present) func everyValueOfAByteSurvives(kind: StoreKind) throws {
        let store = try fixtures.make(kind).store
        let bytes = Array(UInt8.min...UInt8.max) + Array((UInt8.min...UInt8.max).reversed()) + [13, 10, 13, 10, 0, 0, 26]
        let key = try ObjectKey("binary.txt")
        _ = try store.put(bytes, at: key)
        #expect(try store.get(key) == bytes)
    }

    @Test(arguments: StoreKind.present) func compressedBytesAreNotUnpacked(kind: StoreKind) throws {
        let store = try fixtures.make(kind).store
        // The starts of a gzip and of a zstd stream: a store must not guess what they are.
        for (name, bytes) in [("a.gz", [0x1F, 0x8B, 8, 0]), ("a.zst", [0x28, 0xB5, 0x2F, 0xFD])] {
            let bytes = bytes.map { UInt8($0) }
            _ = try store.put(bytes, at: ObjectKey(name))
            #expect(try store.get(ObjectKey(name)) == bytes)
        }
    }

    @Test(arguments: StoreKind.present) func aPutIsSeenAtOnceInEveryWay(kind: StoreKind) throws {
        let store = try fixtures.make(kind).store
        for number in 0..<5 {
            let key = try ObjectKey("seen/\(number)")
            #expect(try store.get(key) == nil)
            #expect(try store.size(key) == nil)
            _ = try store.put([UInt8(number)], at: key)
            #expect(try store.list("seen/", after: nil, limit: 99).map(\.key).last == key)
            #expect(try store.get(key) == [UInt8(number)])
            #expect(try store.size(key) == 1)
            #expect(try store.read(key, 0..<1) == [UInt8(number)])
        }
    }

    @Test(arguments: StoreKind.present) func everyCallerSeesIt(kind: StoreKind) throws {
        guard kind != .memory else { return }
        let fixture = try fixtures.make(kind)
        let other = try fixture.makeStore { _ in }
        let key = try ObjectKey("shared")
        _ = try fixture.store.put([1], at: key)
        #expect(try other.get(key) == [1])
        #expect(try other.put([2], at: key) == .existing)
        try other.delete(key)
        #expect(try fixture.store.get(key) == nil)
    }

    @Test(arguments: StoreKind.present) func theLongestKeysAreKept(kind: StoreKind) throws {
        let fixture = try fixtures.make(kind)
        // S3 counts the prefix too.
        let length = ObjectKey.maximumLength - (kind.isRemote ? fixture.prefix.utf8.count + 1 : 0)
        let component = String(repeating: "k", count: 200)
        let text = String(repeating: component + "/", count: 6).prefix(length - 1) + "z"
        let key = try ObjectKey(String(text))
        #expect(key.text.utf8.count == length)
        let longest = try ObjectKey(String(repeating: "c", count: ObjectKey.maximumComponentLength))
        #expect(try fixture.store.put([9], at: longest) == .created)
        #expect(try fixture.store.get(longest) == [9])
        #expect(try fixture.store.put([7], at: key) == .created)
        #expect(try fixture.store.put([8], at: key) == .existing)
        #expect(try fixture.store.get(key) == [7])
        #expect(try fixture.store.list("kk", after: nil, limit: 2).map(\.key) == [key])
    }

    @Test(arguments: StoreKind.present) func deepKeysAreKept(kind: StoreKind) throws {
        let store = try fixtures.make(kind).store
        let key = try ObjectKey((0..<60).map { "d\($0)" }.joined(separator: "/"))
        _ = try store.put([1], at: key)
        #expect(try store.get(key) == [1])
        #expect(try store.list("d0/d1/", after: nil, limit: 2).map(\.key) == [key])
    }

    @Test(arguments: StoreKind.present) func keysDifferByCase(kind: StoreKind) throws {
        let store = try fixtures.make(kind).store
        #expect(try store.put([1], at: ObjectKey("case/a")) == .created)
        #expect(try store.put([2], at: ObjectKey("case/A")) == .created)
        #expect(try store.get(ObjectKey("case/a")) == [1])
        #expect(try store.list("case/", after: nil, limit: 9).map(\.key.text) == ["case/A", "case/a"])
    }

    @Test(arguments: StoreKind.present) func everyCharacterOfKeysIsKept(kind: StoreKind) throws {
        let store = try fixtures.make(kind).store
        let text = "ABCDEFGHIJKLMNOPQRSTUVWXYZ/abcdefghijklmnopqrstuvwxyz/0123456789/~_-.~/x..y/-/_/~/a."
        let key = try ObjectKey(text)
        _ = try store.put([1], at: key)
        #expect(try store.get(key) == [1])
        #expect(try store.list("", after: nil, limit: 9).map(\.key.text) == [text])
        try store.delete(key)
        #expect(try store.size(key) == nil)
    }
}
