import Foundation
import Testing

@testable import Archive

/// What every store must do with files, small and large.
@Suite struct StoreContractUpload {
    private let fixtures = StoreFixtures()

    @Test(arguments: StoreKind.present, [0, 1, 2_500_000]) func aFileStaysAndReadsBack(kind: StoreKind, size: Int) throws {
        let fixture = try fixtures.make(kind)
        let bytes = pattern(size)
        let path = try fixture.folder.write(bytes, to: "file")
        let key = try ObjectKey("segments/ab/cd")
        #expect(try fixture.store.upload(contentsOf: path, at: key) == .created)
        #expect(try fixture.store.get(key) == bytes)
        #expect(try Array(Data(contentsOf: URL(filePath: path))) == bytes)
        try FileManager.default.removeItem(atPath: path)
        #expect(try fixture.store.get(key) == bytes)
        #expect(try fixture.store.size(key) == size)
    }

    @Test(arguments: StoreKind.present) func aSecondUploadChangesNothing(kind: StoreKind) throws {
        let fixture = try fixtures.make(kind)
        let key = try ObjectKey("x")
        let paths = try [[UInt8]([1]), [2, 2], []].enumerated().map { try fixture.folder.write($1, to: "file\($0)") }
        #expect(try paths.map { try fixture.store.upload(contentsOf: $0, at: key) } == [.created, .existing, .existing])
        #expect(try fixture.store.get(key) == [1])
    }

    @Test(arguments: StoreKind.present) func putAndUploadKnowEachOther(kind: StoreKind) throws {
        let fixture = try fixtures.make(kind)
        let path = try fixture.folder.write([3], to: "file")
        _ = try fixture.store.put([1], at: ObjectKey("put-first"))
        #expect(try fixture.store.upload(contentsOf: path, at: ObjectKey("put-first")) == .existing)
        #expect(try fixture.store.get(ObjectKey("put-first")) == [1])
        _ = try fixture.store.upload(contentsOf: path, at: ObjectKey("upload-first"))
        #expect(try fixture.store.put([1], at: ObjectKey("upload-first")) == .existing)
        #expect(try fixture.store.get(ObjectKey("upload-first")) == [3])
    }

    @Test(arguments: StoreKind.present) func aFileThatIsMissingIsAnError(kind: StoreKind) throws {
        let fixture = try fixtures.make(kind)
        let key = try ObjectKey("x")
        #expect(code { _ = try fixture.store.upload(contentsOf: "\(fixture.folder.path)/no-such", at: key) } == .notFound)
        #expect(try fixture.store.get(key) == nil)
    }

    @Test(arguments: StoreKind.present, [32 << 20, (33 << 20) + 12_345]) func aLargeFileReadsBackWhole(
        kind: StoreKind, size: Int
    ) throws {
        let fixture = try fixtures.make(kind)
        let bytes = pattern(size)
        let path = try fixture.folder.write(bytes, to: "file")
        let key = try ObjectKey("large")
        #expect(try fixture.store.upload(contentsOf: path, at: key) == .created)
        #expect(try fixture.store.size(key) == size)
        #expect(try fixture.store.get(key) == bytes)
        // Across the border of two parts, and the end.
        for range in [(16 << 20) - 5..<(16 << 20) + 5, size - 7..<size] {
            #expect(try fixture.store.read(key, range) == Array(bytes[range]))
        }
        #expect(try fixture.store.list("", after: nil, limit: 9).map(\.size) == [size])
    }

    @Test(arguments: StoreKind.present) func aSecondLargeFileChangesNothing(kind: StoreKind) throws {
        let fixture = try fixtures.make(kind)
        let key = try ObjectKey("large")
        let large = try fixture.folder.write(pattern((32 << 20) + 1), to: "large")
        #expect(try fixture.store.put([1, 2], at: key) == .created)
        #expect(try fixture.store.upload(contentsOf: large, at: key) == .existing)
        #expect(try fixture.store.get(key) == [1, 2])
        #expect(try fixture.store.list("", after: nil, limit: 9).map(\.size) == [2])
    }

    @Test(arguments: StoreKind.present) func partsKeepTheCondition(kind: StoreKind) throws {
        let store = try fixtures.make(kind).store
        let key = try ObjectKey("parts")
        // A store without another way to write large files has nothing to keep.
        guard let first = try store.putInParts([1], at: key) else { return }
        #expect(first == .created)
        #expect(try store.putInParts([2, 2], at: key) == .existing)
        #expect(try store.put([3], at: key) == .existing)
        #expect(try store.get(key) == [1])
        #expect(try store.removeLeftovers(olderThan: 0) == 0, "nothing is left of the one that came second")
    }

    @Test(arguments: StoreKind.present) func noBytesInPartsAreAnObject(kind: StoreKind) throws {
        let store = try fixtures.make(kind).store
        let key = try ObjectKey("empty")
        guard let result = try store.putInParts([], at: key) else { return }
        #expect(result == .created)
        #expect(try store.get(key) == [])
    }
}
