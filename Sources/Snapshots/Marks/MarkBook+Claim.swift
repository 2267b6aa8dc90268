import Archive
import Crypto
import FoundationEssentials
import Messages
import Runtime

/// The last mark of a snapshot, put by garbage collection before it deletes the outcome: one put decides between deleting it and keeping it.
extension MarkBook {
    /// - Parameters:
    ///   - isOld: whether something that was stored then is a grace ago: who chose a snapshot while it was kept has pinned it by now.
    ///   - isDryRun: nothing is put.
    /// - Returns: whether the snapshot may be deleted. False where a mark keeps it, did so within the grace, or was put at this moment.
    func claim(_ snapshot: SnapshotID, isDryRun: Bool, isOld: (Timestamp) -> Bool) throws -> Bool {
        var number = 0
        var newest: ObjectInfo?
        try store.forEachObject("marks/\(snapshot)/") { (object: ObjectInfo) throws(ArchiveError) in
            guard let found = object.key.components.last.flatMap({ Self.number($0) }) else { return }
            (number, newest) = (found, object)
        }
        if let newest {
            let entry = try entry(at: newest.key)
            if entry.swept == true { return true }
            guard !entry.marks.isKept, isOld(Timestamp(newest.modified)) else { return false }
        }
        guard !isDryRun else { return true }
        var claim = MarkEntry(nonce: try randomBytes(16).hex, at: .now(), marks: SnapshotMarks())
        claim.swept = true
        return try store.put(try MessageCoding.encode(claim), at: key(snapshot, number + 1)) == .created
    }
}
