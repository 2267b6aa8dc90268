import FoundationEssentials
import Runtime
import Testing

@testable import Archive

/// Whoever can write can add key objects, and each that the password is tried on costs a run of scrypt.
struct KeyLookTests {
    private let store = MemoryStore()
    private let now = Date(timeIntervalSince1970: 1_750_000_000)
    private let first: String
    private let rotated: String
    private let added: String
    private let forged: Set<String>
    private let made: OpenRepository

    init() throws {
        made = try sealedRepository(in: store)
        first = try #require(made.format.key)
        rotated = try KeyMaintenance(made, cost: cheap).rotate(Sensitive("new"), label: "new", now: now)
        let new = try sealedRepository(in: store, "new")
        added = try KeyMaintenance(new, cost: cheap).add(Sensitive("a password"), label: "again", now: now)
        var forged: Set<String> = []
        for _ in 0..<8 {
            let object = try KeyObject.make(
                Keyring().rotated(), repository: made.id, password: Sensitive("forged"), label: "x", now: now, cost: cheap)
            _ = store.put(try object.encoded(), at: try object.key)
            forged.insert(object.id)
        }
        self.forged = forged
    }

    private func keys(_ password: String) -> RepositoryKeys {
        RepositoryKeys(
            repository: made.id, firstKey: first, password: Sensitive(password), passwordName: "the password", freshness: .zero)
    }

    @Test func whoOpensTheKeyThatFormatNamesTriesNoOther() throws {
        let keys = keys("a password")
        var look = KeyLook()
        try look.update(keys, in: store)
        try look.open(for: .any, with: keys, in: store)
        #expect(look.opened.keys.sorted() == [first] && look.refused.isEmpty)
        let old = try #require(look.keyring.newest).id
        try look.open(for: .epoch(old), with: keys, in: store)
        #expect(look.opened.count == 1 && look.refused.isEmpty)
        // Only those that name the epoch are tried.
        let new = try #require(look.objects[rotated]?.epochs.last)
        try look.open(for: .epoch(new), with: keys, in: store)
        #expect(Set(look.opened.keys) == [first, added] && look.refused.isSubset(of: [rotated]))
        #expect(look.keyring[new] != nil && look.keyring.epochs.count == 2)
    }

    @Test func whoOpensAnotherKeyTriesNoMoreThanItTakes() throws {
        let keys = keys("new")
        var look = KeyLook()
        try look.update(keys, in: store)
        try look.open(for: .any, with: keys, in: store)
        #expect(look.opened.keys.sorted() == [rotated] && look.refused.contains(first))
        #expect(look.refused.subtracting([first]).allSatisfy { $0 < rotated })
    }

    /// An epoch that it does not know may be the newest.
    @Test func whoStoresTriesAllThatHoldMoreThanHeKnows() throws {
        let keys = keys("a password")
        var look = KeyLook()
        try look.update(keys, in: store)
        try look.open(for: .all, with: keys, in: store)
        #expect(look.refused.isSuperset(of: forged) && look.opened[added] != nil)
        #expect(forged.contains(try #require(look.newerKey).id))
        #expect(code { _ = try keys.newest(in: store) } == .wrongPassword)
        #expect(try keys.epoch(#require(look.objects[rotated]?.epochs.last), of: .format, in: store).number == 2)
    }
}
