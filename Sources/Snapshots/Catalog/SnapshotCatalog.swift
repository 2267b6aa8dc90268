package import Archive
import FoundationEssentials
package import Messages
import Runtime
package import Sessions

/// A snapshot, and what was said of it since.
package struct SnapshotRecord: Sendable, Equatable {
    package var commit: OutcomeEntry.Commit
    package var marks: SnapshotMarks
    package var isForgotten: Bool
    /// Why its marks cannot be read, which protects it.
    package var marksDamage: String?

    package var id: SnapshotID { commit.summary.id }

    /// Whether it can be listed and chosen.
    package var isListed: Bool { !isForgotten || marks.isKept }

    /// With its marks.
    package var summary: SnapshotSummary {
        var summary = commit.summary
        summary.tags = marks.tags.isEmpty ? nil : marks.tags
        summary.isKept = marks.isKept ? true : nil
        return summary
    }
}

/// What a repository holds: the committed outcomes, which are its snapshots, but for those that were forgotten and are not kept.
package struct SnapshotCatalog {
    package let store: RepositoryStore
    private let memory: CatalogMemory?

    /// - Parameter memory: of a process that looks again and again; nil: all is read.
    package init(store: RepositoryStore, memory: CatalogMemory? = nil) {
        self.store = store
        self.memory = memory
    }

    /// All snapshots, oldest first. Aborted sessions are no snapshots.
    package func snapshots() throws -> [OutcomeEntry.Commit] { try records().map(\.commit) }

    /// All snapshots with their marks, oldest first.
    package func records(includingForgotten: Bool = false) throws -> [SnapshotRecord] {
        try look(includingForgotten: includingForgotten).records
    }

    /// As `records`, with those that cannot be read: `sheaf repo verify` says more of them.
    package func look(includingForgotten: Bool = false) throws -> (records: [SnapshotRecord], damages: [SnapshotID: String]) {
        let forgotten = try Forgetting(store: store).snapshots()
        let marked = try MarkBook(store: store).newest()
        var objects: [(SnapshotID, ObjectInfo)] = []
        try store.forEachObject("outcomes/") { (object: ObjectInfo) throws(ArchiveError) in
            if let id = object.key.components.last.flatMap({ SnapshotID(String($0)) }) { objects.append((id, object)) }
        }
        memory?.keep(only: Set(objects.map(\.1.key)), of: store.location)
        var damages: [SnapshotID: String] = [:]
        let records = try objects.compactMap { id, object -> SnapshotRecord? in
            let isForgotten = forgotten.contains(id)
            let standing = try marked[id].flatMap { try readMarks(at: $0, whereForgotten: isForgotten) }
            let marks = standing?.marks ?? SnapshotMarks()
            guard includingForgotten || !isForgotten || marks.isKept else { return nil }
            switch try memory.map({ try $0.commit(at: object, in: store) }) ?? store.commit(at: object.key) {
            case .value(let commit)?:
                return commit.map {
                    SnapshotRecord(commit: $0, marks: marks, isForgotten: isForgotten, marksDamage: standing?.damage)
                }
            case .damaged(let cause)?:
                damages[id] = cause
                return nil
            case nil: return nil
            }
        }
        // Names tell seconds alone.
        return (records.sorted { ($0.commit.summary.time, $0.id) < ($1.commit.summary.time, $1.id) }, damages)
    }

    /// - Throws: `SnapshotError(.notFound)` when there is no such snapshot, or it was forgotten.
    package func snapshot(_ id: SnapshotID) throws -> OutcomeEntry.Commit { try record(id).commit }

    /// - Throws: as `snapshot`.
    package func record(_ id: SnapshotID) throws -> SnapshotRecord {
        guard let record = try anyRecord(id) else {
            throw SnapshotError(.notFound, "there is no snapshot \(id) in \(store.location); list them with: sheaf snapshots")
        }
        guard record.isListed else {
            throw SnapshotError(
                .notFound,
                "snapshot \(id) in \(store.location) was forgotten; until its data is deleted it comes back with: sheaf keep \(id)"
            )
        }
        return record
    }

    /// Nil for a snapshot that does not exist; one that was forgotten does.
    package func anyRecord(_ id: SnapshotID) throws -> SnapshotRecord? {
        guard let commit = try commit(at: ObjectKey("outcomes/\(id)")) else { return nil }
        let standing = try MarkBook(store: store).standing(of: id)
        return SnapshotRecord(
            commit: commit, marks: standing?.marks ?? SnapshotMarks(),
            isForgotten: try Forgetting(store: store).isForgotten(id), marksDamage: standing?.damage)
    }

    /// - Throws: `SnapshotError(.notFound)` where no snapshot is of this target, naming those there are.
    package func requireSnapshots(of target: SnapshotSource) throws {
        let sources = Set(try records().map(\.summary.source))
        guard !sources.contains(target) else { return }
        let names = sources.isEmpty ? "" : ", but of \(sources.map(\.description).sorted().joined(separator: ", "))"
        throw SnapshotError(.notFound, "no snapshot in \(store.location) is of \(target)\(names)")
    }

    /// A snapshot that was chosen, and what is to be said of the choice.
    package struct Selection {
        package var record: SnapshotRecord
        package var notes: [String] = []

        package var commit: OutcomeEntry.Commit { record.commit }
    }

    /// The snapshot that a RestoreSession asks for: by an id, a part of one, `latest`, or a time.
    ///
    /// `latest` and a time choose among those of the same AppBinding; in a repository that holds another one's snapshots alone among
    /// those, so that a cluster can be restored under a new name. A short id (Stash's eight characters) may stand for the whole.
    /// - Parameter allowPartial: `latest` and a time may mean a snapshot that misses documents.
    package func select(_ selector: String, target: AppBinding, allowPartial: Bool) throws -> Selection {
        let own = SnapshotSource(namespace: target.metadata.namespace, target: target.metadata.name)
        return try select(SnapshotSelector(selector), in: .preferred(own), allowPartial: allowPartial)
    }

    /// The snapshot that a command's argument means. `latest` and a time pass over those that miss documents.
    ///
    /// - Parameters:
    ///   - target: whose; nil where the repository has one target alone.
    ///   - includingForgotten: an id may also name one that was forgotten and is not deleted yet.
    package func find(
        _ selector: String, target: SnapshotSource? = nil, includingForgotten: Bool = false
    ) throws -> Selection {
        let selector = SnapshotSelector(selector)
        if includingForgotten, case .named(let name) = selector {
            let (records, damages) = try look(includingForgotten: true)
            return Selection(record: try one(of: records, damages, named: name))
        }
        return try select(selector, in: target.map { .target($0) } ?? .onlyTarget, allowPartial: false)
    }

    private func select(
        _ selector: SnapshotSelector, in scope: SnapshotSelector.Scope, allowPartial: Bool
    ) throws -> Selection {
        // A whole id is read without a list.
        if case .named(let name) = selector, let id = SnapshotID(name), let record = try anyRecord(id) {
            return Selection(record: record.isListed ? record : try self.record(id))
        }
        let (records, damages) = try look()
        if case .named(let name) = selector {
            return Selection(record: try one(of: records, damages, named: name))
        }
        if records.isEmpty, let newest = damages.max(by: { $0.key < $1.key }) {
            throw ArchiveError(.corrupt, "no snapshot in \(store.location) can be read: \(newest.value)")
        }
        let choice = try selector.choose(
            from: records, in: scope, allowPartial: allowPartial, place: store.location, summary: \.commit.summary)
        let newer = damages.keys.filter { $0 > choice.element.id }.sorted()
        return Selection(
            record: choice.element, notes: choice.notes + newer.map { "snapshot \($0) cannot be read: \(damages[$0] ?? "")" })
    }

    /// - Throws: `.corrupt` for one that cannot be read.
    private func one(of records: [SnapshotRecord], _ damages: [SnapshotID: String], named name: String) throws -> SnapshotRecord {
        let id = try SnapshotSelector.only(of: records.map(\.id) + damages.keys, named: name, in: store.location) { $0 }
        guard let record = records.first(where: { $0.id == id }) else { throw ArchiveError(.corrupt, damages[id] ?? "\(id)") }
        return record
    }

    /// Those that a pin which is not past protects. What a damaged one names is not known: `sheaf repo gc` tells of it.
    package func pinned() throws -> Set<SnapshotID> {
        let now = Timestamp(secondsSinceEpoch: try store.now().timeIntervalSince1970)
        return Set(try Pins(store).all().compactMap { $0.isPast(at: now) ? nil : $0.pin?.snapshot })
    }

    /// Nil where garbage collection is deleting the snapshot, its marks first.
    private func readMarks(at key: ObjectKey, whereForgotten isForgotten: Bool) throws(ArchiveError) -> MarkBook.Standing? {
        do throws(ArchiveError) {
            return try MarkBook(store: store).standing(at: key)
        } catch {
            guard error.code == .notFound, isForgotten else { throw error }
            return nil
        }
    }

    /// Sessions that have committed a snapshot whose outcome is gone, each with a sentence.
    func lost() throws -> [SnapshotID: String] { try memory?.lost(in: store) ?? LostOutcomes(store).find() }

    private func commit(at key: ObjectKey) throws -> OutcomeEntry.Commit? {
        switch try store.commit(at: key) {
        case .value(let commit)?: commit
        case .damaged(let cause)?: throw ArchiveError(.corrupt, cause)
        case nil: nil
        }
    }
}
