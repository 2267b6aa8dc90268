package import Messages
import Runtime

/// A document that a damaged repository cannot give back, or several that nobody can name.
package struct LostDocument: Hashable, Sendable {
    package var snapshot: SnapshotID
    package var index: String
    /// The JSON text of `_id`, as its action line had it; nil where no inventory tells it.
    package var id: String?
    /// One where it has an id.
    package var count = 1
    /// Nil where the manifest that named it is lost.
    package var segment: String?
    /// Nil where no frame of the segment can be read.
    package var frame: Int?
    package var reason: String

    /// A line of JSON, without its line feed: `count` stands in place of an `_id` that is not known.
    package var line: String {
        var members: [JSONValue.Member] = [
            .init(name: "index", value: .string(index)), .init(name: "snapshot", value: .string(snapshot.text)),
            .init(name: "segment", value: segment.map { .string($0) } ?? .null),
            .init(name: "frame", value: frame.map { JSONValue($0) } ?? .null), .init(name: "reason", value: .string(reason)),
        ]
        if id == nil { members.insert(.init(name: "count", value: JSONValue(count)), at: 0) }
        return "{\"_id\":\(id ?? "null"),\(JSONValue.object(members).serialized().dropFirst())"
    }
}

/// What a repair did, or would do.
package struct RepairReport: Hashable, Sendable {
    package struct Index: Hashable, Sendable {
        package var name: String
        /// As the damaged snapshot counted them.
        package var documents: Int
        package var salvaged: Int
        /// What was wrong, where something was.
        package var causes: [String] = []

        package var lost: Int { documents - salvaged }
    }

    package struct Snapshot: Hashable, Sendable {
        package var snapshot: SnapshotID
        /// The one that takes its place; nil where nothing of it can be read.
        package var replacement: SnapshotID?
        /// All of them.
        package var indices: [Index]
        /// Objects beside indices that are lost: all or none.
        package var lostObjects = 0
        /// Whether the replacement is there and the damaged one forgotten.
        package var isDone = false
        /// Why it could not be repaired, where the others could; a sentence. What it says of indices is not known then.
        package var failure: String?
        /// Why its marks could not be read: the replacement is kept, and has no tags of it. A sentence.
        package var marksDamage: String?

        package var lost: Int { indices.reduce(0) { $0 + $1.lost } }
        package var salvaged: Int { indices.reduce(0) { $0 + $1.salvaged } }
    }

    package var verification: VerificationReport
    package var snapshots: [Snapshot]

    /// Outcomes that cannot be read: nobody knows what they named.
    package var unreadable: [String] {
        let repaired = Set(snapshots.map(\.snapshot.text))
        return Set(verification.findings.map(\.snapshot)).subtracting(repaired).sorted()
    }
}
