import Archive
import Crypto
import Messages

/// What is left of the segments of damaged snapshots: each is read, told of and written anew once.
final class RepairSalvage {
    private let repository: OpenRepository
    private let spool: Spool
    private let settings: SegmentSettings
    private let inspector: SegmentInspector
    private let pin: WritingPin?
    /// What is known of segments; nil inside for a whole one.
    private var damage: [Digest: SegmentDamage?]
    private var replacements: [Digest: SegmentReference?] = [:]

    /// - Parameters:
    ///   - damage: of segments that were found damaged by reading all.
    ///   - whole: segments that were found whole.
    ///   - pin: holds what is stored; nil where nothing is.
    init(
        _ repository: OpenRepository, spool: Spool, settings: SegmentSettings, damage: [Digest: SegmentDamage],
        whole: some Sequence<Digest>, pin: WritingPin?
    ) {
        self.pin = pin
        self.repository = repository
        self.spool = spool
        self.settings = settings
        inspector = SegmentInspector(store: repository.store)
        self.damage = damage.mapValues { .some($0) }
        for id in whole where self.damage[id] == nil { self.damage[id] = .some(nil) }
    }

    /// - Returns: nil for a whole segment; one that no manifest could name so far is read now.
    func damage(of reference: SegmentReference) throws(ArchiveError) -> SegmentDamage? {
        if let known = damage[reference.id] { return known }
        let found = try inspector.damageByReading(reference.id, SegmentFacts(reference))
        damage[reference.id] = .some(found)
        return found
    }

    /// The documents that are lost with a segment, in its order.
    func forEachLostDocument(
        of reference: SegmentReference, _ damage: SegmentDamage, snapshot: SnapshotID, index: String,
        _ body: (LostDocument) throws -> Void
    ) throws {
        let ids = try ids(of: reference)
        let ranges =
            damage.frames?.map { (Int?.some($0.number), $0.firstDocument, $0.documents) } ?? [(nil, 0, reference.documents)]
        for (frame, first, count) in ranges where count > 0 {
            var lost = LostDocument(
                snapshot: snapshot, index: index, segment: reference.id.hex, frame: frame,
                reason: frame == nil ? damage.cause : "the frame cannot be read")
            if let ids {
                for id in ids[first..<(first + count)] {
                    lost.id = id
                    try body(lost)
                }
            } else {
                lost.count = count
                try body(lost)
            }
        }
    }

    /// Writes the frames that can be read into a new segment, as they are.
    ///
    /// - Returns: nil where there is none. The segment is durable.
    func replacement(of reference: SegmentReference, _ damage: SegmentDamage) throws -> SegmentReference? {
        if let known = replacements[reference.id] {
            if let known { try pin?.hold(known.id) }
            return known
        }
        let made = try rewrite(reference, damage)
        replacements[reference.id] = .some(made)
        return made
    }

    private func rewrite(_ reference: SegmentReference, _ damage: SegmentDamage) throws -> SegmentReference? {
        guard let frames = damage.frames else { return nil }
        let reader = try SegmentReader(store: repository.store, id: reference.id, storedBytes: reference.storedBytes)
        let rewriter = SegmentRewriter(destination: repository, spool: spool, settings: settings)
        guard let segment = try rewriter.rewrite(reader, without: Set(frames.map(\.number))) else { return nil }
        try pin?.hold(segment.id)
        return SegmentReference(segment, slice: reference.slice, shard: reference.shard)
    }

    /// Nil where there is no inventory, or none that can be read: documents are counted then.
    private func ids(of reference: SegmentReference) throws(ArchiveError) -> [String]? {
        do throws(ArchiveError) {
            return try Inventory.read(segment: reference.id, frames: [reference.documents], in: repository.store)?.first
        } catch  where error.code == .corrupt || error.code == .notFound {
            return nil
        }
    }
}
