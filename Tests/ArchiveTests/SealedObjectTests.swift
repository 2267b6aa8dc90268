import Crypto
import FoundationEssentials
import Runtime
import Testing

@testable import Archive

/// What an encrypted repository makes of all objects but segments.
struct SealedObjectTests {
    private let store = MemoryStore()
    private let repository: OpenRepository
    private let folder: TemporaryFolder
    private static let chunk = 1 << 20

    private var sealed: RepositoryStore { repository.store }

    init() throws {
        folder = try TemporaryFolder()
        repository = try sealedRepository(in: store)
    }

    private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

    @Test(arguments: [0, 1, 1_000, chunk - 1, chunk, chunk + 1, 3 * chunk, 3 * chunk + 5])
    func whatIsPutComesBack(size: Int) throws {
        let plain = bytes(size)
        let (put, uploaded) = (try ObjectKey("sessions/a/plan"), try ObjectKey("manifests/b"))
        #expect(try sealed.put(plain, at: put) == .created)
        #expect(try sealed.put(plain + [1], at: put) == .existing)
        #expect(try sealed.upload(contentsOf: folder.write(plain, to: "plain"), at: uploaded) == .created)
        #expect(try folder.names() == ["plain"], "the sealed file was left")
        for key in [put, uploaded] {
            #expect(try sealed.get(key) == plain)
            #expect(try sealed.size(key) == size)
            #expect(try sealed.list("", after: nil, limit: 100).first { $0.key == key }?.size == size)
            let stored = try #require(try store.get(key))
            #expect(stored.count == SealedObject.storedSize(ofPlain: size))
            #expect(SealedObject.plainSize(ofStored: stored.count) == size)
        }
        // Each object has a key of its own.
        #expect(try store.get(put)?.dropFirst(32) != store.get(uploaded)?.dropFirst(32))
    }

    @Test func rangesAreReadByChunk() throws {
        let plain = bytes(3 * Self.chunk + 100)
        let key = try ObjectKey("manifests/a")
        _ = try sealed.put(plain, at: key)
        let chunk = Self.chunk
        for range in [
            0..<0, 0..<1, 0..<chunk, 5..<chunk + 7, chunk - 1..<chunk + 1, chunk..<2 * chunk, chunk + 1..<3 * chunk + 1,
            3 * chunk..<3 * chunk + 100, 3 * chunk + 99..<3 * chunk + 100, 0..<plain.count,
        ] {
            #expect(try sealed.read(key, range) == Array(plain[range]), "\(range)")
        }
        #expect(code { _ = try sealed.read(key, 0..<plain.count + 1) } == .corrupt)
        #expect(code { _ = try sealed.read(try ObjectKey("manifests/none"), 0..<1) } == .notFound)
        // A name that was deleted and taken again is another object, whatever was read before.
        store.delete(key)
        _ = try sealed.put(plain.reversed(), at: key)
        #expect(try sealed.read(key, 0..<10) == plain.reversed().prefix(10).map { $0 })
    }

    @Test func theLargestSmallObjectIsStillOne() throws {
        let local = try sealedRepository(in: LocalStore(folder.makeFolder("store"))).store
        let key = try ObjectKey("sessions/a/plan")
        let plain = [UInt8](repeating: 7, count: ObjectSize.small)
        _ = try local.put(plain, at: key)
        #expect(try local.get(key) == plain)
        let larger = try ObjectKey("sessions/a/view/0/0")
        _ = try local.put(plain + [1], at: larger)
        #expect(code { _ = try local.get(larger) } == .invalid)
    }

    @Test func whatMustBeReadableWithoutAKeyIsNotSealed() throws {
        for name in ["FORMAT", "RECOVERY.md", "recover.py", "keys/x", "probe/x"] {
            #expect(try !ObjectKey(name).isSealed, "\(name)")
        }
        let segment = try ObjectKey("segments/ab/x")
        _ = try sealed.put([1, 2, 3], at: segment)
        #expect(try store.get(segment) == [1, 2, 3] && sealed.get(segment) == [1, 2, 3] && sealed.size(segment) == 3)
        for name in [
            "inventory/ab/x", "manifests/x", "sessions/a/b", "outcomes/x", "marks/a/1", "forgotten/x", "pins/x", "gc/x",
            "checks/x",
        ] {
            let key = try ObjectKey(name)
            _ = try sealed.put(Array("open".utf8), at: key)
            #expect(try store.get(key)?.count == 84, "\(name)")
        }
    }

    @Test func everyChangedByteIsTold() throws {
        let key = try ObjectKey("outcomes/a")
        let plain = bytes(300)
        _ = try sealed.put(plain, at: key)
        let stored = try #require(try store.get(key))
        for offset in stored.indices {
            store.tamper(key) { $0[offset] ^= UInt8(1) << UInt8(offset % 8) }
            let error = #expect(throws: ArchiveError.self) { _ = try sealed.get(key) }
            #expect(
                error?.code == .corrupt && error?.message.contains("outcomes/a") == true,
                "byte \(offset): \(String(describing: error))")
            #expect(code { _ = try sealed.read(key, 0..<300) } == .corrupt, "byte \(offset)")
            store.tamper(key) { $0 = stored }
        }
        for length in 0..<stored.count {
            store.tamper(key) { $0 = Array(stored[..<length]) }
            #expect(code { _ = try sealed.get(key) } == .corrupt, "cut to \(length)")
            #expect(code { _ = try sealed.read(key, 0..<300) } == .corrupt, "cut to \(length)")
        }
        store.tamper(key) { $0 = stored + [0] }
        #expect(code { _ = try sealed.get(key) } == .corrupt)
        store.tamper(key) { $0 = stored }
        #expect(try sealed.get(key) == plain)
    }

    @Test func chunksStayWhereTheyAre() throws {
        let key = try ObjectKey("manifests/a")
        _ = try sealed.put(bytes(3 * Self.chunk), at: key)
        let stored = try #require(try store.get(key))
        let chunks = (0..<3).map {
            Array(stored[(64 + $0 * SealedObject.storedChunk)..<(64 + ($0 + 1) * SealedObject.storedChunk)])
        }
        let header = Array(stored[..<64])
        for order in [[0, 1], [0], [1, 2], [1, 0, 2], [0, 1, 2, 2], [0, 0, 2]] {
            store.tamper(key) { $0 = header + order.flatMap { chunks[$0] } }
            #expect(code { _ = try sealed.get(key) } == .corrupt, "\(order)")
        }
    }

    @Test func noObjectStandsUnderAnothersName() throws {
        let (one, two) = (try ObjectKey("outcomes/one"), try ObjectKey("outcomes/two"))
        _ = try sealed.put([1], at: one)
        let moved = try #require(try store.get(one))
        store.tamper(two) { $0 = moved }
        #expect(code { _ = try sealed.get(two) } == .corrupt)
        #expect(try sealed.get(one) == [1])
    }

    @Test func aPlainObjectIsNoneOfAnEncryptedRepository() throws {
        let key = try ObjectKey("outcomes/one")
        store.tamper(key) {
            $0 = Array(#"{"verdict":{"commit":{}},"nonce":"and so on, as long as an object that is sealed must be"}"#.utf8)
        }
        #expect(code { _ = try sealed.get(key) } == .corrupt)
        #expect(code { _ = try sealed.read(key, 0..<3) } == .corrupt)
        #expect(try sealed.list("outcomes/", after: nil, limit: 2).count == 1)
    }

    /// Of whole sizes around each border, and of all that no object can have.
    @Test func sizesAreKnownByArithmetic() {
        var possible: Set<Int> = []
        for size in Array(0..<200) + Array(Self.chunk - 20..<Self.chunk + 20) + Array(2 * Self.chunk - 20..<2 * Self.chunk + 20) {
            possible.insert(SealedObject.storedSize(ofPlain: size))
            #expect(SealedObject.plainSize(ofStored: SealedObject.storedSize(ofPlain: size)) == size)
        }
        let full = 64 + SealedObject.storedChunk
        for stored in Array(0..<80) + Array(full + 1...full + 16) {
            #expect(SealedObject.plainSize(ofStored: stored) == nil, "\(stored)")
        }
    }
}
