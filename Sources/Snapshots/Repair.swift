package import Archive
import Crypto
package import Messages
import Runtime
import Sessions

/// Puts snapshots of what can still be read in the place of damaged ones.
///
/// For each damaged snapshot: segments are written anew without the frames that are lost, then manifests, then an outcome under another id
/// and the same moment; then the damaged one is forgotten. A repair that was killed is repeated: the replacement's id follows from the
/// damaged one's, so what was finished is found, and what was not is garbage. A pin protects all that is stored until it is named.
package final class Repair {
    private let repository: OpenRepository
    private let spool: Spool
    private let settings: SegmentSettings
    private let progress: (Verification.Progress) -> Void

    /// - Parameters:
    ///   - spool: room for one segment and one manifest.
    ///   - progress: of the look at all documents that comes first.
    package init(
        _ repository: OpenRepository, spool: Spool, settings: SegmentSettings = SegmentSettings(),
        progress: @escaping (Verification.Progress) -> Void = { _ in }
    ) {
        self.repository = repository
        self.spool = spool
        self.settings = settings
        self.progress = progress
    }

    /// - Parameters:
    ///   - snapshots: those to look at; nil for all.
    ///   - applies: false to find out alone: nothing is stored.
    ///   - tell: takes each document that is lost, by snapshot, index and place.
    /// - Throws: `ArchiveError` of a store that cannot be read or written; `SnapshotError` when counts do not add up; what `tell` throws.
    package func run(
        snapshots: Set<SnapshotID>? = nil, applies: Bool, tell: (LostDocument) throws -> Void
    ) throws -> RepairReport {
        let verification = Verification(store: repository.store, mode: .full, snapshots: snapshots) { [progress] in
            progress($0)
        }
        let found = try verification.run()
        var report = RepairReport(verification: found, snapshots: [])
        guard !verification.damagedSnapshots.isEmpty else { return report }
        let pin =
            applies ? try WritingPin(repository.store, name: "repair", reason: "a repair stores what can still be read") : nil
        let salvage = RepairSalvage(
            repository, spool: spool, settings: settings, damage: verification.damage, whole: verification.wholeSegments, pin: pin
        )
        for commit in verification.damagedSnapshots {
            report.snapshots.append(try repair(commit, salvage, applies: applies, tell))
        }
        try pin?.release()
        return report
    }

    private func repair(
        _ commit: OutcomeEntry.Commit, _ salvage: RepairSalvage, applies: Bool, _ tell: (LostDocument) throws -> Void
    ) throws -> RepairReport.Snapshot {
        let old = commit.summary.id
        let new = try Self.replacementID(of: commit.summary)
        let key = try ObjectKey("outcomes/\(new)")
        // Of a repair that was killed after it, or of another that runs beside this one.
        let isThere = try repository.store.size(key) != nil
        var report = RepairReport.Snapshot(snapshot: old, replacement: new, indices: [])
        var result = commit
        (result.summary.id, result.summary.indices, result.manifests) = (new, [], [])
        for (summary, manifest) in zip(commit.summary.indices, commit.manifests) {
            let index = try RepairIndex(
                repository: repository, salvage: salvage, spool: spool, snapshot: old, summary: summary, manifest: manifest
            ).repair(writes: applies && !isThere, tell: tell)
            report.indices.append(index.report)
            guard let manifest = index.manifest else {
                result.summary.add(missing: "index \(summary.name), whose definition was lost")
                continue
            }
            result.manifests.append(manifest)
            result.summary.indices.append(index.summary)
        }
        if let objects = commit.objects, try !isWhole(objects: objects) {
            report.lostObjects = commit.summary.objects ?? 0
            result.objects = nil
            result.summary.objects = nil
            result.summary.add(missing: "all \(report.lostObjects) objects beside the indices")
        }
        guard
            report.salvaged > 0 || result.objects != nil
                || report.indices.contains(where: { $0.documents == 0 && $0.causes.isEmpty })
        else {
            report.replacement = nil
            return report
        }
        guard applies else { return report }
        if !isThere {
            let outcome = OutcomeEntry(nonce: try randomBytes(16).hex, decidedAt: .now(), verdict: .commit(result: result))
            // Taken: by another repair, which names what is as good.
            _ = try repository.store.put(try EntryCoding.encode(.outcome(outcome)), at: key)
        }
        try replace(old, by: new)
        report.isDone = true
        return report
    }

    /// Tags and protection pass over to the replacement before the damaged snapshot is forgotten.
    private func replace(_ old: SnapshotID, by new: SnapshotID) throws {
        let book = MarkBook(store: repository.store)
        if let marks = try book.marks(of: old) {
            _ = try book.change(new) { $0 = $0.merged(with: marks) }
            _ = try book.change(old) { $0.isKept = false }
        }
        _ = try Forgetting(store: repository.store).forget(old, reason: "repaired as \(new)")
    }

    private func isWhole(objects: String) throws(ArchiveError) -> Bool {
        do throws(ArchiveError) {
            _ = try ObjectManifestReader(store: repository.store, id: try Verification.digest(objects))
            return true
        } catch  where error.code == .corrupt || error.code == .notFound {
            return false
        }
    }

    /// The id of the snapshot that takes a damaged one's place: it sorts beside it, and every repair finds the same one.
    static func replacementID(of summary: SnapshotSummary) throws -> SnapshotID {
        let digits = try SHA256.digest(of: Array("repair of snapshot \(summary.id)".utf8)).hex.prefix(32)
        guard let session = SessionID(String(digits)) else { throw SnapshotError(.refused, "\(digits) is no id") }
        return SnapshotID(startedAt: summary.time, session: session)
    }
}

extension SnapshotMarks {
    /// Both snapshots' tags, and protection where one has it.
    fileprivate func merged(with other: SnapshotMarks) -> SnapshotMarks {
        SnapshotMarks(tags: tags + other.tags, isKept: isKept || other.isKept)
    }
}

extension SnapshotSummary {
    fileprivate mutating func add(missing what: String) {
        missing = [missing, what].compactMap { $0 }.joined(separator: "; ")
    }
}
