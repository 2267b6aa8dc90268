import FoundationEssentials
import Runtime
import Testing

@testable import Archive

/// Keys and `FORMAT` that are gone, damaged or forged.
struct KeyDamageTests {
    private let store = MemoryStore()
    private let now = Date(timeIntervalSince1970: 1_750_000_000)
    private let key: ObjectKey

    init() throws { key = try ObjectKey("outcomes/a") }

    private func open(_ password: String = "a password") throws -> OpenRepository {
        try OpenRepository.open(
            store, protection: .password(Sensitive(password), KeyringCache(freshness: .zero)), for: .writing)
    }

    private func maintenance(_ repository: OpenRepository) throws -> KeyMaintenance {
        try KeyMaintenance(repository, cost: cheap)
    }

    private func keyNames() throws -> [String] { try store.list("keys/", after: nil, limit: 100).map(\.key.text) }

    // MARK: - Downgrades

    @Test(arguments: [RepositoryAccess.reading, .writing, .collecting])
    func aRepositoryThatIsKeptInAnotherWayThanWasSaidIsRefused(access: RepositoryAccess) throws {
        let plain = MemoryStore()
        _ = try OpenRepository.create(plain, protection: .none, now: now)
        let protection = Protection.password(Sensitive("a password"), KeyringCache())
        #expect(code { _ = try OpenRepository.open(plain, protection: protection, for: access) } == .invalid)
        _ = try sealedRepository(in: store)
        #expect(code { _ = try OpenRepository.open(store, protection: .none, for: access) } == .invalid)
        // Somebody puts a FORMAT that says so in its place.
        let format = try plain.get(.format) ?? []
        store.tamper(.format) { $0 = format }
        #expect(code { _ = try OpenRepository.open(store, protection: protection, for: access) } == .invalid)
    }

    @Test func aFormatThatNamesNoKeyIsDamaged() throws {
        _ = try sealedRepository(in: store)
        let text = String(decoding: try #require(try store.get(.format)), as: UTF8.self)
        let name = try #require(try keyNames().first?.dropFirst("keys/".count))
        for other in ["", "../FORMAT", name + "0"] {
            store.tamper(.format) { $0 = Array(text.replacing(name, with: other).utf8) }
            #expect(code { _ = try open() } == .corrupt, "\(other)")
        }
    }

    @Test func aFormatOfAnotherRepositoryIsSuspectedRatherThanTheKeys() throws {
        let made = try sealedRepository(in: store)
        let other = String(repeating: "f", count: 32)
        let text = String(decoding: try #require(try store.get(.format)), as: UTF8.self)
        store.tamper(.format) { $0 = Array(text.replacing(made.id, with: other).utf8) }
        let error = #expect(throws: ArchiveError.self) { _ = try open() }
        #expect(error?.code == .corrupt && error?.message.contains("restore FORMAT from a copy") == true)
        #expect(
            error?.message.contains("repository \(other)") == true && error?.message.contains("of repository \(made.id)") == true)
    }

    // MARK: - Damage

    @Test func keysThatAreGoneAreToldAsSuch() throws {
        let made = try sealedRepository(in: store)
        let name = try #require(made.format.key)
        store.delete(try ObjectKey("keys/\(name)"))
        let error = #expect(throws: ArchiveError.self) { _ = try open() }
        #expect(error?.code == .corrupt && error?.message.contains("FORMAT names key \(name), and keys/ has none") == true)
    }

    @Test func aDamagedKeyIsNoWrongPasswordAndAnotherOneStillOpens() throws {
        let made = try sealedRepository(in: store)
        let first = try ObjectKey("keys/\(try #require(made.format.key))")
        let bytes = try #require(try store.get(first))
        store.tamper(first) { $0[bytes.count / 2] ^= 1 }
        #expect(code { _ = try open() } == .corrupt)
        store.tamper(first) { $0 = bytes }
        _ = try maintenance(made).add(Sensitive("second"), label: "second", now: now)
        store.tamper(first) { $0[bytes.count / 2] ^= 1 }
        #expect(try open("second").id == made.id)
        #expect(try maintenance(open("second")).list().damages.count == 1)
        #expect(code { _ = try open() } == .corrupt, "nobody knows whether the damaged one was his")
    }

    /// It may be a rotation's: what is sealed under the epoch before it can be read by whoever the rotation was to shut out.
    @Test(arguments: [ArchiveError.Code.corrupt, .unsupported])
    func nothingIsStoredWhileAKeyCannotBeRead(code expected: ArchiveError.Code) throws {
        let made = try sealedRepository(in: store)
        _ = try made.store.put([1], at: key)
        let rotated = try maintenance(made).rotate(Sensitive("new"), label: "new", now: now)
        let object = try ObjectKey("keys/\(rotated)")
        let bytes = try #require(try store.get(object))
        let newer = try forgedKey(bytes, "\"version\":1", "\"version\":2")
        store.tamper(object) {
            if expected == .corrupt { $0[bytes.count / 2] ^= 1 } else { $0 = newer }
        }
        let other = try ObjectKey("outcomes/b")
        let old = try open()
        let error = #expect(throws: ArchiveError.self) { _ = try old.store.put([2], at: other) }
        #expect(error?.code == expected && error?.message.contains("keys/\(rotated)") == true)
        #expect(error?.message.contains("or delete that object in the store") == true)
        #expect(try store.get(other) == nil)
        #expect(code { _ = try maintenance(old).add(Sensitive("third"), label: "third", now: now) } == expected)
        #expect(code { _ = try maintenance(old).rotate(Sensitive("third"), label: "third", now: now) } == expected)
        #expect(code { try maintenance(old).remove(rotated) } == .invalid)
        #expect(try old.store.get(key) == [1])
        store.tamper(object) { $0 = bytes }
        #expect(code { _ = try open().store.put([2], at: other) } == .wrongPassword)
        #expect(try open("new").store.put([2], at: other) == .created)
    }
}
