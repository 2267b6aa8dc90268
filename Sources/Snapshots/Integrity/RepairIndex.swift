import Archive
import Crypto
import Messages
import Sessions

/// One index of a damaged snapshot: what can be read of it, and its new manifest.
struct RepairIndex {
    let repository: OpenRepository
    let salvage: RepairSalvage
    let spool: Spool
    let snapshot: SnapshotID
    let summary: SnapshotSummary.Index
    let manifest: String

    /// The index in the replacement.
    struct Result {
        var report: RepairReport.Index
        /// Nil where the definition is lost, or when nothing is written.
        var manifest: String?
        /// The new manifest, to be stored once all segments are; nil where the old one holds.
        var staged: StagedFile?
        var summary: SnapshotSummary.Index
    }

    /// Where references come from: the manifest, or what is left of it.
    private enum Source {
        case whole(Digest)
        case salvaged(IndexManifest, [SegmentReference])
        /// Nobody can make the index anew without its definition.
        case undefined([SegmentReference])
    }

    /// What a first pass adds up, so that the new manifest's first line can say it.
    private struct Sums {
        var documents = 0
        var plainBytes = 0
        var lost = 0
        var perShard: [Int?: Int] = [:]
        var causes: [String] = []
        var isChanged = false
    }

    /// - Parameters:
    ///   - writes: false to find out alone.
    ///   - tell: takes each document that is lost.
    func repair(writes: Bool, tell: (LostDocument) throws -> Void) throws -> Result {
        let source = try source()
        var sums = Sums()
        try forEachReference(of: source) { try add($0, of: source, writes: writes, to: &sums, tell) }
        let unnamed = summary.documents - sums.documents - sums.lost
        guard unnamed >= 0 else {
            throw SnapshotError(
                .refused,
                "index \(summary.name) of snapshot \(snapshot) has more documents than the snapshot counts: it is not repaired")
        }
        if case .whole = source {
        } else {
            sums.isChanged = true
            sums.causes.append("its manifest is damaged")
        }
        if unnamed > 0 {
            var lost = LostDocument(
                snapshot: snapshot, index: summary.name, reason: "the manifest is damaged that names the segment")
            lost.count = unnamed
            try tell(lost)
        }
        var result = Result(
            report: .init(name: summary.name, documents: summary.documents, salvaged: sums.documents, causes: sums.causes),
            manifest: nil, summary: summary)
        guard sums.isChanged else {
            result.manifest = manifest
            return result
        }
        (result.summary.documents, result.summary.bytes) = (sums.documents, sums.plainBytes)
        if result.report.lost > 0 {
            let missing =
                "\(result.report.lost) of \(summary.documents) documents were lost when the repository was damaged (\(sums.causes.joined(separator: ", ")))"
            result.summary.missing = [summary.missing, missing].compactMap { $0 }.joined(separator: "; ")
        }
        if writes, let header = try header(of: source, sums) {
            let written = try write(header, source)
            (result.manifest, result.staged) = (written.manifest.digest.hex, written.manifest)
            (result.summary.segments, result.summary.storedBytes) = (written.segments, written.storedBytes)
        }
        return result
    }

    private func source() throws(ArchiveError) -> Source {
        do throws(ArchiveError) {
            let id = try Verification.digest(manifest)
            let reader = try IndexManifestReader(store: repository.store, id: id)
            while try reader.next() != nil {}
            return .whole(id)
        } catch  where error.code == .corrupt || error.code == .notFound {
            guard let id = Digest(hex: manifest) else { return .undefined([]) }
            let left = try IndexManifestSalvage(store: repository.store, id: id)
            guard let header = left.header, header.name == summary.name else { return .undefined(left.segments) }
            return .salvaged(header, left.segments)
        }
    }

    private func forEachReference(of source: Source, _ body: (SegmentReference) throws -> Void) throws {
        switch source {
        case .whole(let id):
            let reader = try IndexManifestReader(store: repository.store, id: id)
            while let reference = try reader.next() { try body(reference) }
        case .salvaged(_, let references), .undefined(let references): try references.forEach(body)
        }
    }

    private func add(
        _ reference: SegmentReference, of source: Source, writes: Bool, to sums: inout Sums,
        _ tell: (LostDocument) throws -> Void
    ) throws {
        var damage = try salvage.damage(of: reference)
        if case .undefined = source {
            damage = SegmentDamage(kind: .damaged, cause: "the manifest is damaged that tells what the index was", frames: nil)
        }
        guard let damage else {
            sums.documents += reference.documents
            sums.plainBytes += reference.plainBytes
            sums.perShard[reference.shard, default: 0] += reference.documents
            return
        }
        let lost = damage.lostDocuments(of: reference.documents)
        try salvage.forEachLostDocument(of: reference, damage, snapshot: snapshot, index: summary.name, tell)
        sums.isChanged = true
        sums.lost += lost
        sums.documents += reference.documents - lost
        sums.perShard[reference.shard, default: 0] += reference.documents - lost
        let cause = "segment \(reference.id.hex.prefix(12))…: \(damage.cause)"
        if sums.causes.count < 3 { sums.causes.append(cause) } else if sums.causes.count == 3 { sums.causes.append("and others") }
        if writes, let replacement = try salvage.replacement(of: reference, damage) { sums.plainBytes += replacement.plainBytes }
    }

    /// Nil where nobody knows what the index was.
    private func header(of source: Source, _ sums: Sums) throws -> IndexManifest? {
        let old: IndexManifest
        switch source {
        case .whole(let id): old = try IndexManifestReader(store: repository.store, id: id).header
        case .salvaged(let header, _): old = header
        case .undefined: return nil
        }
        // Several views of one shard share its documents, in a way that segments do not tell.
        let isOneAShard = Set(old.views.map(\.shard)).count == old.views.count
        let views = old.views.map { view in
            IndexManifest.View(
                shard: view.shard, epoch: view.epoch,
                documents: isOneAShard ? sums.perShard[view.shard] ?? 0 : view.documents, opened: view.opened)
        }
        return IndexManifest(
            name: old.name, uuid: old.uuid, shards: old.shards, definition: old.definition, documents: sums.documents,
            plainBytes: sums.plainBytes, views: views, session: try randomBytes(16).hex)
    }

    private func write(
        _ header: IndexManifest, _ source: Source
    ) throws -> (manifest: StagedFile, segments: Int, storedBytes: Int) {
        let writer = try IndexManifestWriter(spool: spool, header: header)
        var (segments, storedBytes) = (0, 0)
        try forEachReference(of: source) { reference in
            var kept: SegmentReference? = reference
            if let damage = try salvage.damage(of: reference) { kept = try salvage.replacement(of: reference, damage) }
            guard let kept else { return }
            try writer.append(
                SegmentReference(
                    id: kept.id, kind: kept.kind, slice: reference.slice, shard: reference.shard, documents: kept.documents,
                    plainBytes: kept.plainBytes, storedBytes: kept.storedBytes))
            segments += 1
            storedBytes += kept.storedBytes
        }
        return (try writer.finish(), segments, storedBytes)
    }
}
