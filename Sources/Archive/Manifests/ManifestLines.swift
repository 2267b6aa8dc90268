import Crypto
import FoundationEssentials

/// The lines of a manifest, fetched a window at a time.
struct ManifestLines<Line: Decodable> {
    private let store: RepositoryStore
    private let id: Digest
    private let size: Int
    private let digest: RunningDigest
    private let decoder = JSONDecoder()
    private var fetched = 0
    private var window: [UInt8] = []
    private var start = 0

    init(store: RepositoryStore, id: Digest) throws(ArchiveError) {
        guard let size = try store.size(.manifest(id)) else { throw store.absent(.manifest(id)) }
        self.store = store
        self.id = id
        self.size = size
        digest = try RunningDigest()
    }

    mutating func next() throws(ArchiveError) -> Line? {
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
            let range = fetched..<min(fetched + manifestWindowBytes, size)
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

    private func decode(_ line: ArraySlice<UInt8>) throws(ArchiveError) -> Line {
        do {
            return try decoder.decode(Line.self, from: Data(line))
        } catch {
            throw damaged("a line is not what it should be: \(error)")
        }
    }
}

/// Bytes fetched at a time.
private let manifestWindowBytes = 1 << 20

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
