package import Archive
package import Crypto

/// What is wrong with one segment.
package struct SegmentDamage: Hashable, Sendable {
    package struct Frame: Hashable, Sendable {
        package let number: Int
        package let documents: Int
        /// The place of its first document among those of the segment.
        package let firstDocument: Int
    }

    package var kind: VerificationReport.Kind
    package var cause: String
    /// Frames that cannot be read, none where it is the header alone; nil where no frame can be.
    package var frames: [Frame]?

    /// How many of the segment's documents cannot be read.
    package func lostDocuments(of total: Int) -> Int { frames.map { $0.reduce(0) { $0 + $1.documents } } ?? total }
}

/// Looks at segments one by one.
package struct SegmentInspector {
    package let store: RepositoryStore

    package init(store: RepositoryStore) { self.store = store }

    /// Compares what is there with what manifests say.
    ///
    /// - Parameter size: as a list says; asked of the store when nil, since a list may be behind.
    /// - Returns: nil for a segment of the right size.
    package func damage(of id: Digest, _ facts: SegmentFacts, size: Int?) throws(ArchiveError) -> SegmentDamage? {
        var size = size
        if size != facts.storedBytes { size = try store.size(.segment(id)) }
        guard let size else { return SegmentDamage(kind: .missing, cause: "it is not there", frames: nil) }
        guard size == facts.storedBytes else {
            return SegmentDamage(
                kind: .damaged, cause: "it has \(size) bytes where \(facts.storedBytes) should be, so no frame can be found",
                frames: nil)
        }
        return nil
    }

    /// Reads a segment whole.
    ///
    /// - Returns: nil for one that is as manifests say.
    /// - Throws: what a store throws that cannot be read. Damage and absence are the answer.
    package func damageByReading(_ id: Digest, _ facts: SegmentFacts) throws(ArchiveError) -> SegmentDamage? {
        if let damage = try damage(of: id, facts, size: nil) { return damage }
        do throws(ArchiveError) {
            return try examine(try SegmentReader(store: store, id: id, storedBytes: facts.storedBytes), facts)
        } catch  where error.code == .corrupt {
            return SegmentDamage(kind: .damaged, cause: "its table of frames cannot be read", frames: nil)
        } catch  where error.code == .notFound {
            return SegmentDamage(kind: .missing, cause: "it is not there", frames: nil)
        }
    }

    private func examine(_ reader: SegmentReader, _ facts: SegmentFacts) throws(ArchiveError) -> SegmentDamage? {
        let isTheOne =
            reader.kind == facts.kind && reader.documents == facts.documents && reader.plainBytes == facts.plainBytes
        let examination = try reader.examine()
        guard isTheOne, !examination.isAnother else {
            return SegmentDamage(kind: .damaged, cause: "it is another segment than the one that was stored", frames: nil)
        }
        guard !examination.isWhole else { return nil }
        var firstDocument = 0
        var lost: [SegmentDamage.Frame] = []
        let damaged = Set(examination.damagedFrames)
        for (number, frame) in reader.frames.enumerated() {
            if damaged.contains(number) {
                lost.append(.init(number: number, documents: frame.documents, firstDocument: firstDocument))
            }
            firstDocument += frame.documents
        }
        let cause =
            lost.isEmpty
            ? "its header is damaged; every frame can be read"
            : "\(lost.count) of its \(reader.frames.count) frames cannot be read"
        return SegmentDamage(kind: .damaged, cause: cause, frames: lost)
    }
}
