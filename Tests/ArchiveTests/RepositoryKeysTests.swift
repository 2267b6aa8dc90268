import Crypto
import FoundationEssentials
import Runtime
import Synchronization
import Testing

@testable import Archive

/// Who opens what, and when what somebody else did to the keys is seen.
struct RepositoryKeysTests {
    private let store = MemoryStore()
    private let now = Date(timeIntervalSince1970: 1_750_000_000)
    private let key: ObjectKey

    init() throws { key = try ObjectKey("outcomes/a") }

    /// - Parameter freshness: `zero` looks before everything that is sealed.
    private func open(_ password: String = "a password", freshness: Duration = .zero) throws -> OpenRepository {
        try OpenRepository.open(
            store, protection: .password(Sensitive(password), KeyringCache(freshness: freshness)), for: .writing)
    }

    private func maintenance(_ repository: OpenRepository) throws -> KeyMaintenance {
        try KeyMaintenance(repository, cost: cheap)
    }

    private func keyNames() throws -> [String] { try store.list("keys/", after: nil, limit: 100).map(\.key.text) }

    private func epoch(of key: ObjectKey) throws -> EpochID? { EpochID(try #require(try store.get(key))[16..<32]) }

    // MARK: - Creation

    @Test func aRepositoryIsMadeWithOneKeyThatItsFormatNames() throws {
        let made = try sealedRepository(in: store)
        #expect(made.format.isEncrypted && made.format.algorithms.encryption == "aes-256-gcm")
        #expect(try keyNames() == ["keys/\(try #require(made.format.key))"])
        #expect(try open().id == made.id)
        let error = #expect(throws: ArchiveError.self) { _ = try open("another") }
        #expect(error?.code == .wrongPassword)
        #expect(error?.message.contains("opens none of 1 keys of repository \(made.id)") == true)
    }

    @Test func anyNumberOfCreatorsAgreeOnOneKey() throws {
        let folder = try TemporaryFolder()
        let local = try LocalStore(folder.makeFolder("store"))
        let results = Mutex<[Result<String, ArchiveError>]>([])
        onThreads(6) { number in
            let result = Result { () throws(ArchiveError) in
                let repository = try OpenRepository.create(
                    local, protection: .password(Sensitive("a password"), KeyringCache()), now: Date(), cost: cheap)
                _ = try repository.store.put([UInt8(number)], at: ObjectKey("outcomes/\(number)"))
                return repository.id
            }
            results.withLock { $0.append(result) }
        }
        let ids = try results.withLock { try $0.map { try $0.get() } }
        #expect(ids.count == 6 && Set(ids).count == 1)
        let repository = try sealedRepository(in: local)
        for number in 0..<6 { #expect(try repository.store.get(ObjectKey("outcomes/\(number)")) == [UInt8(number)]) }
        #expect(try local.list("keys/", after: nil, limit: 10).map(\.key.text) == ["keys/\(try #require(repository.format.key))"])
    }

    /// It died before it took its key away again. Its password may be the very same.
    @Test func theKeyOfACreatorThatLostIsNobodys() throws {
        let lost = try KeyObject.make(
            try Keyring().rotated().rotated(), repository: String(repeating: "f", count: 32), password: Sensitive("a password"),
            label: "main", now: now, cost: cheap)
        _ = store.put(try lost.encoded(), at: try lost.key)
        let made = try sealedRepository(in: store)
        _ = try made.store.put([1], at: key)
        #expect(try !lost.epochs.contains(#require(try epoch(of: key))))
        #expect(try maintenance(made).list().keys.map(\.id) == [made.format.key])
        store.delete(try ObjectKey("keys/\(try #require(made.format.key))"))
        #expect(code { _ = try open() } == .corrupt)
    }

    // MARK: - Rotation

    @Test func whoWritesFollowsARotationAndWhoReadsFindsWhatHeDoesNotKnow() throws {
        let made = try sealedRepository(in: store)
        let (eager, lazy) = (try open(), try open(freshness: .seconds(3600)))
        _ = try lazy.store.put([0], at: key)
        #expect(code { _ = try maintenance(made).rotate(Sensitive("a password\n"), label: "same", now: now) } == .invalid)
        _ = try maintenance(made).rotate(Sensitive("new"), label: "new", now: now)
        _ = try maintenance(open("new")).add(Sensitive("a password"), label: "again", now: now)
        let (new, old) = (try ObjectKey("outcomes/new"), try ObjectKey("outcomes/old"))
        _ = try eager.store.put([1], at: new)
        _ = try lazy.store.put([2], at: old)
        #expect(try epoch(of: old) == epoch(of: key))
        #expect(try epoch(of: new) != epoch(of: key))
        // The lazy one finds the epoch, and uses it from then on.
        #expect(try lazy.store.get(new) == [1])
        #expect(try eager.store.get(old) == [2])
        let next = try ObjectKey("outcomes/next")
        _ = try lazy.store.put([3], at: next)
        #expect(try epoch(of: next) == epoch(of: new))
    }

    @Test func aPasswordOfBeforeTheRotationOpensWhatWasBeforeIt() throws {
        let made = try sealedRepository(in: store)
        _ = try made.store.put([1], at: key)
        _ = try maintenance(made).rotate(Sensitive("new"), label: "new", now: now)
        let new = try ObjectKey("outcomes/new")
        _ = try open("new").store.put([2], at: new)
        let before = try open()
        #expect(try before.store.get(key) == [1])
        let error = #expect(throws: ArchiveError.self) { _ = try before.store.get(new) }
        #expect(error?.code == .wrongPassword && error?.message.contains("was rotated") == true)
        #expect(try open("new").store.get(key) == [1])
        // Added again, it opens all.
        _ = try maintenance(open("new")).add(Sensitive("a password"), label: "again", now: now)
        #expect(try before.store.get(new) == [2])
        #expect(try open().store.get(new) == [2])
    }

    /// The old password has leaked: what is sealed under its epoch can be read by whoever has it.
    @Test func aWriterWithThePasswordOfBeforeARotationReadsAndStoresNothing() throws {
        let made = try sealedRepository(in: store)
        let old = try open()
        _ = try old.store.put([1], at: key)
        let rotated = try maintenance(made).rotate(Sensitive("new"), label: "new", now: now)
        let other = try ObjectKey("outcomes/b")
        for writer in [old, try open()] {
            let error = #expect(throws: ArchiveError.self) { _ = try writer.store.put([2], at: other) }
            #expect(error?.code == .wrongPassword && error?.message.contains("key \(rotated) (new) holds an epoch") == true)
            #expect(error?.message.contains("with the password: ") == true && error?.message.contains("repo keys add") == true)
            #expect(code { _ = try writer.store.cipher(sealing: .bulk, salt: Array(repeating: 0, count: 32)) } == .wrongPassword)
            #expect(try writer.store.get(key) == [1])
        }
        #expect(try store.get(other) == nil)
        // Nor does it make a key that lacks the new epoch, or a newer epoch beside it.
        #expect(code { _ = try maintenance(old).add(Sensitive("third"), label: "third", now: now) } == .wrongPassword)
        #expect(code { _ = try maintenance(old).rotate(Sensitive("third"), label: "third", now: now) } == .wrongPassword)
        _ = try maintenance(open("new")).add(Sensitive("a password"), label: "again", now: now)
        #expect(try old.store.put([2], at: other) == .created)
        #expect(try epoch(of: other) != epoch(of: key))
    }

    /// Else no password would open both new epochs, and nobody could store.
    @Test func aRotationBesideAnotherOneIsTakenBack() throws {
        let made = try sealedRepository(in: store)
        let rival = try KeyObject.make(
            #require(made.store.keys).look(in: store).keyring.rotated(), repository: made.id, password: Sensitive("rival"),
            label: "rival", now: now, cost: cheap)
        let racing = ClosureStore(
            onto: store,
            after: { [store] (name) throws(ArchiveError) in
                if name == "put" { _ = store.put(try rival.encoded(), at: try rival.key) }
            })
        let error = #expect(throws: ArchiveError.self) {
            _ = try maintenance(sealedRepository(in: racing)).rotate(Sensitive("mine"), label: "mine", now: now)
        }
        #expect(error?.code == .exists && error?.message.contains("key \(rival.id) (rival)") == true)
        #expect(try Set(keyNames()) == ["keys/\(try #require(made.format.key))", "keys/\(rival.id)"])
        #expect(try open("rival").store.put([1], at: key) == .created)
    }

    @Test func twoRotationsAtOnceLeaveBothEpochsReadable() throws {
        let made = try sealedRepository(in: store)
        let look = try #require(made.store.keys).look(in: store)
        for number in 1...2 {
            let object = try KeyObject.make(
                look.keyring.rotated(), repository: made.id, password: Sensitive("a password"), label: "\(number)", now: now,
                cost: cheap)
            _ = store.put(try object.encoded(), at: try object.key)
        }
        let keyring = try #require(open().store.keys).look(in: store).keyring
        #expect(keyring.epochs.map(\.number) == [1, 2, 2])
        #expect(keyring.newest == (try #require(open().store.keys).newest(in: store)))
    }

    @Test func aPasswordWhoseKeyWasRemovedSealsNothingMore() throws {
        let made = try sealedRepository(in: store)
        _ = try maintenance(made).add(Sensitive("stays"), label: "stays", now: now)
        let (eager, lazy) = (try open(), try open(freshness: .seconds(3600)))
        _ = try lazy.store.put([1], at: key)
        try maintenance(open("stays")).remove(try #require(made.format.key))
        #expect(code { _ = try eager.store.put([1], at: try ObjectKey("outcomes/b")) } == .wrongPassword)
        #expect(code { _ = try open() } == .wrongPassword)
        #expect(try lazy.store.get(key) == [1], "what was opened before can be read")
        #expect(try open("stays").store.get(key) == [1])
    }

    @Test func scryptRunsOnceForEachPasswordOfAProcess() throws {
        let counting = CountingStore(store)
        let cache = KeyringCache()
        _ = try sealedRepository(in: counting, cache: cache)
        let before = counting.reads(of: "keys/")
        for _ in 0..<5 {
            let repository = try sealedRepository(in: counting, cache: cache)
            _ = try repository.store.put([1], at: key)
        }
        #expect(counting.reads(of: "keys/") == before)
    }

    // MARK: - Removal

    @Test func theLastKeyStays() throws {
        let made = try sealedRepository(in: store)
        let first = try #require(made.format.key)
        #expect(code { try maintenance(made).remove(first) } == .invalid)
        #expect(code { try maintenance(made).remove(String(repeating: "0", count: 32)) } == .notFound)
        let second = try maintenance(made).add(Sensitive("second"), label: "second", now: now)
        // Nothing shows that anybody knows the other password.
        #expect(code { try maintenance(made).remove(first) } == .invalid)
        try maintenance(made).remove(second)
        #expect(try keyNames() == ["keys/\(first)"])
    }

    @Test func aKeyThatAloneHoldsAnEpochStays() throws {
        let made = try sealedRepository(in: store)
        let rotated = try maintenance(made).rotate(Sensitive("new"), label: "new", now: now)
        #expect(code { try maintenance(made).remove(rotated) } == .invalid)
        #expect(code { try maintenance(open("new")).remove(rotated) } == .invalid)
        try maintenance(open("new")).remove(try #require(made.format.key))
        #expect(try keyNames() == ["keys/\(rotated)"])
        #expect(try open("new").id == made.id)
    }

    @Test func aListTellsWhoHoldsWhat() throws {
        let made = try sealedRepository(in: store)
        let added = try maintenance(made).add(Sensitive("other"), label: "other", now: now + 1)
        let rotated = try maintenance(made).rotate(Sensitive("new"), label: "new", now: now + 2)
        let old = try maintenance(open()).list().keys
        #expect(old.map(\.id) == [made.format.key, added, rotated])
        #expect(old.map(\.epochs) == [[1], [1], [1, nil]])
        #expect(old.map(\.isNamedByFormat) == [true, false, false])
        #expect(old.map(\.holdsNewest) == [false, false, true])
        let new = try maintenance(open("new")).list().keys
        #expect(new.map(\.epochs) == [[1], [1], [1, 2]])
        #expect(new.map(\.holdsNewest) == [false, false, true])
        #expect(new.map(\.label) == ["main", "other", "new"])
        #expect(code { _ = try KeyMaintenance(OpenRepository(store: RepositoryStore(store), format: made.format)) } == .invalid)
    }
}
