import Crypto
import FoundationEssentials
import Messages
import Runtime
import Sessions

@testable import Archive
@testable import Snapshots

/// Knows what is needed, by looking at every object as it is put, and objects to every mark and delete of such.
final class SimulatedOracle: @unchecked Sendable {
    /// What a snapshot names.
    struct Content {
        var manifests: [ObjectKey] = []
        var segments: [Digest] = []
    }

    struct Hold {
        var snapshot: SnapshotID?
        var segments: [Digest]
        var until: Timestamp
    }

    static let grace = Duration.seconds(86_400)

    private let world: SimulatedWorld
    let objects: SimulatedObjects
    private(set) var violations: [String] = []
    /// Every snapshot that ever was.
    private(set) var contents: [SnapshotID: Content] = [:]
    private(set) var commits: [SnapshotID] = []
    /// When a snapshot's outcome was deleted, true time.
    private var swept: [SnapshotID: Int] = [:]
    private var forgottenAt: [SnapshotID: Int] = [:]
    private var namers: [String: [SnapshotID]] = [:]
    /// The session that stored a segment or a manifest.
    private var writers: [String: String] = [:]
    private var outcomes: [String: SnapshotID] = [:]
    private(set) var holds: [Hold] = []
    private(set) var deletes = 0
    private(set) var finals = 0

    init(_ world: SimulatedWorld, _ objects: SimulatedObjects) {
        self.world = world
        self.objects = objects
    }

    func object(_ text: String) {
        if violations.count < 10 { violations.append(text) }
    }

    /// A reader found its snapshot there after it had pinned it, or refused documents were pinned.
    func accept(_ hold: Hold) { holds.append(hold) }

    // MARK: - Puts

    func wasPut(_ key: ObjectKey, by actor: SimulatedActor) {
        guard let name = CollectorObject(key), let bytes = objects.objects[key]?.bytes else { return }
        switch name {
        case .segment(let id), .inventory(let id), .manifest(let id): writers[id.hex] = actor.session
        case .journal(let session, .begin):
            if let begin = try? MessageCoding.decode(BeginEntry.self, from: bytes) {
                outcomes[session.text] = SnapshotID(startedAt: begin.startedAt, session: session)
            }
        case .journal(_, .final): finals += 1
        case .outcome(let snapshot): learn(snapshot, bytes)
        case .forgotten(let snapshot): forgottenAt[snapshot] = world.time
        case .collection:
            guard let entry = try? MessageCoding.decode(GarbageCollectionEntry.self, from: bytes) else { return }
            for text in entry.keys { if let key = try? ObjectKey(text) { check(key, "marked", by: actor) } }
        default: break
        }
    }

    private func learn(_ snapshot: SnapshotID, _ bytes: [UInt8]) {
        guard let outcome = try? MessageCoding.decode(OutcomeEntry.self, from: bytes), case .commit(let commit) = outcome.verdict
        else { return }
        if contents[snapshot] != nil { object("\(snapshot) was committed twice") }
        var content = Content()
        let store = RepositoryStore(PlainStore(objects))
        for id in commit.manifests + [commit.objects].compactMap({ $0 }) {
            guard let digest = Digest(hex: id) else { continue }
            content.manifests.append(.manifest(digest))
            namers[id, default: []].append(snapshot)
        }
        do {
            for id in commit.manifests {
                guard let digest = Digest(hex: id) else { continue }
                let reader = try IndexManifestReader(store: store, id: digest)
                while let segment = try reader.next() {
                    content.segments.append(segment.id)
                    namers[segment.id.hex, default: []].append(snapshot)
                }
            }
        } catch {
            object("\(snapshot) was committed, but \(error)")
        }
        contents[snapshot] = content
        commits.append(snapshot)
    }

    // MARK: - Deletes

    func willDelete(_ key: ObjectKey, by actor: SimulatedActor) {
        deletes += 1
        check(key, "deleted", by: actor)
    }

    private func check(_ key: ObjectKey, _ deed: String, by actor: SimulatedActor) {
        guard let reason = need(of: key, isDeleted: deed == "deleted") else { return }
        object("day \(day): \(actor.name) \(deed) \(key): \(reason)")
    }

    private var day: Int { (world.time - 1_764_000_000_000) / SimulatedWorld.day }

    /// Why the object is needed; nil when it may go.
    private func need(of key: ObjectKey, isDeleted: Bool) -> String? {
        switch CollectorObject(key) {
        case nil, .foundation: return "it is nobody's to delete"
        case .segment(let id), .inventory(let id), .manifest(let id): return need(of: id, isDeleted: isDeleted)
        case .journal(let session, let part):
            if isOpen(session) { return "its session is open" }
            if part == .final, has("sessions/\(session)/begin") { return "its session would begin again" }
        case .outcome(let snapshot):
            if isListed(snapshot) { return "it is a snapshot" }
            if isHeld(snapshot) { return "somebody reads it" }
            if contents[snapshot] != nil {
                if isRecent(forgottenAt[snapshot]) { return "it was forgotten less than a grace ago" }
                swept[snapshot] = world.time
            }
        case .mark(let snapshot), .forgotten(let snapshot):
            if has("outcomes/\(snapshot)") { return "the snapshot is still there" }
        case .pin:
            if let bytes = objects.objects[key]?.bytes, let pin = try? MessageCoding.decode(Pin.self, from: bytes),
                pin.until > world.storeTime, pin.snapshot.map(isHeld) ?? true
            {
                return "it holds until \(pin.until)"
            }
        case .collection, .check, .probe: break
        }
        return nil
    }

    private func need(of id: Digest, isDeleted: Bool) -> String? {
        for snapshot in namers[id.hex] ?? [] {
            if isListed(snapshot) { return "snapshot \(snapshot) names it" }
            if isHeld(snapshot) { return "a reader of snapshot \(snapshot) needs it" }
            if isDeleted, isRecent(swept[snapshot]) { return "snapshot \(snapshot) was swept less than a grace ago" }
        }
        if let writer = writers[id.hex].flatMap({ SessionID($0) }), isOpen(writer) { return "session \(writer) is open" }
        if holds.contains(where: { $0.until > world.storeTime && $0.segments.contains(id) }) { return "it is pinned" }
        return nil
    }

    /// Clocks may be set back, and lists be behind, by five minutes.
    private func isRecent(_ time: Int?) -> Bool {
        guard let time else { return false }
        return world.time - time < SimulatedWorld.day - 5 * SimulatedWorld.minute
    }

    // MARK: - What there is

    func has(_ key: String) -> Bool { (try? ObjectKey(key)).flatMap { objects.objects[$0] } != nil }

    /// Committed, and not forgotten or kept.
    func isListed(_ snapshot: SnapshotID) -> Bool {
        guard contents[snapshot] != nil, has("outcomes/\(snapshot)") else { return false }
        return !has("forgotten/\(snapshot)") || isKept(snapshot)
    }

    func isKept(_ snapshot: SnapshotID) -> Bool {
        (try? MarkBook(store: RepositoryStore(PlainStore(objects))).marks(of: snapshot)?.isKept) ?? false
    }

    func isHeld(_ snapshot: SnapshotID) -> Bool {
        holds.contains { $0.snapshot == snapshot && $0.until > world.storeTime }
    }

    func wasForgotten(_ snapshot: SnapshotID) -> Bool { forgottenAt[snapshot] != nil }

    func isOpen(_ session: SessionID) -> Bool {
        guard has("sessions/\(session)/begin"), !has("sessions/\(session)/final") else { return false }
        return outcomes[session.text].map { !has("outcomes/\($0)") } ?? true
    }
}

/// The same objects without faults, for those who only look.
struct PlainStore: ObjectStore {
    let objects: SimulatedObjects

    init(_ objects: SimulatedObjects) { self.objects = objects }

    var location: String { "simulated" }

    func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult { throw readOnly }
    func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult { throw readOnly }
    func putInParts(_: [UInt8], at _: ObjectKey) throws(ArchiveError) -> PutResult? { nil }
    func get(_ key: ObjectKey) -> [UInt8]? { objects.objects[key]?.bytes }
    func size(_ key: ObjectKey) -> Int? { get(key)?.count }

    func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] {
        guard let bytes = get(key) else { throw absent(key) }
        guard range.upperBound <= bytes.count else { throw shortRead(key, range, size: bytes.count) }
        return Array(bytes[range])
    }

    func list(_ prefix: String, after: ObjectKey?, limit: Int) -> [ObjectInfo] {
        objects.list(prefix, after: after, limit: limit, asOf: .max)
    }

    func delete(_ key: ObjectKey) throws(ArchiveError) { throw readOnly }
    func now() -> Date { Date(timeIntervalSince1970: 0) }
    func removeLeftovers(olderThan age: Int) -> Int { 0 }

    private var readOnly: ArchiveError { ArchiveError(.accessDenied, "only for looking") }
}
