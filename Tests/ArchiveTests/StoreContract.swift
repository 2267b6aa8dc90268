import FoundationEssentials
import Synchronization
import Testing

@testable import Archive

/// What every store must do; a new store joins by one more case.
struct StoreContract {
    enum Kind: String, CaseIterable, Sendable {
        case memory
        case local
    }

    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func makeStore(_ kind: Kind) throws -> any ObjectStore {
        switch kind {
        case .memory: MemoryStore()
        case .local: try LocalStore(folder.makeFolder("store"))
        }
    }

    @Test(arguments: Kind.allCases) func putObjectReadsBackWhole(kind: Kind) throws {
        let store = try makeStore(kind)
        for size in [0, 1, 4_096, 3 << 20] {
            let key = try ObjectKey("a/b/\(size)")
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            #expect(try store.put(bytes, at: key) == .created)
            #expect(try store.get(key) == bytes)
            #expect(try store.size(key) == size)
            #expect(try store.read(key, 0..<size) == bytes)
        }
    }

    @Test(arguments: Kind.allCases) func secondPutChangesNothing(kind: Kind) throws {
        let store = try makeStore(kind)
        let key = try ObjectKey("x")
        #expect(try store.put([1], at: key) == .created)
        #expect(try store.put([2, 2], at: key) == .existing)
        #expect(try store.get(key) == [1])
        let path = try folder.write([3], to: "file")
        #expect(try store.upload(contentsOf: path, at: key) == .existing)
        #expect(try store.get(key) == [1])
    }

    @Test(arguments: Kind.allCases) func uploadedFileStaysAndReadsBack(kind: Kind) throws {
        let store = try makeStore(kind)
        let bytes = (0..<2_500_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
        let path = try folder.write(bytes, to: "file")
        let key = try ObjectKey("segments/ab/cd")
        #expect(try store.upload(contentsOf: path, at: key) == .created)
        #expect(try store.get(key) == bytes)
        #expect(try Array(Data(contentsOf: URL(filePath: path))) == bytes)
        try FileManager.default.removeItem(atPath: path)
        #expect(try store.get(key) == bytes)
    }

    @Test(arguments: Kind.allCases) func rangesAreExact(kind: Kind) throws {
        let store = try makeStore(kind)
        let key = try ObjectKey("r")
        _ = try store.put(Array(0..<100), at: key)
        #expect(try store.read(key, 10..<13) == [10, 11, 12])
        #expect(try store.read(key, 100..<100) == [])
        for range in [99..<101, 100..<101, 500..<501, 0..<101] {
            #expect(throws: ArchiveError.self) { try store.read(key, range) }
            #expect(code { _ = try store.read(key, range) } == .corrupt)
        }
    }

    @Test(arguments: Kind.allCases) func absentObjectIsToldApart(kind: Kind) throws {
        let store = try makeStore(kind)
        let key = try ObjectKey("no/such")
        #expect(try store.get(key) == nil)
        #expect(try store.size(key) == nil)
        #expect(code { _ = try store.read(key, 0..<1) } == .notFound)
        try store.delete(key)
        _ = try store.put([1], at: ObjectKey("no/such/child"))
        #expect(try store.get(key) == nil)
        #expect(try store.size(key) == nil)
    }

    @Test(arguments: Kind.allCases) func deletedNameIsFreeAgain(kind: Kind) throws {
        let store = try makeStore(kind)
        let key = try ObjectKey("a/b")
        _ = try store.put([1], at: key)
        try store.delete(key)
        #expect(try store.get(key) == nil)
        #expect(try store.list("", after: nil, limit: 10).isEmpty)
        #expect(try store.put([2], at: key) == .created)
    }

    @Test(arguments: Kind.allCases) func listOrdersByBytesAndPages(kind: Kind) throws {
        let store = try makeStore(kind)
        // `-` and `.` sort before `/`, `0` after it: where folders and names disagree if sorted naively.
        let keys = ["a", "a-b", "a.b", "a/b", "a/b/c", "a/c", "a0", "a~", "A", "b/x", "b/y/z", "b/y-", "z"]
            .filter { $0 != "a" && $0 != "a/b" }
        for key in keys { _ = try store.put(Array(key.utf8), at: ObjectKey(key)) }
        let sorted = keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(try store.list("", after: nil, limit: 100).map(\.key.text) == sorted)
        #expect(try store.list("", after: nil, limit: 100).map(\.size) == sorted.map(\.utf8.count))
        for size in [1, 2, 3, 100] {
            for prefix in ["", "a", "a/", "a/b", "b/y", "b/y/", "nothing"] {
                var visited: [String] = []
                try store.forEachObject(prefix, pageSize: size) { visited.append($0.key.text) }
                #expect(visited == sorted.filter { $0.hasPrefix(prefix) }, "prefix \(prefix) by \(size)")
            }
        }
        #expect(code { _ = try store.list("../", after: nil, limit: 1) } == .invalid)
    }

    @Test(arguments: Kind.allCases) func concurrentWritersOfOneNameHaveOneWinner(kind: Kind) throws {
        let store = try makeStore(kind)
        for round in 0..<20 {
            let key = try ObjectKey("race/\(round)/x")
            let winners = Mutex<[UInt8]>([])
            let failures = Mutex<[ArchiveError]>([])
            onThreads(8) { index in
                let bytes = [UInt8](repeating: UInt8(index), count: 10_000)
                do throws(ArchiveError) {
                    let result = try store.put(bytes, at: key)
                    let read = try store.get(key)
                    if result == .created { winners.withLock { $0.append(UInt8(index)) } }
                    if read?.count != 10_000 { failures.withLock { $0.append(ArchiveError(.corrupt, "torn read")) } }
                } catch {
                    failures.withLock { $0.append(error) }
                }
            }
            #expect(failures.withLock { $0 } == [])
            let winner = try #require(winners.withLock { $0.count == 1 ? $0[0] : nil })
            #expect(try store.get(key) == [UInt8](repeating: winner, count: 10_000))
        }
    }
}

/// The code of the error that a body throws, `nil` when it throws none.
func code(_ body: () throws -> Void) -> ArchiveError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? ArchiveError)?.code
    }
}
