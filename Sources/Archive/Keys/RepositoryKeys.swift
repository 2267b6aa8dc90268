import Runtime
import Synchronization

/// The epochs of one repository that one password opens, for all who use that repository in this process: scrypt runs once.
///
/// What was found is looked at again when an epoch is asked for that is not among it, and before something is sealed when the last
/// look was a while ago, so that a rotation elsewhere is followed and a key that was removed ends its use.
package final class RepositoryKeys: Sendable {
    /// Of `FORMAT`: 32 hexadecimal digits.
    let repository: String
    /// The object in `keys/` that `FORMAT` names.
    let firstKey: String
    let password: Sensitive
    /// What to call the password in messages, such as `the password of Secret demo/storage`.
    let passwordName: String
    /// How old a look may be where something is to be sealed.
    private let freshness: Duration
    private let state = Mutex(State())

    private struct State {
        var look: KeyLook
        var lookedAt: ContinuousClock.Instant?

        init() { look = KeyLook() }
    }

    init(repository: String, firstKey: String, password: Sensitive, passwordName: String, freshness: Duration) {
        self.repository = repository
        self.firstKey = firstKey
        self.password = password
        self.passwordName = passwordName
        self.freshness = freshness
    }

    /// What new objects are to be sealed under.
    ///
    /// Blocks for scrypt and the store.
    /// - Throws: `.wrongPassword`, also when a listed key holds an epoch that the password does not open: what is sealed under an older one
    ///   may be read by whoever the rotation was to shut out. `.corrupt` and `.unsupported` for a listed key that cannot be read, which may
    ///   hold such an epoch; `.corrupt` also when keys are gone.
    func newest(in store: any ObjectStore) throws(ArchiveError) -> Epoch {
        try state.withLock { (state) throws(ArchiveError) in
            if state.lookedAt.map({ ContinuousClock.now - $0 >= freshness }) ?? true {
                try look(&state, for: .all, store)
            } else {
                try state.look.open(for: .all, with: self, in: store)
            }
            guard let newest = state.look.keyring.newest else { throw noneOpened(state.look, store) }
            try checkCurrent(state.look, store)
            return newest
        }
    }

    /// The epoch that an object says it is sealed under.
    /// - Throws: `.corrupt` when no key of the repository holds it, `.wrongPassword` when one does that the password does not open.
    func epoch(_ id: EpochID, of key: ObjectKey, in store: any ObjectStore) throws(ArchiveError) -> Epoch {
        try state.withLock { (state) throws(ArchiveError) in
            if let epoch = state.look.keyring[id] { return epoch }
            try state.look.open(for: .epoch(id), with: self, in: store)
            if let epoch = state.look.keyring[id] { return epoch }
            try look(&state, for: .epoch(id), store)
            if let epoch = state.look.keyring[id] { return epoch }
            guard state.look.isListed(id) else {
                throw ArchiveError(
                    .corrupt,
                    "\(key) in \(store.location) is damaged, or its key is gone: it names epoch \(id), which no object in keys/ holds; "
                        + "restore it, or keys/, from another copy")
            }
            throw ArchiveError(
                .wrongPassword,
                "\(key) in \(store.location) is sealed under epoch \(id), which \(passwordName) does not open: the key was rotated; give "
                    + "the newer password, or add this one again with: sheaf repo keys add")
        }
    }

    /// Makes sure that the password opens something. Cheap once it has.
    func check(in store: any ObjectStore) throws(ArchiveError) {
        try state.withLock { (state) throws(ArchiveError) in
            if state.look.keyring.newest == nil { try look(&state, for: .any, store) }
        }
    }

    /// All there is to know of the keys, looked at now.
    func look(in store: any ObjectStore) throws(ArchiveError) -> KeyLook {
        try state.withLock { (state) throws(ArchiveError) in
            try look(&state, for: .all, store)
            return state.look
        }
    }

    /// - Throws: `.wrongPassword` when a listed key holds an epoch that the password does not open; `.corrupt` or `.unsupported` for one that
    ///   may, as it cannot be read.
    func checkCurrent(_ look: KeyLook, _ store: any ObjectStore) throws(ArchiveError) {
        if let damage = look.damages.first {
            throw ArchiveError(
                damage.code,
                "nothing is stored in \(store.location) while a key cannot be read, since the key may have been rotated with it: "
                    + "\(damage.message), or delete that object in the store if no password needs it")
        }
        guard let newer = look.newerKey else { return }
        throw ArchiveError(
            .wrongPassword,
            "nothing is stored in \(store.location) with \(passwordName): key \(newer.id) (\(newer.label)) holds an epoch that it does not "
                + "open, so the key was rotated; give the newer password, and restart a worker that has it from a manifest, or add this one "
                + "again with: sheaf repo keys add")
    }

    private func look(_ state: inout State, for need: KeyLook.Need, _ store: any ObjectStore) throws(ArchiveError) {
        try state.look.update(self, in: store)
        try state.look.open(for: need, with: self, in: store)
        guard state.look.keyring.newest != nil else { throw noneOpened(state.look, store) }
        state.lookedAt = .now
    }

    private func noneOpened(_ look: KeyLook, _ store: any ObjectStore) -> ArchiveError {
        if let other = look.foreign[firstKey] {
            return ArchiveError(
                .corrupt,
                "FORMAT in \(store.location) is damaged or another repository's: it says repository \(repository), and key \(firstKey), which "
                    + "it names, is of repository \(other); restore FORMAT from a copy")
        }
        if let damage = look.damages.first {
            let others = look.objects.isEmpty ? "" : "; \(passwordName) opens none of the other \(look.objects.count) keys"
            return ArchiveError(damage.code, damage.message + others)
        }
        guard !look.objects.isEmpty else {
            return ArchiveError(
                .corrupt,
                "FORMAT names key \(firstKey), and keys/ has none in \(store.location): restore keys/ from another copy, without it nothing "
                    + "can be read")
        }
        return ArchiveError(
            .wrongPassword,
            "\(passwordName) opens none of \(look.objects.count) keys of repository \(repository) in \(store.location): give the "
                + "password that it was made with, or one that was added")
    }
}

/// What is in `keys/`, as far as one password opens it.
package struct KeyLook: Sendable {
    /// The key objects of this repository by their ids.
    private(set) var objects: [String: KeyObject] = [:]
    /// The epochs of those that the password opened.
    private(set) var opened: [String: [Epoch]] = [:]
    /// Those that were tried in vain.
    private(set) var refused: Set<String> = []
    private(set) var keyring = Keyring()
    /// The repositories that other objects say they are of, by their ids.
    private(set) var foreign: [String: String] = [:]
    /// Why some cannot be used, by their ids.
    private(set) var unreadable: [String: ArchiveError] = [:]

    /// Why some cannot be used, in the order of their ids.
    var damages: [ArchiveError] { unreadable.sorted { $0.key < $1.key }.map(\.value) }

    /// Whether some object holds the epoch, whoever can open it.
    func isListed(_ id: EpochID) -> Bool { objects.values.contains { $0.epochs.contains(id) } }

    /// One that holds what the password does not open; the first by id.
    var newerKey: KeyObject? {
        objects.values.filter { !keyring.holds($0.epochs) }.min { $0.id < $1.id }
    }

    /// What is to be opened. Each try costs a run of scrypt, and whoever can write can add objects.
    enum Need {
        /// Anything: enough to tell a wrong password.
        case any
        case epoch(EpochID)
        case all
    }

    /// Lists the objects and reads those that are new: key objects never change. What is not listed any more opens nothing any more.
    mutating func update(_ keys: RepositoryKeys, in store: any ObjectStore) throws(ArchiveError) {
        // The object that `FORMAT` names is looked for by its name, whatever the list says.
        var ids = [keys.firstKey]
        try store.forEachObject(KeyObject.prefix) { (object) throws(ArchiveError) in
            let id = String(object.key.text.dropFirst(KeyObject.prefix.count))
            if id != keys.firstKey { ids.append(id) }
        }
        unreadable = [:]
        foreign = [:]
        var found: [String: KeyObject] = [:]
        for id in ids {
            do throws(ArchiveError) {
                var object = id == keys.firstKey ? nil : objects[id]
                if object == nil { object = try read(id, in: store) }
                guard let object else { continue }
                if object.repository == keys.repository { found[id] = object } else { foreign[id] = object.repository }
            } catch  where error.code == .corrupt || error.code == .unsupported {
                unreadable[id] = error
            }
        }
        objects = found
        opened = opened.filter { found[$0.key] != nil }
        keyring = Keyring(opened.values.joined())
    }

    /// Tries the password on the objects that may have what is needed and is not known: first on the one that `FORMAT` names. Until one
    /// has opened, that may be any. Each is tried once.
    mutating func open(
        for need: Need, with keys: RepositoryKeys, in store: any ObjectStore
    ) throws(ArchiveError) {
        let others = objects.keys.filter { $0 != keys.firstKey }.sorted()
        for object in ([keys.firstKey] + others).compactMap({ objects[$0] }) {
            let isNeeded =
                switch need {
                case .any: false
                case .epoch(let id): object.epochs.contains(id) && keyring[id] == nil
                case .all: !keyring.holds(object.epochs)
                }
            if opened.isEmpty || isNeeded { _ = try open(object, with: keys.password, in: store) }
        }
    }

    /// Tries the password on one object, whatever is known already.
    mutating func open(
        _ object: KeyObject, with password: Sensitive, in store: any ObjectStore
    ) throws(ArchiveError) -> [Epoch]? {
        if let epochs = opened[object.id] { return epochs }
        if refused.contains(object.id) { return nil }
        do throws(ArchiveError) {
            guard let epochs = try object.open(with: password, in: store.location) else {
                refused.insert(object.id)
                return nil
            }
            opened[object.id] = epochs
            keyring.add(epochs)
            return epochs
        } catch  where error.code == .corrupt {
            // It is read and tried again at the next look only.
            objects[object.id] = nil
            unreadable[object.id] = error
            return nil
        }
    }

    /// - Returns: `nil` when it was removed meanwhile.
    private func read(_ id: String, in store: any ObjectStore) throws(ArchiveError) -> KeyObject? {
        let key = try ObjectKey(KeyObject.prefix + id)
        guard let bytes = try store.get(key) else { return nil }
        return try KeyObject.decoded(bytes, id: id, in: store.location)
    }
}
