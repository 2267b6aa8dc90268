package import Archive
import Crypto
package import Messages
import Runtime
import Sessions

/// Puts snapshots of what can still be read in the place of damaged ones.
///
/// For each damaged snapshot: segments are written anew without the frames that are lost, then manifests, then an outcome under another id
/// and the same moment; then the damaged one is forgotten. A repair that was killed is repeated: the replacement's id follows from the
/// damaged one's, so what was finished is found, and what was not is garbage; one that was forgotten or damaged since takes nobody's
/// place. A pin protects all that is stored until it is named.
package final class Repair {
    /// How many ids a replacement may have: each that was forgotten takes one, until it is deleted.
    private static let replacements = 16

    private let repository: OpenRepository
    private let spool: Spool
    private let settings: SegmentSettings
    private let progress: (Verification.Progress) -> Void

    /// - Parameters:
    ///   - spool: room for one segment and the manifests of one snapshot.
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
    ///   - publish: makes what was told so far durable; called before each replacement is there, since the damaged snapshot may be forgotten
    ///     from then on, and nobody can tell it afterwards.
    /// - Throws: `ArchiveError` of a store that cannot be read or written; `SnapshotError(.notFound)` for a chosen snapshot that is not
    ///   listed; what `publish` and `tell` throw. What hinders one snapshot alone is in the report.
    package func run(
        snapshots: Set<SnapshotID>? = nil, applies: Bool, tell: (LostDocument) throws -> Void, publish: () throws -> Void = {}
    ) throws -> RepairReport {
        for snapshot in snapshots ?? [] { try expectListed(snapshot) }
        let verification = Verification(store: repository.store, mode: .full, snapshots: snapshots) { [progress] in
            progress($0)
        }
        let found = try verification.run()
        var report = RepairReport(verification: found, snapshots: [])
        guard !verification.damagedSnapshots.isEmpty else { return report }
        func repairAll(_ pin: WritingPin?) throws -> [RepairReport.Snapshot] {
            let salvage = RepairSalvage(
                repository, spool: spool, settings: settings, damage: verification.damage, whole: verification.wholeSegments,
                pin: pin)
            return try verification.damagedSnapshots.map {
                try repairOrTell($0, salvage, applies: applies, publish: publish, tell)
            }
        }
        let reason = "a repair stores what can still be read"
        report.snapshots =
            applies
            ? try WritingPin.hold(repository.store, name: "repair", reason: reason, while: repairAll) : try repairAll(nil)
        return report
    }

    /// What hinders one snapshot hinders no other.
    private func repairOrTell(
        _ commit: OutcomeEntry.Commit, _ salvage: RepairSalvage, applies: Bool, publish: () throws -> Void,
        _ tell: (LostDocument) throws -> Void
    ) throws -> RepairReport.Snapshot {
        func failed(_ cause: String) -> RepairReport.Snapshot {
            RepairReport.Snapshot(snapshot: commit.summary.id, replacement: nil, indices: [], failure: cause)
        }
        do {
            return try repair(commit, salvage, applies: applies, publish: publish, tell)
        } catch let error as ArchiveError where error.code == .corrupt || error.code == .notFound {
            return failed(error.message)
        } catch let error as SnapshotError {
            return failed(error.message)
        }
    }

    private func repair(
        _ commit: OutcomeEntry.Commit, _ salvage: RepairSalvage, applies: Bool, publish: () throws -> Void,
        _ tell: (LostDocument) throws -> Void
    ) throws -> RepairReport.Snapshot {
        let old = commit.summary.id
        let (new, isThere) = try replacement(of: commit.summary)
        var report = RepairReport.Snapshot(snapshot: old, replacement: new, indices: [])
        var result = commit
        var staged: [StagedFile] = []
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
            if let file = index.staged { staged.append(file) }
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
        try publish()
        if !isThere {
            for manifest in staged { try repository.put(manifest: manifest) }
            let outcome = OutcomeEntry(nonce: try randomBytes(16).hex, decidedAt: .now(), verdict: .commit(result: result))
            // Taken: by another repair, which names what is as good.
            _ = try repository.store.put(try EntryCoding.encode(.outcome(outcome)), at: ObjectKey("outcomes/\(new)"))
        }
        report.marksDamage = try replace(old, by: new)
        report.isDone = true
        return report
    }

    /// - Throws: `SnapshotError(.notFound)` for one that is not there or was forgotten. Damage is what repair is for.
    private func expectListed(_ snapshot: SnapshotID) throws {
        do {
            _ = try SnapshotCatalog(store: repository.store).record(snapshot)
        } catch let error as ArchiveError where error.code == .corrupt {
            return
        }
    }

    /// The first of a damaged snapshot's replacements that is whole and listed, else the first that is not there.
    ///
    /// - Returns: whether it is there, of a repair that was killed after it, or of another that runs beside this one.
    private func replacement(of summary: SnapshotSummary) throws -> (id: SnapshotID, isThere: Bool) {
        let ids = try Self.replacementIDs(of: summary)
        for id in ids {
            let isThere = try repository.store.exists(ObjectKey("outcomes/\(id)"))
            guard try isThere || repository.store.exists(Forgetting.key(of: id)) else { return (id, false) }
            let found = try Verification(store: repository.store, mode: .full, snapshots: [id]).run()
            if found.snapshots == 1, found.isWhole { return (id, true) }
        }
        throw SnapshotError(
            .refused,
            "snapshot \(summary.id) has had \(ids.count) replacements, all of which were forgotten or are damaged, and are not "
                + "deleted yet; run sheaf repo gc and repair it then")
    }

    /// Tags and protection pass over to the replacement before the damaged snapshot is forgotten.
    ///
    /// - Returns: why its marks cannot be read, where they cannot: the replacement is kept then.
    private func replace(_ old: SnapshotID, by new: SnapshotID) throws -> String? {
        guard try !isForgotten(new) else {
            throw SnapshotError(
                .refused, "snapshot \(new), which was to take the place of \(old), was forgotten meanwhile; repeat the repair")
        }
        let book = MarkBook(store: repository.store)
        let standing = try book.standing(of: old)
        if let marks = standing?.marks {
            _ = try book.change(new) { $0 = $0.merged(with: marks) }
            _ = try book.change(old, replacingDamaged: true) { $0.isKept = false }
        }
        _ = try Forgetting(store: repository.store).forget(old, reason: "repaired as \(new)")
        // By somebody who took the damaged one for whole a moment ago: one of both must stay.
        if try isForgotten(new) { _ = try book.change(new) { $0.isKept = true } }
        return standing?.damage
    }

    private func isForgotten(_ snapshot: SnapshotID) throws -> Bool {
        guard try repository.store.exists(Forgetting.key(of: snapshot)) else { return false }
        return try MarkBook(store: repository.store).marks(of: snapshot)?.isKept != true
    }

    private func isWhole(objects: String) throws(ArchiveError) -> Bool {
        do throws(ArchiveError) {
            _ = try ObjectManifestReader(store: repository.store, id: try Verification.digest(objects))
            return true
        } catch  where error.code == .corrupt || error.code == .notFound {
            return false
        }
    }

    /// The ids of snapshots that may take a damaged one's place, in order: they sort beside it, and every repair finds the same ones.
    static func replacementIDs(of summary: SnapshotSummary) throws -> [SnapshotID] {
        try (0..<replacements).map { number in
            let name = "repair of snapshot \(summary.id)" + (number == 0 ? "" : ", number \(number + 1)")
            let digits = try SHA256.digest(of: Array(name.utf8)).hex.prefix(32)
            guard let session = SessionID(String(digits)) else { throw SnapshotError(.refused, "\(digits) is no id") }
            return SnapshotID(startedAt: summary.time, session: session)
        }
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
