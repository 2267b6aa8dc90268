package import Crypto
package import FoundationEssentials
package import Runtime

/// What people do with the keys of an encrypted repository, with a password that opens it.
///
/// Blocking; every call looks at the keys anew.
package struct KeyMaintenance: Sendable {
    /// One object of `keys/`, as a list shows it.
    package struct Description: Hashable, Sendable {
        package let id: String
        package let label: String
        /// RFC 3339, by its maker's clock.
        package let created: String
        /// The numbers of the epochs it holds, oldest first; `nil` for one that this password does not know.
        package let epochs: [Int?]
        /// Whether it opens what is stored now.
        package let holdsNewest: Bool
        /// Whether it is the first one.
        package let isNamedByFormat: Bool
    }

    private let store: any ObjectStore
    private let keys: RepositoryKeys
    private let cost: ScryptCost

    /// - Throws: `.invalid` for a repository that is not encrypted.
    package init(_ repository: OpenRepository, cost: ScryptCost = .standard) throws(ArchiveError) {
        guard let keys = repository.store.keys else {
            throw ArchiveError(.invalid, "the repository \(repository.store.location) is not encrypted: it has no keys")
        }
        store = repository.store.base
        self.keys = keys
        self.cost = cost
    }

    /// The oldest first, and what could not be read.
    package func list() throws(ArchiveError) -> (keys: [Description], damages: [String]) {
        let look = try keys.look(in: store)
        let newest = try newest(look)
        // An epoch that this password does not open is newer than what its maker had before it.
        let isOutdated = look.newerKey != nil
        let descriptions = look.objects.values.map { object in
            Description(
                id: object.id, label: object.label, created: object.created,
                epochs: object.epochs.map { look.keyring[$0]?.number },
                holdsNewest: isOutdated ? !look.keyring.holds(object.epochs) : object.epochs.contains(newest.id),
                isNamedByFormat: object.id == keys.firstKey)
        }
        return (descriptions.sorted { ($0.created, $0.id) < ($1.created, $1.id) }, look.damages.map(\.message))
    }

    /// Lets another password open all that this one does.
    /// - Throws: `.wrongPassword` when the key was rotated and this password does not open the new epoch.
    /// - Returns: the id of the new key.
    package func add(_ password: Sensitive, label: String, now: Date) throws(ArchiveError) -> String {
        try put(try currentKeyring(), password, label, now).id
    }

    /// Makes a new epoch, which what is stored from now on is sealed under, and a key that holds it and all before it.
    /// - Parameter password: what the new key is wrapped with; the others do not hold the new epoch.
    /// - Throws: `.invalid` for the password at hand; `.wrongPassword` as `add` does; `.exists` when somebody else rotated meanwhile: nobody
    ///   could seal then.
    /// - Returns: the id of the new key.
    package func rotate(_ password: Sensitive, label: String, now: Date) throws(ArchiveError) -> String {
        guard password.withoutLineEnds != keys.password.withoutLineEnds else {
            throw ArchiveError(
                .invalid,
                "the new password is \(keys.passwordName) itself, and whoever knows it would open the new epoch: give another one"
            )
        }
        let rotated = try currentKeyring().rotated()
        let made = try put(rotated, password, label, now)
        let objects = try keys.look(in: store).objects
        guard let other = objects.values.first(where: { !rotated.holds($0.epochs) }) else { return made.id }
        // Two new epochs that no password opens together would stop all writers. Nobody was given this one's password yet.
        try store.delete(made.key)
        throw ArchiveError(
            .exists,
            "key \(other.id) (\(other.label)) was made by another rotation at the same time: give its password, and try again")
    }

    /// Removes a key: its password opens nothing any more, except for whoever kept a copy of the key.
    ///
    /// - Throws: `.notFound` when there is no such key; `.invalid` when it cannot be read, or the password at hand does not open another
    ///   one that holds all that this one does, and the newest epoch: it cannot be known then that the repository stays readable.
    package func remove(_ id: String) throws(ArchiveError) {
        var look = try keys.look(in: store)
        guard let object = look.objects[id] else {
            if let damage = look.unreadable[id] {
                throw ArchiveError(
                    .invalid,
                    "\(damage.message), or delete that object in the store: what would be lost with it cannot be known")
            }
            let known = look.objects.keys.sorted().joined(separator: ", ")
            throw ArchiveError(.notFound, "\(store.location) has no key \(id); it has \(known)")
        }
        let needed = Set(object.epochs).union(look.keyring.epochs.map(\.id))
        let witnesses = try witnesses(of: needed, without: id, &look)
        let bytes = try store.get(object.key)
        try store.delete(object.key)
        // Another removal at the same time may have relied on this very key.
        for witness in witnesses where try store.size(witness.key) == nil {
            if let bytes { _ = try store.put(bytes, at: object.key) }
            throw ArchiveError(
                .invalid, "key \(witness.id), which was to stay, was removed meanwhile: \(id) was put back; try again")
        }
    }

    /// Other keys that the password opens and that hold all these epochs together.
    private func witnesses(
        of needed: Set<EpochID>, without id: String, _ look: inout KeyLook
    ) throws(ArchiveError) -> [KeyObject] {
        var missing = needed
        var witnesses: [KeyObject] = []
        for other in look.objects.values.sorted(by: { $0.epochs.count > $1.epochs.count })
        where other.id != id && !missing.isDisjoint(with: other.epochs) {
            guard try look.open(other, with: keys.password, in: store) != nil else { continue }
            missing.subtract(other.epochs)
            witnesses.append(other)
        }
        guard missing.isEmpty else {
            throw ArchiveError(
                .invalid,
                "without key \(id), \(keys.passwordName) is known to open \(needed.count - missing.count) of \(needed.count) epochs: what is "
                    + "sealed under the others could not be read any more; add a password that stays, give it, and then remove this key"
            )
        }
        return witnesses
    }

    private func newest(_ look: KeyLook) throws(ArchiveError) -> Epoch {
        guard let newest = look.keyring.newest else { throw ArchiveError(.corrupt, "no key of \(store.location) opens") }
        return newest
    }

    /// All epochs that there are.
    /// - Throws: as `RepositoryKeys.checkCurrent`.
    private func currentKeyring() throws(ArchiveError) -> Keyring {
        let look = try keys.look(in: store)
        try keys.checkCurrent(look, store)
        return look.keyring
    }

    private func put(
        _ keyring: Keyring, _ password: Sensitive, _ label: String, _ now: Date
    ) throws(ArchiveError) -> KeyObject {
        let object = try KeyObject.make(
            keyring, repository: keys.repository, password: password, label: label, now: now, cost: cost)
        guard try store.put(object.encoded(), at: object.key) == .created else {
            throw ArchiveError(.exists, "\(store.location) has a key \(object.id) already: try again")
        }
        return object
    }
}
