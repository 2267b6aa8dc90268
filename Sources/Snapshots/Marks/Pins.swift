package import Archive
package import Crypto
package import FoundationEssentials
package import Messages
package import Runtime

/// The object `pins/<name>`: somebody reads a snapshot, or needs segments that no manifest names.
package struct Pin: Codable, Sendable, Equatable {
    package var nonce: String
    /// By the store's clock, as `until`.
    package var at: Timestamp
    package var until: Timestamp
    package var snapshot: SnapshotID?
    package var segments: [String]
    /// For people.
    package var reason: String
    /// True: what was stored after the pin is not held by it. A restore and refused documents need what they name and no more; a copy needs
    /// what it is about to store.
    package var onlyNamed: Bool?

    package init(
        nonce: String, at: Timestamp, until: Timestamp, snapshot: SnapshotID?, segments: [String], reason: String,
        onlyNamed: Bool? = nil
    ) {
        self.nonce = nonce
        self.at = at
        self.until = until
        self.snapshot = snapshot
        self.segments = segments
        self.reason = reason
        self.onlyNamed = onlyNamed
    }
}

/// Protects what is read, or about to be named, from garbage collection. Ages are by the store's clock.
///
/// Why a pin is enough: it is put, then the snapshot is looked at again. If the snapshot was not forgotten at that look, then whoever
/// sweeps it sees it forgotten a grace later than the pin was put, and so sees the pin. If it was, the pinner does not begin.
package struct Pins: Sendable {
    /// No pin lasts longer: what cannot be read of one need not be believed for longer either.
    package static let longest = Duration.seconds(367 * 86_400)
    /// How long refused documents of a restore are kept.
    package static let rejects = Duration.seconds(30 * 86_400)
    /// What a pin lasts beyond what its holder asks for: clocks of hosts and store differ, and the last read takes its time.
    private static let slack = Duration.seconds(3600)

    private let store: RepositoryStore

    package init(_ store: RepositoryStore) { self.store = store }

    /// What a pin is for.
    package enum Purpose: Sendable {
        /// A snapshot is read.
        case reading(SnapshotID)
        /// Segments are about to be stored that no manifest will name.
        case keeping([Digest])
        /// Objects are about to be stored, and then a snapshot that names them: nothing that is stored from now on is deleted.
        case writing(SnapshotID? = nil)
    }

    /// A pin that stands.
    package struct Standing: Sendable {
        package let key: ObjectKey
        /// By the store's clock.
        package let put: Timestamp
        /// Nil for one that cannot be read.
        package let pin: Pin?
        /// Why it cannot be read, a sentence.
        package let damage: String?
    }

    /// Puts a pin.
    ///
    /// - Parameters:
    ///   - name: what its name begins with, such as a session's id: letters, digits and dashes.
    ///   - duration: how long it is needed, at most `longest` less an hour.
    /// - Throws: `.accessDenied` where the store can only be read, `.wrongPassword` where the key was rotated: go on without a pin.
    ///   `ArchiveError`.
    @discardableResult
    package func put(_ purpose: Purpose, name: String, for duration: Duration, reason: String) throws -> ObjectKey {
        let now = try store.timestamp()
        let nonce = try randomBytes(16).hex
        let length = min(max(duration, .zero) + Self.slack, Self.longest)
        var pin = Pin(nonce: nonce, at: now, until: now + length, snapshot: nil, segments: [], reason: reason)
        switch purpose {
        case .reading(let snapshot): (pin.snapshot, pin.onlyNamed) = (snapshot, true)
        case .keeping(let segments): (pin.segments, pin.onlyNamed) = (segments.map(\.hex), true)
        case .writing(let snapshot): pin.snapshot = snapshot
        }
        let key = try ObjectKey("pins/\(name)-\(nonce.prefix(16))")
        _ = try store.put(MessageCoding.encode(pin), at: key)
        return key
    }

    /// Pins a snapshot for its reader, then makes sure that it is still there to be read.
    ///
    /// - Throws: `SnapshotError(.notFound)` for one that was forgotten; what `put` throws.
    package func hold(_ snapshot: SnapshotID, name: String, for duration: Duration, reason: String) throws {
        let key = try put(.reading(snapshot), name: name, for: duration, reason: reason)
        guard try isChoosable(snapshot) else {
            // One that cannot be removed ends by itself.
            do { try store.delete(key) } catch { throw Self.gone(snapshot, "; its pin \(key) stays: \(error)") }
            throw Self.gone(snapshot, "")
        }
    }

    /// Whether a snapshot is there and not forgotten, by its own names: no list may be behind.
    package func isChoosable(_ snapshot: SnapshotID) throws -> Bool {
        guard try store.get(try ObjectKey("outcomes/\(snapshot)")) != nil else { return false }
        guard try Forgetting(store: store).isForgotten(snapshot) else { return true }
        return try MarkBook(store: store).marks(of: snapshot)?.isKept ?? false
    }

    /// All pins, whether past or not.
    package func all() throws -> [Standing] {
        var found: [Standing] = []
        try store.forEachObject("pins/") { (object: ObjectInfo) throws(ArchiveError) in
            // What cannot be read may name anything: whoever asks decides what to believe.
            guard let entry = try store.entry(Pin.self, at: object.key) else { return }
            let damage: String? = if case .damaged(let cause) = entry { "\(cause); until then it holds everything" } else { nil }
            found.append(Standing(key: object.key, put: Timestamp(object.modified), pin: entry.value, damage: damage))
        }
        return found
    }

    /// Ends what `hold` began under a name. Refused documents stay pinned; what cannot be read ends by itself.
    package func release(name: String) throws(ArchiveError) {
        var held: [ObjectKey] = []
        try store.forEachObject("pins/\(name)-") { (object: ObjectInfo) throws(ArchiveError) in
            guard let pin = try store.entry(Pin.self, at: object.key)?.value else { return }
            if pin.snapshot != nil, pin.segments.isEmpty, pin.onlyNamed == true { held.append(object.key) }
        }
        for key in held { try store.delete(key) }
    }

    private static func gone(_ snapshot: SnapshotID, _ addition: String) -> SnapshotError {
        SnapshotError(
            .notFound, "snapshot \(snapshot) was forgotten while it was chosen; choose another one: sheaf snapshots\(addition)")
    }
}

extension Pins.Standing {
    /// Until when it holds, with five minutes for clocks that were set back.
    package func isPast(at now: Timestamp) -> Bool { end + GarbageCollection.margin <= now }

    /// One that cannot be read ends when the longest would.
    package var end: Timestamp { min(pin?.until ?? put + Pins.longest, put + Pins.longest + GarbageCollection.margin) }

    /// What was stored after it is held as well.
    package var holdsLater: Bool { pin?.onlyNamed != true }
}

extension RepositoryStore {
    /// The store's clock.
    func timestamp() throws(ArchiveError) -> Timestamp { Timestamp(try now()) }
}

extension Timestamp {
    /// Rounded down to the millisecond.
    package init(_ date: Date) { self.init(secondsSinceEpoch: date.timeIntervalSince1970) }
}
