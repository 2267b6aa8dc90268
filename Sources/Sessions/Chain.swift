/// The parts of one slice and epoch, from its begin to its end.
enum Chain {
    case complete(DoneEntry)
    case broken(String)

    /// - Parameter expectedDocuments: must be moved or, in a restore, refused and kept as rejects.
    init(_ parts: [PartEntry], count: Int, expectedDocuments: Int, nonce: String) {
        guard parts.count == count, parts.first?.begin == nil, parts.last?.endsSlice == true,
            zip(parts, parts.dropFirst()).allSatisfy({ $0.end != nil && $0.end == $1.begin })
        else {
            self = .broken("its \(parts.count) parts do not form a chain")
            return
        }
        let documents = parts.reduce(0) { $0 + $1.documents }
        let rejected = parts.reduce(0) { $0 + ($1.rejected ?? 0) }
        guard documents + rejected == expectedDocuments else {
            self = .broken("\(documents + rejected) documents were moved where \(expectedDocuments) were counted")
            return
        }
        var partsByWorker: [String: Int] = [:]
        for part in parts { partsByWorker[part.worker, default: 0] += 1 }
        var done = DoneEntry(
            nonce: nonce, parts: parts.count, documents: documents, bytes: parts.reduce(0) { $0 + $1.bytes },
            storedBytes: parts.reduce(0) { $0 + $1.storedBytes }, partsByWorker: partsByWorker)
        if rejected > 0 {
            done.rejected = rejected
            done.rejections = Array(parts.lazy.flatMap { $0.rejections ?? [] }.prefix(PartEntry.listedRejections))
            let segments = parts.flatMap { $0.segments.map(\.id) }
            done.rejectSegments = segments.isEmpty ? nil : segments
        }
        self = .complete(done)
    }
}

extension PartEntry {
    /// How many refused documents an entry lists; the others are in its segments alone.
    package static let listedRejections = 10

    /// What the target refused of the part; nil when it took every document.
    func refusals(by index: PlannedIndex) -> Refusals? {
        guard let rejected, rejected > 0 else { return nil }
        return Refusals(
            index: index.targetName, documents: rejected,
            rejections: Array((rejections ?? []).prefix(Self.listedRejections)), segments: segments.map(\.id))
    }
}

extension DoneEntry {
    /// The end of a slice of which nothing is kept.
    static func givenUp(nonce: String, because reason: String) -> DoneEntry {
        var done = DoneEntry(nonce: nonce, parts: 0, documents: 0, bytes: 0, storedBytes: 0, partsByWorker: [:])
        done.failure = reason
        return done
    }
}
