package import Archive
import Crypto
package import Messages
import Runtime
package import Sessions

/// What differs between two snapshots of a repository: indices by their manifests' first lines, objects by their bodies. No document is read.
///
/// An index whose documents were replaced by as many others of as many bytes counts as equal.
package struct SnapshotDiff: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        case added, removed, changed
    }

    package struct Figures: Sendable, Equatable {
        package var documents: Int
        /// Of the documents as bulk-ready lines.
        package var bytes: Int
    }

    package struct Index: Sendable, Equatable {
        package var name: String
        package var kind: Kind
        /// Nil where the index is not in that snapshot.
        package var old: Figures?
        package var new: Figures?
        /// Whether settings, mappings or aliases differ, where both have the index.
        package var isDefinitionChanged: Bool
    }

    package struct Object: Sendable, Equatable {
        package var type: String
        package var name: String
        package var kind: Kind
    }

    package var old: SnapshotID
    package var new: SnapshotID
    /// By name; equal ones are left out, as in `objects`.
    package var indices: [Index]
    package var equalIndices: Int
    /// By type and name.
    package var objects: [Object]
    package var equalObjects: Int

    package var isEmpty: Bool { indices.isEmpty && objects.isEmpty }

    /// - Throws: `ArchiveError` for a manifest that is missing or damaged.
    package init(from old: OutcomeEntry.Commit, to new: OutcomeEntry.Commit, in store: RepositoryStore) throws {
        self.old = old.summary.id
        self.new = new.summary.id
        (indices, equalIndices) = try Self.indices(old, new, store)
        (objects, equalObjects) = try Self.objects(old, new, store)
    }

    private struct Source {
        var summary: SnapshotSummary.Index
        var manifest: String

        var figures: Figures { Figures(documents: summary.documents, bytes: summary.bytes) }
    }

    private static func sources(_ commit: OutcomeEntry.Commit) -> [String: Source] {
        let sources = zip(commit.summary.indices, commit.manifests).map { ($0.name, Source(summary: $0, manifest: $1)) }
        return Dictionary(sources) { first, _ in first }
    }

    private static func indices(
        _ old: OutcomeEntry.Commit, _ new: OutcomeEntry.Commit, _ store: RepositoryStore
    ) throws -> ([Index], Int) {
        let (before, after) = (sources(old), sources(new))
        var changes: [Index] = []
        for name in Set(before.keys).union(after.keys).sorted() {
            let (left, right) = (before[name], after[name])
            var isDefinitionChanged = false
            if let left, let right {
                isDefinitionChanged = try definitionsDiffer(left, right, store)
                guard isDefinitionChanged || left.figures != right.figures else { continue }
            }
            changes.append(
                Index(
                    name: name, kind: left == nil ? .added : right == nil ? .removed : .changed, old: left?.figures,
                    new: right?.figures, isDefinitionChanged: isDefinitionChanged))
        }
        return (changes, Set(before.keys).union(after.keys).count - changes.count)
    }

    private static func definitionsDiffer(_ left: Source, _ right: Source, _ store: RepositoryStore) throws -> Bool {
        guard left.manifest != right.manifest else { return false }
        let texts = try [left, right].map { source in
            try IndexManifestReader(store: store, id: digest(source.manifest)).header.definition
        }
        return try differ(texts[0], texts[1])
    }

    private static func objects(
        _ old: OutcomeEntry.Commit, _ new: OutcomeEntry.Commit, _ store: RepositoryStore
    ) throws -> ([Object], Int) {
        let (before, after) = (try bodies(old, store), try bodies(new, store))
        let all = Set(before.keys).union(after.keys).sorted { ($0.type, $0.name) < ($1.type, $1.name) }
        let changes = try all.compactMap { key -> Object? in
            let kind: Kind
            switch (before[key], after[key]) {
            case (nil, _): kind = .added
            case (_, nil): kind = .removed
            case (let left?, let right?):
                guard try differ(left, right) else { return nil }
                kind = .changed
            }
            return Object(type: key.type, name: key.name, kind: kind)
        }
        return (changes, all.count - changes.count)
    }

    private struct ObjectName: Hashable {
        var type: String
        var name: String
    }

    private static func bodies(_ commit: OutcomeEntry.Commit, _ store: RepositoryStore) throws -> [ObjectName: String] {
        guard let manifest = commit.objects else { return [:] }
        let objects = try ObjectManifestReader(store: store, id: digest(manifest)).objects
        return Dictionary(objects.map { (ObjectName(type: $0.kind, name: $0.name), $0.body) }) { first, _ in first }
    }

    /// Engines give members in any order.
    private static func differ(_ left: String, _ right: String) throws -> Bool {
        guard left != right else { return false }
        return try sorted(JSONValue(parsing: Array(left.utf8))) != sorted(JSONValue(parsing: Array(right.utf8)))
    }

    private static func sorted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements): .array(elements.map(sorted))
        case .object(let members):
            .object(
                members.map { JSONValue.Member(name: $0.name, value: sorted($0.value)) }.sorted { $0.name < $1.name })
        case .null, .bool, .number, .string: value
        }
    }

    private static func digest(_ manifest: String) throws -> Digest {
        guard let id = Digest(hex: manifest) else {
            throw ArchiveError(.corrupt, "an outcome names \(manifest) as a manifest, which is no digest; verify the repository")
        }
        return id
    }
}
