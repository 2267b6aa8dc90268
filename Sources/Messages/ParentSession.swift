/// How the members of a batch follow each other, in Stash's words.
package enum ExecutionOrder: String, Codable, Sendable, Hashable, CaseIterable {
    /// All at once; Stash's default.
    case parallel = "Parallel"
    /// Each when the one before it has ended, however it did.
    case sequential = "Sequential"
}

/// Which member of which batch's session a session is, as docs/batches.md has it.
///
/// The parent has no message and no journal: whoever knows its members knows it.
package struct ParentSession: Codable, Sendable, Hashable {
    /// Names the whole session of the batch; no session of its own.
    package var id: SessionID
    /// Name of the BackupBatch or RestoreBatch.
    package var batch: String
    /// From 0, in the order of the manifest.
    package var place: Int
    /// Members of the whole session, from 1.
    package var count: Int
    package var order: ExecutionOrder

    package init(id: SessionID, batch: String, place: Int, count: Int, order: ExecutionOrder) {
        self.id = id
        self.batch = batch
        self.place = place
        self.count = count
        self.order = order
    }

    /// What people are shown: `2/3`.
    package var position: String { "\(place + 1)/\(count)" }

    /// Whether `other` is a member of the same session of the batch.
    package func isSibling(of other: ParentSession?) -> Bool { id == other?.id }

    /// Whether this one may begin only when `other` has ended.
    package func follows(_ other: ParentSession?) -> Bool {
        guard order == .sequential, let other else { return false }
        return isSibling(of: other) && other.place < place
    }
}
