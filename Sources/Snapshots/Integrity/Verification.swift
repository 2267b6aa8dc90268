package import Archive
package import Crypto
package import Messages
import Runtime
package import Sessions

/// Finds out whether what a repository lists can be read again.
///
/// Needs some 300 bytes of memory for each segment and one window of the largest frame, whatever the repository holds. A segment that
/// several snapshots have is read once. It neither locks nor pins: a snapshot that is swept meanwhile is left out.
package final class Verification {
    /// How far it is, in segments and stored bytes that are to be read.
    package struct Progress: Sendable {
        package var segments: Int
        package var segmentsRead = 0
        package var bytes: Int
        package var bytesRead = 0
    }

    /// A manifest, and what a snapshot says of it.
    private struct ManifestUse: Hashable {
        var manifest: String
        var index: String
        var documents: Int
    }

    /// Findings that a report names.
    static let findingLimit = 10_000

    private let store: RepositoryStore
    private let mode: VerificationMode
    private let walk: VerificationWalk
    private let report: (Progress) -> Void
    private var facts: [Digest: SegmentFacts] = [:]
    private var findings: [VerificationReport.Finding] = []
    private var furtherFindings = 0
    /// Snapshots that findings are about, those beyond the limit too.
    private var damagedNames: Set<String> = []
    /// What is wrong with manifests, which several snapshots may share.
    private var damagedManifests: [ManifestUse: ArchiveError] = [:]
    /// Segments that are damaged or not there.
    package private(set) var damage: [Digest: SegmentDamage] = [:]
    /// Snapshots whose outcome is gone.
    private var lostOutcomes: [SnapshotID: String] = [:]
    /// Snapshots whose outcome can be read, and something of which cannot.
    package private(set) var damagedSnapshots: [OutcomeEntry.Commit] = []

    /// Segments that were found whole, as far as the mode looks.
    package var wholeSegments: [Digest] { facts.keys.filter { damage[$0] == nil } }

    /// - Parameters:
    ///   - snapshots: those to look at; nil for all.
    ///   - progress: called after each segment that was read.
    package init(
        store: RepositoryStore, mode: VerificationMode, snapshots: Set<SnapshotID>? = nil,
        progress: @escaping (Progress) -> Void = { _ in }
    ) {
        self.store = store
        self.mode = mode
        walk = VerificationWalk(store: store, chosen: snapshots)
        report = progress
    }

    /// - Throws: `ArchiveError` of a store that cannot be read; damage is the answer.
    package func run() throws -> VerificationReport {
        var report = VerificationReport(nonce: try randomBytes(16).hex, at: .now(), mode: mode)
        try compareSizes(try sizesOfSegments(), &report)
        try read(&report)
        try findLostOutcomes(&report)
        if !damage.isEmpty { try attribute() }
        try conclude(&report)
        return report
    }

    /// Keeps a report, so that the repository's status can tell of it.
    package static func keep(_ report: VerificationReport, in store: RepositoryStore) throws {
        // To the millisecond, so that the newest is the last by name.
        let milliseconds = String(1000 + report.at.millisecondsSinceEpoch % 1000).dropFirst()
        let time = report.at.description.prefix(19).filter { $0 != "-" && $0 != ":" } + milliseconds
        _ = try store.put(try MessageCoding.encode(report), at: try ObjectKey("checks/\(time)Z-\(report.nonce.prefix(16))"))
    }

    /// The names of all sessions' outcomes, whether they can be read or not: what a command's argument may mean a part of.
    package static func snapshotIDs(in store: RepositoryStore) throws(ArchiveError) -> [SnapshotID] {
        var ids: [SnapshotID] = []
        try store.forEachObject("outcomes/") { (object: ObjectInfo) throws(ArchiveError) in
            if let id = object.key.components.last.flatMap({ SnapshotID(String($0)) }) { ids.append(id) }
        }
        return ids
    }

    private func sizesOfSegments() throws -> [Digest: Int] {
        var sizes: [Digest: Int] = [:]
        try store.forEachObject("segments/") { (object: ObjectInfo) throws(ArchiveError) in
            if let id = object.key.components.last.flatMap({ Digest(hex: $0) }) { sizes[id] = object.size }
        }
        return sizes
    }

    /// Outcomes, manifests, and whether each segment that they name is there.
    private func compareSizes(_ sizes: [Digest: Int], _ report: inout VerificationReport) throws {
        let inspector = SegmentInspector(store: store)
        try walk.forEachSnapshot { found in
            report.snapshots += 1
            switch found {
            case .damaged(let name, let cause): add(name, nil, documents: 0, .damaged, cause)
            case .snapshot(let commit):
                try forEachManifest(of: commit, tellsDamage: true) { index, reference in
                    let fact = SegmentFacts(reference)
                    if let known = facts[reference.id], known != fact {
                        add(
                            commit.summary.id.text, index, reference, documents: reference.documents, .damaged,
                            "two manifests tell different things of this segment")
                    }
                    guard facts.updateValue(fact, forKey: reference.id) == nil else { return }
                    report.storedBytes += reference.storedBytes
                    damage[reference.id] = try inspector.damage(of: reference.id, fact, size: sizes[reference.id])
                }
                report.manifests += commit.manifests.count + (commit.objects == nil ? 0 : 1)
            }
        }
        report.segments = facts.count
    }

    private func findLostOutcomes(_ report: inout VerificationReport) throws {
        lostOutcomes = try LostOutcomes(store).find().filter { walk.chosen?.contains($0.key) ?? true }
        for (snapshot, cause) in lostOutcomes {
            report.snapshots += 1
            add(snapshot.text, nil, documents: 0, .missing, cause)
        }
    }

    private func read(_ report: inout VerificationReport) throws {
        let chosen = VerificationPlan.segments(of: facts.keys, mode: mode)
        let bytes = chosen.reduce(0) { $0 + (facts[$1]?.storedBytes ?? 0) }
        var progress = Progress(segments: chosen.count, bytes: bytes)
        let inspector = SegmentInspector(store: store)
        for id in chosen {
            guard let fact = facts[id] else { continue }
            if damage[id] == nil {
                damage[id] = try inspector.damageByReading(id, fact)
                progress.bytesRead += fact.storedBytes
                report.segmentsRead += 1
                report.bytesRead += fact.storedBytes
            } else {
                progress.bytes -= fact.storedBytes
            }
            progress.segmentsRead += 1
            self.report(progress)
        }
    }

    /// Tells of each snapshot what damaged segments mean for it.
    private func attribute() throws {
        try walk.forEachSnapshot { found in
            guard case .snapshot(let commit) = found else { return }
            try forEachManifest(of: commit, tellsDamage: false) { index, reference in
                guard let damage = damage[reference.id] else { return }
                let snapshot = commit.summary.id.text
                guard let frames = damage.frames, !frames.isEmpty else {
                    let documents = damage.lostDocuments(of: reference.documents)
                    return add(snapshot, index, reference, documents: documents, damage.kind, damage.cause)
                }
                for frame in frames {
                    add(
                        snapshot, index, reference, frame: frame.number, documents: frame.documents, damage.kind,
                        "the frame does not match its digest, or does not hold the documents that it should")
                }
            }
        }
    }

    private func conclude(_ report: inout VerificationReport) throws {
        let names = damagedNames
        let lost = Set(lostOutcomes.keys.map(\.text))
        let gone = try names.filter { try !lost.contains($0) && walk.isGone($0) }
        findings.removeAll { gone.contains($0.snapshot) }
        report.snapshots -= gone.count
        report.wholeSnapshots = report.snapshots - names.subtracting(gone).count
        // Stable, so that a snapshot's findings stay in the order of its indices.
        let ordered = findings.enumerated().sorted { ($0.element.snapshot, $0.offset) < ($1.element.snapshot, $1.offset) }
        report.findings = ordered.map(\.element)
        report.furtherFindings = furtherFindings
        report.finishedAt = .now()
        var damaged: [OutcomeEntry.Commit] = []
        try VerificationWalk(store: store, chosen: Set(names.subtracting(gone).compactMap { SnapshotID($0) })).forEachSnapshot {
            if case .snapshot(let commit) = $0 { damaged.append(commit) }
        }
        damagedSnapshots = damaged
    }

    /// - Parameter tellsDamage: of manifests; false where that was done before.
    private func forEachManifest(
        of commit: OutcomeEntry.Commit, tellsDamage: Bool, _ body: (_ index: String, SegmentReference) throws -> Void
    ) throws {
        let snapshot = commit.summary.id.text
        for (index, manifest) in zip(commit.summary.indices, commit.manifests) {
            let use = ManifestUse(manifest: manifest, index: index.name, documents: index.documents)
            // What a damaged one holds is lost as a whole already.
            let damage =
                try damagedManifests[use]
                ?? damageFound {
                    let reader = try IndexManifestReader(store: store, id: try Self.digest(manifest))
                    while let reference = try reader.next() { try body(index.name, reference) }
                    guard reader.header.name == index.name, reader.header.documents == index.documents else {
                        throw ArchiveError(
                            .corrupt,
                            "manifest \(manifest) is of other documents than the snapshot says: \(reader.header.documents) of "
                                + "index \(reader.header.name)")
                    }
                }
            guard let damage else { continue }
            damagedManifests[use] = damage
            if tellsDamage { add(snapshot, index.name, documents: index.documents, damage) }
        }
        guard tellsDamage, let objects = commit.objects else { return }
        let damage = try damageFound { _ = try ObjectManifestReader(store: store, id: try Self.digest(objects)) }
        if let damage { add(snapshot, nil, documents: 0, damage) }
    }

    /// - Returns: nil where all that `body` reads is whole.
    private func damageFound(by body: () throws -> Void) throws -> ArchiveError? {
        do {
            try body()
            return nil
        } catch let error as ArchiveError where error.code == .corrupt || error.code == .notFound {
            return error
        }
    }

    static func digest(_ manifest: String) throws(ArchiveError) -> Digest {
        guard let id = Digest(hex: manifest) else {
            throw ArchiveError(.corrupt, "\"\(manifest)\" names no manifest: the outcome is damaged")
        }
        return id
    }

    private func add(_ snapshot: String, _ index: String?, documents: Int, _ damage: ArchiveError) {
        add(snapshot, index, documents: documents, damage.code == .notFound ? .missing : .damaged, damage.message)
    }

    private func add(
        _ snapshot: String, _ index: String?, _ reference: SegmentReference? = nil, frame: Int? = nil, documents: Int,
        _ kind: VerificationReport.Kind, _ cause: String
    ) {
        damagedNames.insert(snapshot)
        guard findings.count < Self.findingLimit else {
            furtherFindings += 1
            return
        }
        findings.append(
            .init(
                snapshot: snapshot, index: index, segment: reference?.id.hex, frame: frame, documents: documents, kind: kind,
                cause: cause))
    }
}
