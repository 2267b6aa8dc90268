import Synchronization
import Testing

@testable import Archive

/// What every store must do when several write or read one name at once.
@Suite struct StoreContractRace {
    private let fixtures = StoreFixtures()

    private static let size = 10_000

    /// Eight threads write one key, each bytes of its own; what each was told, and what the object is then.
    private func race(
        _ kind: StoreKind, rounds: Int,
        _ write: @escaping @Sendable (any ObjectStore, String, Int, ObjectKey) throws -> PutResult?
    ) throws {
        let fixture = try fixtures.make(kind)
        let store = fixture.store
        let paths = try (0..<8).map {
            try fixture.folder.write([UInt8](repeating: UInt8($0), count: StoreContractRace.size), to: "file\($0)")
        }
        for round in 0..<rounds {
            let key = try ObjectKey("race/\(round)/x")
            let winners = Mutex<[Int]>([])
            let failures = Mutex<[String]>([])
            onThreads(8) { index in
                do {
                    let result = try write(store, paths[index], index, key)
                    if result == .created { winners.withLock { $0.append(index) } }
                    // Whatever it was told, the object is there and whole from now on.
                    let read = try store.get(key)
                    if read?.count != StoreContractRace.size {
                        failures.withLock { $0.append("\(index) reads \(read?.count ?? -1)") }
                    }
                } catch let error as ArchiveError where error.code == .unreachable && error.message.contains("Conflict") {
                    // S3 may answer so while another upload of the name ends; the caller repeats the call.
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
            #expect(failures.withLock { $0 } == [])
            let won = winners.withLock { $0 }
            try #require(won.count == 1, "\(won.count) of 8 were told that they created it")
            #expect(try store.get(key) == [UInt8](repeating: UInt8(won[0]), count: StoreContractRace.size))
            #expect(try store.list("race/\(round)/", after: nil, limit: 9).count == 1)
        }
    }

    @Test(arguments: StoreKind.present) func onePutWins(kind: StoreKind) throws {
        try race(kind, rounds: 10) { store, _, index, key in
            try store.put([UInt8](repeating: UInt8(index), count: StoreContractRace.size), at: key)
        }
    }

    @Test(arguments: StoreKind.present) func oneUploadWins(kind: StoreKind) throws {
        try race(kind, rounds: 10) { store, path, _, key in try store.upload(contentsOf: path, at: key) }
    }

    @Test(arguments: StoreKind.present) func oneUploadInPartsWins(kind: StoreKind) throws {
        guard try hasParts(kind) else { return }
        try race(kind, rounds: 5) { store, _, index, key in
            try store.putInParts([UInt8](repeating: UInt8(index), count: StoreContractRace.size), at: key)
        }
    }

    @Test(arguments: StoreKind.present) func putAndUploadHaveOneWinner(kind: StoreKind) throws {
        let hasParts = try hasParts(kind)
        try race(kind, rounds: 5) { store, path, index, key in
            let bytes = [UInt8](repeating: UInt8(index), count: StoreContractRace.size)
            return switch index % 3 {
            case 0: try store.put(bytes, at: key)
            case 1 where hasParts: try store.putInParts(bytes, at: key)
            default: try store.upload(contentsOf: path, at: key)
            }
        }
    }

    @Test(arguments: StoreKind.present) func differentKeysDoNotDisturbEachOther(kind: StoreKind) throws {
        let fixture = try fixtures.make(kind)
        let store = fixture.store
        let failures = Mutex<[String]>([])
        onThreads(8) { thread in
            for number in 0..<10 {
                do {
                    let key = try ObjectKey("own/\(thread)/\(number)")
                    guard try store.put([UInt8(thread), UInt8(number)], at: key) == .created else { throw CancellationError() }
                    guard try store.get(key) == [UInt8(thread), UInt8(number)] else { throw CancellationError() }
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
        }
        #expect(failures.withLock { $0 } == [])
        #expect(try store.list("own/", after: nil, limit: 100).count == 80)
    }

    @Test(arguments: StoreKind.present) func aReaderSeesAllOrNothing(kind: StoreKind) throws {
        let fixture = try fixtures.make(kind)
        let store = fixture.store
        let bytes = pattern(2 << 20)
        let key = try ObjectKey("whole")
        let torn = Mutex<[String]>([])
        let isDone = Atomic(false)
        onThreads(4) { thread in
            do {
                if thread == 0 {
                    defer { isDone.store(true, ordering: .releasing) }
                    _ = try store.put(bytes, at: key)
                } else {
                    repeat {
                        let size = try store.size(key)
                        let read = try store.get(key)
                        if size != nil && size != bytes.count || read != nil && read != bytes || size != nil && read == nil {
                            torn.withLock { $0.append("\(thread) sees \(size ?? -1), \(read?.count ?? -1)") }
                        }
                    } while !isDone.load(ordering: .acquiring)
                }
            } catch let error as ArchiveError where error.code == .unreachable && error.message.contains("at this moment") {
                // Stored between the two requests that tell a missing object from a missing bucket.
            } catch {
                torn.withLock { $0.append("\(error)") }
            }
        }
        #expect(torn.withLock { $0 } == [])
        #expect(try store.get(key) == bytes)
    }

    private func hasParts(_ kind: StoreKind) throws -> Bool {
        try fixtures.make(kind).store.putInParts([1], at: ObjectKey("x")) != nil
    }
}
