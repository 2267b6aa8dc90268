package import Archive
import Crypto
package import Messages
import Runtime
package import Sessions

/// Copies snapshots into another repository, under the same ids.
///
/// Every frame is decoded and checked, and written with the destination's key. The outcome comes last, so a copy that was interrupted is
/// no snapshot there: it is repeated, and what it had stored is garbage. Segments that several snapshots of one run share are copied once.
/// Memory: some 200 bytes for each segment.
package final class SnapshotCopy {
    /// What became of one snapshot.
    package enum Fate: Hashable, Sendable {
        case copied
        /// It is in the destination under this id, and listed.
        case alreadyThere
        /// Not copied, for a cause of its own: it is damaged, or was forgotten in the destination. A sentence.
        case failed(String)
    }

    package struct Result: Hashable, Sendable {
        package var snapshot: SnapshotID
        package var fate: Fate
        package var documents = 0
        /// Plain bytes, and stored ones in the destination; of segments that were copied before in this run too.
        package var bytes = 0
        package var storedBytes = 0
        /// Why its marks could not be read in the source: the copy is kept, and has no tags. A sentence.
        package var marksDamage: String?
    }

    private let source: RepositoryStore
    private let destination: OpenRepository
    private let name: String
    private let spool: Spool
    private let settings: SegmentSettings
    private let progress: (_ snapshot: SnapshotID, _ bytes: Int) -> Void
    private var copies: [Digest: SegmentReference] = [:]

    /// - Parameters:
    ///   - name: the destination's, as its Repository has it.
    ///   - spool: room for one segment and the manifests of one snapshot.
    ///   - progress: called after each segment with the snapshot's plain bytes so far.
    package init(
        from source: OpenRepository, to destination: OpenRepository, name: String, spool: Spool,
        settings: SegmentSettings = SegmentSettings(),
        progress: @escaping (_ snapshot: SnapshotID, _ bytes: Int) -> Void = { _, _ in }
    ) throws(SnapshotError) {
        guard source.id != destination.id else {
            throw SnapshotError(
                .refused, "\(source.store.location) and \(destination.store.location) are one repository: copy to another one")
        }
        self.source = source.store
        self.destination = destination
        self.name = name
        self.spool = spool
        self.settings = settings
        self.progress = progress
    }

    /// Copies one snapshot; give several oldest first.
    ///
    /// - Throws: what would stop every other snapshot too: `ArchiveError` of a store that cannot be read or written.
    package func copy(_ commit: OutcomeEntry.Commit) throws -> Result {
        let id = commit.summary.id
        do {
            return try copyOrThrow(commit)
        } catch let error as ArchiveError where error.code == .corrupt || error.code == .notFound {
            return Result(snapshot: id, fate: .failed(error.message))
        } catch let error as SnapshotError {
            return Result(snapshot: id, fate: .failed(error.message))
        }
    }

    /// - Throws: `.corrupt` and `.notFound` for what is damaged, `SnapshotError` for what was forgotten in the destination; nothing of
    ///   the snapshot is named there then.
    private func copyOrThrow(_ commit: OutcomeEntry.Commit) throws -> Result {
        let id = commit.summary.id
        let key = try ObjectKey("outcomes/\(id)")
        guard try !isThere(id) else { return Result(snapshot: id, fate: .alreadyThere) }
        return try WritingPin.hold(
            destination.store, name: "copy", reason: "a copy of snapshot \(id) stores its segments"
        ) { pin in
            try store(commit, at: key, pin)
        }
    }

    private func store(_ commit: OutcomeEntry.Commit, at key: ObjectKey, _ pin: WritingPin) throws -> Result {
        let id = commit.summary.id
        var result = Result(snapshot: id, fate: .copied)
        var copied = commit
        copied.summary.repository = name
        copied.summary.indices = []
        var manifests: [StagedFile] = []
        for (summary, manifest) in zip(commit.summary.indices, commit.manifests) {
            var summary = summary
            let file = try copy(index: &summary, manifest: manifest, of: id, pin, &result)
            manifests.append(file)
            copied.summary.indices.append(summary)
        }
        copied.manifests = manifests.map(\.digest.hex)
        for manifest in manifests { try destination.put(manifest: manifest) }
        copied.objects = try commit.objects.map { try copy(objects: $0) }
        result.marksDamage = try copyMarks(of: id)
        let outcome = OutcomeEntry(nonce: try randomBytes(16).hex, decidedAt: .now(), verdict: .commit(result: copied))
        if case .existing = try destination.store.put(try EntryCoding.encode(.outcome(outcome)), at: key) {
            // Another copy was faster.
            guard try isThere(id) else {
                throw SnapshotError(
                    .refused,
                    "a session that was aborted has the id \(id) in \(destination.store.location), so it cannot be copied")
            }
            result = Result(snapshot: id, fate: .alreadyThere)
        }
        return result
    }

    /// Whether the destination lists it.
    private func isThere(_ id: SnapshotID) throws -> Bool {
        let store = destination.store
        let record: SnapshotRecord?
        do {
            record = try SnapshotCatalog(store: store).anyRecord(id)
        } catch let error as ArchiveError where error.code == .corrupt {
            throw ArchiveError(
                .corrupt,
                "snapshot \(id) is in \(store.location) and damaged there, so the copy has no place: \(error.message); or forget it there "
                    + "(sheaf forget \(id)), run sheaf repo gc until it is deleted, a grace later, and copy it then")
        }
        if let record, record.isListed { return true }
        guard try !store.exists(Forgetting.key(of: id)) else {
            let advice =
                record == nil
                ? "run sheaf repo gc, which ends its deletion, and copy it then"
                : "bring it back with: sheaf keep \(id), or let sheaf repo gc delete it before it is copied"
            throw SnapshotError(.refused, "snapshot \(id) was forgotten in \(store.location); \(advice)")
        }
        return false
    }

    private func copy(
        index summary: inout SnapshotSummary.Index, manifest: String, of snapshot: SnapshotID, _ pin: WritingPin,
        _ result: inout Result
    ) throws -> StagedFile {
        let reader = try IndexManifestReader(store: source, id: try Verification.digest(manifest))
        guard reader.header.documents == summary.documents else {
            throw ArchiveError(
                .corrupt,
                "manifest \(manifest) in \(source.location) has \(reader.header.documents) documents of index \(summary.name), its "
                    + "snapshot \(summary.documents); repair the repository before it is copied")
        }
        let writer = try IndexManifestWriter(spool: spool, header: reader.header.made(by: try randomBytes(16).hex))
        summary.storedBytes = 0
        while let reference = try reader.next() {
            let segment: SegmentReference
            if let known = copies[reference.id] {
                segment = known
            } else {
                segment = try copy(reference)
                copies[reference.id] = segment
            }
            try pin.hold(segment.id)
            try writer.append(
                SegmentReference(
                    id: segment.id, kind: segment.kind, slice: reference.slice, shard: reference.shard,
                    documents: segment.documents,
                    plainBytes: segment.plainBytes, storedBytes: segment.storedBytes))
            summary.storedBytes += segment.storedBytes
            result.documents += segment.documents
            result.bytes += segment.plainBytes
            result.storedBytes += segment.storedBytes
            progress(snapshot, result.bytes)
        }
        return try writer.finish()
    }

    private func copy(_ reference: SegmentReference) throws -> SegmentReference {
        let reader = try SegmentReader(store: source, id: reference.id, storedBytes: reference.storedBytes)
        guard reader.kind == reference.kind, reader.documents == reference.documents else { throw differs(reference) }
        let rewriter = SegmentRewriter(destination: destination, spool: spool, settings: settings)
        guard let segment = try rewriter.rewrite(reader), segment.plainBytes == reference.plainBytes else {
            throw differs(reference)
        }
        return SegmentReference(segment, slice: reference.slice, shard: reference.shard)
    }

    private func differs(_ reference: SegmentReference) -> ArchiveError {
        ArchiveError(
            .corrupt,
            "segment \(reference.id) in \(source.location) has other documents than its manifest says; repair the repository before it is "
                + "copied")
    }

    /// - Returns: the manifest's id in the destination, which no garbage there can have.
    private func copy(objects: String) throws -> String {
        let manifest = try ObjectManifestReader(store: source, id: try Verification.digest(objects))
        let file = try ObjectManifestWriter.write(
            manifest.objects, header: manifest.header.made(by: try randomBytes(16).hex), spool: spool)
        try destination.put(manifest: file)
        return file.digest.hex
    }

    /// - Returns: why they cannot be read, where they cannot: they may protect it, so the copy is kept.
    private func copyMarks(of id: SnapshotID) throws -> String? {
        guard let standing = try MarkBook(store: source).standing(of: id) else { return nil }
        _ = try MarkBook(store: destination.store).change(id) { $0 = standing.marks }
        return standing.damage
    }
}

extension IndexManifest {
    /// The same, made by another session or command.
    func made(by session: String) -> IndexManifest {
        IndexManifest(
            name: name, uuid: uuid, shards: shards, definition: definition, documents: documents, plainBytes: plainBytes,
            views: views,
            session: session)
    }
}

extension ObjectManifest {
    /// As of an index.
    func made(by session: String) -> ObjectManifest {
        ObjectManifest(distribution: distribution, serverVersion: serverVersion, session: session)
    }
}
