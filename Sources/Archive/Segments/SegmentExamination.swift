import Crypto

/// What a segment turns out to be when every byte of it is read once.
package struct SegmentExamination: Hashable, Sendable {
    /// Frames that cannot be read, or hold other than the documents that the table says, in order.
    package var damagedFrames: [Int] = []
    package var isHeaderDamaged = false
    /// Every part of it is whole, and it is another segment than its name says.
    package var isAnother = false

    package var isWhole: Bool { damagedFrames.isEmpty && !isHeaderDamaged && !isAnother }
}

extension SegmentReader {
    /// Reads the whole segment: its name, its header, every frame and every frame's number of documents.
    ///
    /// - Throws: what a store throws that cannot be read; damage is the answer.
    package func examine() throws(ArchiveError) -> SegmentExamination {
        var examination = SegmentExamination()
        var digest = try digesting { () throws(CryptoError) in try SHA256() }
        var digested = 0
        for (index, frame) in frames.enumerated() {
            if try documents(of: index) != frame.documents { examination.damagedFrames.append(index) }
            if index == 0 { examination.isHeaderDamaged = !isHeaderWhole }
            // Windows follow each other without a gap.
            if windowStart == digested {
                try digesting { () throws(CryptoError) in try digest.update(window) }
                digested += window.count
            }
        }
        let rest = try store.read(.segment(id), digested..<storedBytes)
        try digesting { () throws(CryptoError) in try digest.update(rest) }
        let name = try digesting { () throws(CryptoError) in try digest.finish() }
        examination.isAnother = name != id && examination.isWhole
        return examination
    }

    /// - Throws: `.corrupt` for the first damage that `examine` finds.
    package func verify() throws(ArchiveError) {
        let examination = try examine()
        if let first = examination.damagedFrames.first {
            throw damaged("frame \(first) of \(frames.count) is not what its table says")
        }
        guard !examination.isHeaderDamaged else { throw damaged("its header is not the one its table tells of") }
        guard !examination.isAnother else { throw damaged("its bytes do not have the digest that it is named by") }
    }

    /// - Returns: nil for a frame that is damaged.
    private func documents(of index: Int) throws(ArchiveError) -> Int? {
        do throws(ArchiveError) {
            return try SegmentReader.documents(in: salvagedFrame(index), kind: kind)
        } catch  where error.code == .corrupt {
            return nil
        }
    }
}
