import Testing

@testable import Archive

/// What every store must do when objects are read.
@Suite struct StoreContractRead {
    private let fixtures = StoreFixtures()

    private static let bytes: [UInt8] = Array(0..<100)

    private func fixture(_ kind: StoreKind) throws -> (StoreFixture, ObjectKey) {
        let fixture = try fixtures.make(kind)
        let key = try ObjectKey("folder/r")
        _ = try fixture.store.put(StoreContractRead.bytes, at: key)
        return (fixture, key)
    }

    @Test(arguments: StoreKind.present, [0..<1, 0..<100, 10..<13, 99..<100, 50..<100]) func aRangeIsExact(
        kind: StoreKind, range: Range<Int>
    ) throws {
        let (fixture, key) = try fixture(kind)
        #expect(try fixture.store.read(key, range) == Array(StoreContractRead.bytes[range]))
    }

    @Test(arguments: StoreKind.present, [99..<101, 100..<101, 500..<501, 0..<101, 50..<5_000]) func aReadPastTheEndIsAnError(
        kind: StoreKind, range: Range<Int>
    ) throws {
        let (fixture, key) = try fixture(kind)
        let error = try failure { _ = try fixture.store.read(key, range) }
        #expect(error.code == .corrupt)
        #expect(error.message.contains("100 bytes") && error.message.contains(key.text))
    }

    @Test(arguments: StoreKind.present) func anEmptyRangeIsNoBytes(kind: StoreKind) throws {
        let (fixture, key) = try fixture(kind)
        #expect(try fixture.store.read(key, 0..<0) == [])
        #expect(try fixture.store.read(key, 100..<100) == [])
        #expect(code { _ = try fixture.store.read(key, 101..<101) } == .corrupt)
        #expect(code { _ = try fixture.store.read(ObjectKey("absent"), 0..<0) } == .notFound)
    }

    @Test(arguments: StoreKind.present) func piecesMakeTheWhole(kind: StoreKind) throws {
        let (fixture, key) = try fixture(kind)
        let pieces = try stride(from: 0, to: 100, by: 7).map { try fixture.store.read(key, $0..<min($0 + 7, 100)) }
        #expect(pieces.flatMap { $0 } == StoreContractRead.bytes)
    }

    @Test(arguments: StoreKind.present) func anAbsentObjectIsToldApart(kind: StoreKind) throws {
        let (fixture, _) = try fixture(kind)
        for name in ["absent", "folder", "folder/r/child", "folde", "folder/r0"] {
            let key = try ObjectKey(name)
            #expect(try fixture.store.get(key) == nil)
            #expect(try fixture.store.size(key) == nil)
            let error = try failure { _ = try fixture.store.read(key, 0..<1) }
            #expect(error.code == .notFound)
            #expect(error.message.contains(name))
        }
    }

    @Test(arguments: StoreKind.present) func whatIsTooLargeToHoldIsRefused(kind: StoreKind) throws {
        let fixture = try fixtures.make(kind)
        let largest = try fixture.folder.write([UInt8](repeating: 5, count: ObjectSize.small), to: "largest")
        let larger = try fixture.folder.write([UInt8](repeating: 5, count: ObjectSize.small + 1), to: "larger")
        _ = try fixture.store.upload(contentsOf: largest, at: ObjectKey("largest"))
        _ = try fixture.store.upload(contentsOf: larger, at: ObjectKey("larger"))
        #expect(try fixture.store.get(ObjectKey("largest"))?.count == ObjectSize.small)
        let error = try failure { _ = try fixture.store.get(ObjectKey("larger")) }
        #expect(error.code == .invalid)
        #expect(error.message.contains("larger") && error.message.contains("ranges"))
        #expect(try fixture.store.read(ObjectKey("larger"), ObjectSize.small..<ObjectSize.small + 1) == [5])
    }

    @Test(arguments: StoreKind.present) func aRangeMayBeLargerThanThat(kind: StoreKind) throws {
        let fixture = try fixtures.make(kind)
        let size = ObjectSize.small + 3
        let path = try fixture.folder.write([UInt8](repeating: 6, count: size), to: "file")
        _ = try fixture.store.upload(contentsOf: path, at: ObjectKey("segment"))
        #expect(try fixture.store.read(ObjectKey("segment"), 0..<size).count == size)
    }
}
