package import Crypto
import FoundationEssentials

/// Reads an index's manifest line by line; only what `next` has confirmed with `nil` is known to be whole and unchanged.
package final class IndexManifestReader {
    package let id: Digest
    package let header: IndexManifest
    private var lines: ManifestLines
    private var totals = ManifestTotals()
    private var isEnded = false

    package init(store: any ObjectStore, id: Digest) throws(ArchiveError) {
        self.id = id
        var lines = try ManifestLines(store: store, id: id)
        guard case .index(let header)? = try lines.next() else { throw lines.damaged("it does not start with an index") }
        guard header.version == IndexManifest.currentVersion else {
            throw ArchiveError(
                .unsupported,
                "manifest \(id) has version \(header.version), this program knows \(IndexManifest.currentVersion): use a newer one"
            )
        }
        self.header = header
        self.lines = lines
    }

    /// - Returns: `nil` after the last segment, once totals and digest hold.
    package func next() throws(ArchiveError) -> SegmentReference? {
        if isEnded { return nil }
        switch try lines.next() {
        case .segment(let segment):
            totals.add(segment)
            return segment
        case .end(let end):
            guard try lines.next() == nil else { throw lines.damaged("it goes on after its end") }
            guard end == totals, end.documents == header.documents, end.plainBytes == header.plainBytes else {
                throw lines.damaged("its segments do not add up to its totals")
            }
            try lines.checkDigest()
            isEnded = true
            return nil
        case .index: throw lines.damaged("it has two indices")
        case nil: throw lines.damaged("it ends before its totals")
        }
    }
}

/// The lines of a manifest, fetched a window at a time.
private struct ManifestLines {
    private static let windowBytes = 1 << 20

    private let store: any ObjectStore
    private let id: Digest
    private let size: Int
    private let digest: RunningDigest
    private let decoder = JSONDecoder()
    private var fetched = 0
    private var window: [UInt8] = []
    private var start = 0

    init(store: any ObjectStore, id: Digest) throws(ArchiveError) {
        guard let size = try store.size(.manifest(id)) else { throw store.absent(.manifest(id)) }
        self.store = store
        self.id = id
        self.size = size
        digest = try RunningDigest()
    }

    mutating func next() throws(ArchiveError) -> ManifestLine? {
        var searched = start
        while true {
            let end = window.withUnsafeBytes { firstIndex(of: UInt8(ascii: "\n"), in: $0, from: searched) }
            if let end {
                defer { start = end + 1 }
                return try decode(window[start..<end])
            }
            guard fetched < size else {
                guard start == window.count else { throw damaged("its last line has no end") }
                return nil
            }
            window.removeFirst(start)
            start = 0
            searched = window.count
            guard searched <= ObjectSize.small else { throw damaged("a line is longer than \(ObjectSize.small) bytes") }
            let range = fetched..<min(fetched + ManifestLines.windowBytes, size)
            let bytes = try store.read(.manifest(id), range)
            try digest.update(bytes)
            window += bytes
            fetched = range.upperBound
        }
    }

    func checkDigest() throws(ArchiveError) {
        let found = try digest.finish()
        guard found == id else { throw damaged("its bytes have the digest \(found), not its name") }
    }

    func damaged(_ cause: String) -> ArchiveError {
        ArchiveError(
            .corrupt,
            "manifest \(id) in \(store.location) is damaged: \(cause); restore it from another copy"
        )
    }

    private func decode(_ line: ArraySlice<UInt8>) throws(ArchiveError) -> ManifestLine {
        do {
            return try decoder.decode(ManifestLine.self, from: Data(line))
        } catch {
            throw damaged("a line is not what it should be: \(error)")
        }
    }
}

/// A digest that a copyable value can hold on to.
private final class RunningDigest {
    private var digest: SHA256

    init() throws(ArchiveError) {
        digest = try digesting { () throws(CryptoError) in try SHA256() }
    }

    func update(_ bytes: [UInt8]) throws(ArchiveError) {
        try digesting { () throws(CryptoError) in try digest.update(bytes) }
    }

    func finish() throws(ArchiveError) -> Digest {
        try digesting { () throws(CryptoError) in try digest.finish() }
    }
}
