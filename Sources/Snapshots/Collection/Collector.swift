package import Archive
import Crypto
import FoundationEssentials
import Messages
import Runtime
import Sessions

/// Collects the garbage of a repository: the I/O around `GarbageCollection`, which decides.
///
/// Any number may run at once, beside any number of sessions; one may die at any point. Blocking; for one thread, once.
package final class Collector {
    package enum Mode: Sendable {
        case apply
        /// Nothing is written: the report says what would be.
        case dryRun
    }

    /// So many objects that cannot be deleted end the run: then it is the store that fails, not they.
    private static let mostFailures = 20
    private static let unknownNames = 20

    let store: RepositoryStore
    let mode: Mode
    let tell: (CollectorStep) -> Void
    private let grace: Duration
    private let isStopped: () -> Bool
    private var failures = 0
    /// What roots name is not known for certain: nothing that a root might name may go.
    private var isBlind = false
    var facts: GarbageCollection
    var report = CollectorReport()

    /// - Parameters:
    ///   - grace: between forgetting and sweeping, and between marking and deleting. At least the longest time that a reader without a pin,
    ///     or a worker that was stopped and goes on, may need. Zero marks and deletes in one run.
    ///   - tell: hears of each step before it is done.
    ///   - isStopped: asked at each page and object; then the run ends with `CancellationError`.
    package init(
        _ store: RepositoryStore, grace: Duration, mode: Mode = .apply, tell: @escaping (CollectorStep) -> Void = { _ in },
        isStopped: @escaping () -> Bool = { false }
    ) {
        self.store = store
        self.grace = grace
        self.mode = mode
        self.tell = tell
        self.isStopped = isStopped
        facts = GarbageCollection(now: Timestamp(millisecondsSinceEpoch: 0), grace: grace)
    }

    /// Runs once, or with a grace of zero twice: what the first pass marks the second deletes.
    ///
    /// - Returns: also what single objects stood in the way of, as problems.
    /// - Throws: `ArchiveError` of the store, `CancellationError` when stopped. The next run goes on.
    package func run() throws -> CollectorReport {
        try pass()
        guard grace <= .zero, mode == .apply else { return report }
        let first = report
        report = CollectorReport()
        try pass()
        var sum = first
        sum.add(report)
        return sum
    }

    private func pass() throws {
        isBlind = false
        // Before any list: the argument of `GarbageCollection` rests on this order.
        facts = GarbageCollection(now: try store.timestamp(), grace: grace)
        try list("sessions/") { object, name in
            if case .journal(let session, let part) = name { facts.note(session, part, at: Timestamp(object.modified)) }
        }
        for standing in try Pins(store).all() {
            if standing.pin == nil, !standing.isPast(at: facts.now) {
                blind("\(standing.key) cannot be read, and may hold anything")
            }
            facts.note(standing)
        }
        try list("outcomes/") { object, name in
            if case .outcome(let snapshot) = name { facts.noteOutcome(of: snapshot, at: Timestamp(object.modified)) }
        }
        try list("forgotten/") { object, name in
            if case .forgotten(let snapshot) = name { facts.noteForgotten(snapshot, at: Timestamp(object.modified)) }
        }
        facts.closeLists()
        (report.horizon, report.holder) = (facts.horizon, facts.holder)
        try abortOverdue()
        try sweepSnapshots()
        try readRoots()
        try findLostOutcomes()
        let marks = try readMarks()
        let hadFailures = failures
        if !isBlind { try collect() }
        if !isBlind, failures == hadFailures {
            for list in marks { try delete(list, "all that it lists is gone") }
        }
        try sweepJournals()
        try sweepRest()
        try findUnknown()
    }

    // MARK: - Roots

    private func readRoots() throws {
        for snapshot in facts.outcomes.keys.sorted() {
            let key = try ObjectKey("outcomes/\(snapshot)")
            let outcome: OutcomeEntry
            switch try store.entry(OutcomeEntry.self, at: key) {
            case .value(let value): outcome = value
            case .damaged(let cause):
                facts.noteVerdict(.unreadable, of: snapshot)
                blind(cause)
                continue
            case nil: continue
            }
            guard case .commit(let commit) = outcome.verdict else {
                facts.noteVerdict(.abort, of: snapshot)
                continue
            }
            facts.noteVerdict(.commit, of: snapshot)
            let ids = commit.manifests + [commit.objects].compactMap { $0 }
            for id in ids {
                guard let digest = Digest(hex: id) else {
                    blind("\(key) names a manifest \(id)")
                    continue
                }
                facts.name(manifest: digest)
            }
            for id in commit.manifests { try readManifest(id, of: snapshot, key) }
        }
    }

    private func findLostOutcomes() throws {
        let found = try LostOutcomes(store).find(among: facts.finalWithoutOutcome)
        for (snapshot, cause) in found.snapshots {
            if let session = snapshot.session { facts.noteUnclear(session) }
            blind(cause)
        }
        for cause in found.unreadable { blind(cause) }
    }

    private func readManifest(_ id: String, of snapshot: SnapshotID, _ outcome: ObjectKey) throws {
        guard let digest = Digest(hex: id) else { return }
        do throws(ArchiveError) {
            let reader = try IndexManifestReader(store: store, id: digest)
            while let segment = try reader.next() { facts.name(segment: segment.id) }
        } catch {
            switch error.code {
            case .notFound, .corrupt, .unsupported, .invalid:
                // Another run may have swept the snapshot since it was listed.
                guard try store.entry(OutcomeEntry.self, at: outcome) != nil else { return }
                blind("\(error.message), and snapshot \(snapshot) names it")
            default: throw error
            }
        }
        try checkStopped()
    }

    private func blind(_ cause: String) {
        isBlind = true
        report.isBlind = true
        problem("\(cause): until that is repaired or gone, no segment and no manifest is deleted; see sheaf repo repair")
    }

    private func readMarks() throws -> [ObjectInfo] {
        var old: [ObjectInfo] = []
        try list("gc/") { object, _ in
            let time = Timestamp(object.modified)
            if facts.isGraceAgo(time) { old.append(object) }
            switch try store.entry(GarbageCollectionEntry.self, at: object.key) {
            case .value(let entry): facts.note(entry, at: time)
            // It has marked nothing, and goes as others do.
            case .damaged(let cause): problem("\(cause); what it marked is marked again")
            case nil: break
            }
        }
        return old
    }

    // MARK: - Candidates

    private func collect() throws {
        var keys: [String] = []
        for prefix in ["manifests/", "inventory/", "segments/"] {
            try list(prefix) { object, name in
                switch facts.fate(of: name, stored: Timestamp(object.modified)) {
                case .named: report.named.add(object.size)
                case .held: report.held.add(object.size)
                case .waits: report.waiting.add(object.size)
                case .mark:
                    step(.mark, object.key.text, object.size, "no snapshot and no pin names it")
                    report.marked.add(object.size)
                    keys.append(object.key.text)
                    if keys.count == GarbageCollectionEntry.limit {
                        try mark(keys)
                        keys = []
                    }
                case .delete:
                    if try delete(object, "no snapshot and no pin has named it for \(grace.shortText)") {
                        report.deletedContent.add(object.size)
                    }
                case nil: break
                }
            }
        }
        if !keys.isEmpty { try mark(keys) }
    }

    private func mark(_ keys: [String]) throws {
        guard mode == .apply else { return }
        let nonce = try randomBytes(16).hex
        let entry = GarbageCollectionEntry(nonce: nonce, at: facts.now, keys: keys)
        let time = facts.now.description.filter { $0 != "-" && $0 != ":" && $0 != "." }
        _ = try store.put(MessageCoding.encode(entry), at: try ObjectKey("gc/\(time)-\(nonce.prefix(16))"))
    }

    // MARK: - Steps

    /// Visits the objects under a prefix, a page at a time. Names that the format does not know are reported and passed over.
    func list(_ prefix: String, _ body: (ObjectInfo, CollectorObject) throws -> Void) throws {
        let pageSize = 1000
        var last: ObjectKey?
        while true {
            try checkStopped()
            let page = try store.list(prefix, after: last, limit: pageSize)
            for object in page {
                if let name = CollectorObject(object.key) { try body(object, name) } else { unknown(object.key) }
            }
            guard page.count == pageSize, let end = page.last else { return }
            last = end.key
        }
    }

    /// - Returns: whether the object is gone, or would be.
    @discardableResult
    func delete(_ object: ObjectInfo, _ reason: String) throws -> Bool {
        try delete(object.key, bytes: object.size, reason)
    }

    /// - Throws: when too many could not be deleted.
    @discardableResult
    func delete(_ key: ObjectKey, bytes: Int?, _ reason: String) throws -> Bool {
        try checkStopped()
        step(.delete, key.text, bytes, reason)
        do throws(ArchiveError) {
            if mode == .apply { try store.delete(key) }
        } catch {
            failures += 1
            problem("\(key) could not be deleted: \(error.message)")
            guard failures < Self.mostFailures else { throw error }
            return false
        }
        report.deleted.add(bytes ?? 0)
        return true
    }

    func step(_ deed: CollectorStep.Deed, _ object: String, _ bytes: Int?, _ reason: String) {
        tell(CollectorStep(deed: deed, object: object, bytes: bytes, reason: reason))
    }

    func problem(_ text: String) {
        if !report.problems.contains(text) { report.problems.append(text) }
    }

    func unknown(_ key: ObjectKey) {
        if report.unknown.count < Self.unknownNames, !report.unknown.contains(key.text) { report.unknown.append(key.text) }
    }

    func checkStopped() throws(CancellationError) {
        if isStopped() { throw CancellationError() }
    }
}
