import Archive

/// Writes the documents of a segment into a new one, frame by frame as they are, with the key of where it goes.
struct SegmentRewriter {
    let destination: OpenRepository
    let spool: Spool
    let settings: SegmentSettings

    /// - Parameter lost: frames that are left out.
    /// - Returns: nil where no frame is left. The segment and its inventory are durable.
    func rewrite(_ reader: SegmentReader, without lost: Set<Int> = []) throws(ArchiveError) -> StagedSegment? {
        let writer = try SegmentWriter(store: destination.store, spool: spool, kind: reader.kind, settings: settings)
        let inventory = try InventoryWriter(spool: spool)
        for (number, frame) in reader.frames.enumerated() where !lost.contains(number) {
            let bytes = try reader.salvagedFrame(number)
            try writer.append(frame: bytes, documents: frame.documents)
            try inventory.append(frame: bytes, kind: reader.kind)
        }
        guard let segment = try writer.finish() else { return nil }
        try inventory.store(for: segment.id, in: destination.store)
        try destination.put(segment)
        return segment
    }
}
