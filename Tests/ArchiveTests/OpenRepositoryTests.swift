import FoundationEssentials
import Synchronization
import Testing

@testable import Archive

struct OpenRepositoryTests {
    private let folder: TemporaryFolder
    private let now = Date(timeIntervalSince1970: 1_750_000_000)

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func createdRepositoryOpensAgain() throws {
        let store = MemoryStore()
        #expect(code { _ = try OpenRepository.open(store, protection: .none, for: .reading) } == .notFound)
        let created = try OpenRepository.create(store, protection: .none, now: now)
        #expect(created.id.count == 32)
        #expect(created.format.created == "2025-06-15T15:06:40Z")
        for access in [RepositoryAccess.reading, .writing, .collecting] {
            #expect(try OpenRepository.open(store, protection: .none, for: access).format == created.format)
        }
        #expect(try OpenRepository.create(store, protection: .none, now: now).id == created.id)
        #expect(try store.list("", after: nil, limit: 10).map(\.key.text) == ["FORMAT", "RECOVERY.md", "recover.py"])
        let text = String(decoding: try #require(try store.get(.recovery)), as: UTF8.self)
        #expect(text.contains("zstd -dc") && text.contains("_bulk") && text.contains(created.id))
    }

    @Test func concurrentCreatorsAgreeOnOneRepository() throws {
        let store = try LocalStore(folder.makeFolder("store"))
        let results = Mutex<[Result<String, ArchiveError>]>([])
        let now = now
        onThreads(8) { _ in
            let result = Result { () throws(ArchiveError) in try OpenRepository.create(store, protection: .none, now: now).id }
            results.withLock { $0.append(result) }
        }
        let ids = try results.withLock { try $0.map { try $0.get() } }
        #expect(ids.count == 8 && Set(ids).count == 1)
    }

    /// A second repository there would hide what the first one holds.
    @Test(arguments: ["outcomes/20250615T150640Z-a", "sessions/a/begin", "segments/aa/b"])
    func whatALostFormatLeftIsNoPlaceForAnotherRepository(left: String) throws {
        let store = MemoryStore()
        _ = try OpenRepository.create(store, protection: .none, now: now)
        _ = store.put([1], at: try ObjectKey(left))
        store.delete(.format)
        let before = try store.list("", after: nil, limit: 10).map(\.key)
        let error = #expect(throws: ArchiveError.self) { _ = try OpenRepository.create(store, protection: .none, now: now) }
        #expect(
            error?.code == .corrupt && error?.message.contains("whose FORMAT is gone, such as \(left): restore FORMAT") == true)
        #expect(try store.list("", after: nil, limit: 10).map(\.key) == before)
        let opening = #expect(throws: ArchiveError.self) {
            _ = try OpenRepository.open(store, protection: .none, for: .reading)
        }
        #expect(opening?.code == .notFound && opening?.message == error?.message)
    }

    /// It looked for `FORMAT` before another one made it, and for objects after that one's first.
    @Test func aSlowCreatorTakesTheRepositoryOfAFasterOne() throws {
        let store = MemoryStore()
        let now = now
        let slow = ClosureStore(
            onto: store,
            before: { (name) throws(ArchiveError) in
                guard name == "list", try store.get(.format) == nil else { return }
                _ = try OpenRepository.create(store, protection: .none, now: now)
                _ = store.put([1], at: try ObjectKey("sessions/a/begin"))
            })
        let made = try OpenRepository.create(slow, protection: .none, now: now)
        #expect(try made.format == OpenRepository.open(store, protection: .none, for: .reading).format)
    }

    @Test func whatHelpsWithoutThisProgramIsSentOnceAndMadeGood() throws {
        let store = ClosureStore()
        _ = try OpenRepository.create(store, protection: .none, now: now)
        let made = store.calls.count
        _ = try OpenRepository.create(store, protection: .none, now: now)
        #expect(!store.calls[made...].contains("put"), "\(store.calls[made...])")
        // A creator that died before its last object.
        for key in [ObjectKey.recovery, .recoveryScript] { store.base.delete(key) }
        _ = try OpenRepository.create(store, protection: .none, now: now)
        #expect(try store.base.list("", after: nil, limit: 10).map(\.key.text) == ["FORMAT", "RECOVERY.md", "recover.py"])
    }

    @Test(arguments: [MemoryStore.Flaw.overwrites, .overwritesQuietly, .overwritesInParts])
    func storeWithoutConditionalPutIsRefused(flaw: MemoryStore.Flaw) throws {
        let store = MemoryStore(flaw)
        let error = #expect(throws: ArchiveError.self) { _ = try OpenRepository.create(store, protection: .none, now: now) }
        #expect(error?.code == .unsupported)
        #expect(try store.list("", after: nil, limit: 10).isEmpty)
    }

    @Test func newerFormatIsRefusedWhateverItsShape() throws {
        let store = MemoryStore()
        _ = store.put(Array(#"{"format":"sheaf","version":2,"repository":{"other":"shape"}}"#.utf8), at: .format)
        let error = #expect(throws: ArchiveError.self) { _ = try OpenRepository.open(store, protection: .none, for: .reading) }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("format 2") == true)
        #expect(code { _ = try OpenRepository.create(store, protection: .none, now: now) } == .unsupported)
    }

    @Test(arguments: [("{", ArchiveError.Code.corrupt), ("{}", .corrupt), (#"{"format":"restic","version":1}"#, .invalid)])
    func foreignFormatIsRefused(text: String, expected: ArchiveError.Code) {
        let store = MemoryStore()
        _ = store.put(Array(text.utf8), at: .format)
        #expect(code { _ = try OpenRepository.open(store, protection: .none, for: .reading) } == expected)
    }

    @Test func unknownFeatureForbidsOnlyItsOwnAccess() throws {
        let cases: [(features: String, refused: [RepositoryAccess])] = [
            (#""read":["x"],"write":[],"gc":[]"#, [.reading, .writing, .collecting]),
            (#""read":[],"write":["x"],"gc":[]"#, [.writing]),
            (#""read":[],"write":[],"gc":["x"]"#, [.collecting]),
        ]
        for (features, refused) in cases {
            let store = MemoryStore()
            let format = """
                {"format":"sheaf","version":1,"repository":"0","created":"","features":{\(features)},
                "algorithms":{"digest":"sha-256","compression":"zstd","encryption":"none"},"later":"kept quiet"}
                """
            _ = store.put(Array(format.utf8), at: .format)
            for access in [RepositoryAccess.reading, .writing, .collecting] {
                let outcome = code { _ = try OpenRepository.open(store, protection: .none, for: access) }
                #expect(outcome == (refused.contains(access) ? .unsupported : nil), "\(features) for \(access)")
            }
        }
    }

    @Test func unknownEncryptionIsRefused() {
        let store = MemoryStore()
        let format = """
            {"format":"sheaf","version":1,"repository":"0","created":"","features":{"read":[],"write":[],"gc":[]},
            "algorithms":{"digest":"sha-256","compression":"zstd","encryption":"rot13"}}
            """
        _ = store.put(Array(format.utf8), at: .format)
        #expect(code { _ = try OpenRepository.open(store, protection: .none, for: .reading) } == .unsupported)
    }
}
