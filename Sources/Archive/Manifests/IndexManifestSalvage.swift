package import Crypto
import FoundationEssentials

/// What can still be read of an index's manifest that is damaged: lines that are whole, in their order.
///
/// Nothing vouches for a line but its own form, so each segment must be compared with its table before it is believed.
package struct IndexManifestSalvage {
    /// Nil without the first line: nobody knows what the index was.
    package private(set) var header: IndexManifest?
    package private(set) var segments: [SegmentReference] = []

    /// - Throws: what a store throws that cannot be read. A manifest that is not there has no lines.
    package init(store: RepositoryStore, id: Digest) throws(ArchiveError) {
        let key = ObjectKey.manifest(id)
        let windowBytes = 1 << 20
        var line: [UInt8] = []
        var isFirst = true
        // A part that is gone takes the lines with it that it cuts.
        var isCut = false
        var offset = 0
        let size = try IndexManifestSalvage.intact { () throws(ArchiveError) in try store.size(key) ?? 0 } ?? 0
        while offset < size {
            let range = offset..<min(offset + windowBytes, size)
            offset = range.upperBound
            guard let window = try IndexManifestSalvage.intact({ () throws(ArchiveError) in try store.read(key, range) }) else {
                (line, isCut, isFirst) = ([], true, false)
                continue
            }
            for byte in window {
                guard byte == UInt8(ascii: "\n") else {
                    line.append(byte)
                    continue
                }
                if !isCut { take(line, isFirst: isFirst) }
                (line, isCut, isFirst) = ([], false, false)
            }
        }
    }

    private mutating func take(_ line: [UInt8], isFirst: Bool) {
        let parsed: ManifestLine
        do {
            parsed = try JSONDecoder().decode(ManifestLine.self, from: Data(line))
        } catch {
            // Lost: whoever salvages counts what is not there.
            return
        }
        switch parsed {
        case .index(let header):
            if isFirst && header.version == IndexManifest.currentVersion { self.header = header }
        case .segment(let segment): segments.append(segment)
        case .end: break
        }
    }

    /// - Returns: nil for what is damaged or gone.
    private static func intact<Value>(_ read: () throws(ArchiveError) -> Value) throws(ArchiveError) -> Value? {
        do throws(ArchiveError) {
            return try read()
        } catch  where error.code == .corrupt || error.code == .notFound {
            return nil
        }
    }
}
