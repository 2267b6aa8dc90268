package import FoundationEssentials
import Glibc
import Synchronization

/// A repository's objects as their users mean them, whatever lies in the store beneath: plain bytes and plain sizes.
///
/// In an encrypted repository it seals and opens all but what section 1 of docs/repository-format.md excepts; segments, which are
/// sealed frame by frame by their writer, pass as they are.
package struct RepositoryStore: ObjectStore {
    /// Where the objects lie as they are stored.
    package let base: any ObjectStore
    /// `nil` where the repository is not encrypted.
    let keys: RepositoryKeys?
    private let recent = RecentObject()

    /// Of a repository that is not encrypted.
    package init(_ base: any ObjectStore) {
        self.base = base
        keys = nil
    }

    init(_ base: any ObjectStore, keys: RepositoryKeys?) {
        self.base = base
        self.keys = keys
    }

    package var location: String { base.location }

    package func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult {
        guard let keys = keys(of: key) else { return try base.put(bytes, at: key) }
        return try base.put(try cipher(sealing: key, keys).seal(bytes), at: key)
    }

    package func putInParts(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult? {
        try base.putInParts(bytes, at: key)
    }

    /// In an encrypted repository the sealed file lies beside the plain one while it is stored.
    package func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        guard let keys = keys(of: key) else { return try base.upload(contentsOf: path, at: key) }
        let sealed = "\(path).\(try randomID()).sealed"
        // A leftover is wiped with the rest of the spool by the next start.
        defer { _ = unlink(sealed) }
        try seal(path, into: sealed, with: try cipher(sealing: key, keys))
        return try base.upload(contentsOf: sealed, at: key)
    }

    package func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? {
        guard keys(of: key) != nil else { return try base.get(key) }
        guard let stored = try stored(key) else { return nil }
        guard let plain = SealedObject.plainSize(ofStored: stored.count) else { throw damaged(key) }
        guard plain <= ObjectSize.small else { throw tooLarge(key, size: plain) }
        let cipher = try cipher(opening: key, header: stored[..<SealedObject.headerLength])
        let chunks = SealedObject.chunks(ofPlain: plain)
        guard let bytes = try cipher.open(stored[SealedObject.headerLength...], from: 0, of: chunks) else { throw damaged(key) }
        return bytes
    }

    package func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] {
        guard keys(of: key) != nil else { return try base.read(key, range) }
        if let known = recent.object(at: key), let bytes = try read(key, range, as: known) { return bytes }
        // Unknown, or another object than the one that had this name before.
        guard let stored = try base.size(key) else { throw absent(key) }
        guard let size = SealedObject.plainSize(ofStored: stored) else { throw damaged(key) }
        let header = try base.read(key, 0..<SealedObject.headerLength)
        let object = RecentObject.Known(key: key, size: size, cipher: try cipher(opening: key, header: header[...]))
        guard let bytes = try read(key, range, as: object) else { throw damaged(key) }
        recent.remember(object)
        return bytes
    }

    package func size(_ key: ObjectKey) throws(ArchiveError) -> Int? {
        guard let stored = try base.size(key) else { return nil }
        guard keys(of: key) != nil else { return stored }
        guard let size = SealedObject.plainSize(ofStored: stored) else { throw damaged(key) }
        return size
    }

    /// Whether there is an object of this name, whatever became of its bytes.
    package func exists(_ key: ObjectKey) throws(ArchiveError) -> Bool { try base.size(key) != nil }

    /// Sizes are of plain bytes, 0 for a sealed object that is cut: reading it tells.
    package func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo] {
        let page = try base.list(prefix, after: after, limit: limit)
        guard keys != nil else { return page }
        return page.map { object in
            guard object.key.isSealed else { return object }
            return ObjectInfo(
                key: object.key, size: SealedObject.plainSize(ofStored: object.size) ?? 0, modified: object.modified)
        }
    }

    package func delete(_ key: ObjectKey) throws(ArchiveError) { try base.delete(key) }

    package func now() throws(ArchiveError) -> Date { try base.now() }

    package func removeLeftovers(olderThan age: Int) throws(ArchiveError) -> Int { try base.removeLeftovers(olderThan: age) }

    // MARK: - Segments

    var isEncrypted: Bool { keys != nil }

    /// For a segment that is to be made; `nil` where it is not sealed.
    func cipher(sealing kind: SegmentKind, salt: [UInt8]) throws(ArchiveError) -> SegmentCipher? {
        guard let keys else { return nil }
        return try SegmentCipher(try keys.newest(in: base), repository: keys.repository, salt: salt, kind: kind)
    }

    /// For a segment that is there; `nil` where it is not sealed.
    func cipher(opening layout: SegmentLayout, of key: ObjectKey) throws(ArchiveError) -> SegmentCipher? {
        guard let keys, let epoch = layout.epoch else { return nil }
        return try SegmentCipher(
            try keys.epoch(epoch, of: key, in: base), repository: keys.repository, salt: layout.salt, kind: layout.kind)
    }

    // MARK: - Sealed objects

    /// `nil` for what is stored as it is.
    private func keys(of key: ObjectKey) -> RepositoryKeys? { key.isSealed ? keys : nil }

    private func cipher(sealing key: ObjectKey, _ keys: RepositoryKeys) throws(ArchiveError) -> ObjectCipher {
        try ObjectCipher(sealing: key, under: try keys.newest(in: base), repository: keys.repository)
    }

    private func cipher(opening key: ObjectKey, header: ArraySlice<UInt8>) throws(ArchiveError) -> ObjectCipher {
        guard let keys, let header = SealedObject.Header(header) else { throw damaged(key) }
        let epoch = try keys.epoch(header.epoch, of: key, in: base)
        return try ObjectCipher(opening: key, header: header, epoch: epoch, repository: keys.repository)
    }

    /// All stored bytes of an object that is small as long as it is plain.
    private func stored(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? {
        do throws(ArchiveError) {
            return try base.get(key)
        } catch  where error.code == .invalid {
            guard let size = try base.size(key) else { return nil }
            guard size <= SealedObject.storedSize(ofPlain: ObjectSize.small) else { throw error }
            return try base.read(key, 0..<size)
        }
    }

    /// - Returns: `nil` when the bytes there are not of this object.
    private func read(
        _ key: ObjectKey, _ range: Range<Int>, as object: RecentObject.Known
    ) throws(ArchiveError) -> [UInt8]? {
        guard range.lowerBound >= 0, range.upperBound <= object.size else { throw shortRead(key, range, size: object.size) }
        guard !range.isEmpty else { return [] }
        let first = range.lowerBound / SealedObject.chunkBytes
        let last = (range.upperBound - 1) / SealedObject.chunkBytes
        let end = min(
            SealedObject.headerLength + (last + 1) * SealedObject.storedChunk, SealedObject.storedSize(ofPlain: object.size))
        let stored = try base.read(key, (SealedObject.headerLength + first * SealedObject.storedChunk)..<end)
        let chunks = SealedObject.chunks(ofPlain: object.size)
        guard let plain = try object.cipher.open(stored[...], from: first, of: chunks) else { return nil }
        let start = first * SealedObject.chunkBytes
        return range == start..<start + plain.count
            ? plain : Array(plain[(range.lowerBound - start)..<(range.upperBound - start)])
    }

    private func seal(_ path: String, into sealed: String, with cipher: ObjectCipher) throws(ArchiveError) {
        let source = try OpenFile(path, O_RDONLY, doing: "read spooled")
        let target = try OpenFile(sealed, O_WRONLY | O_CREAT | O_EXCL, doing: "create")
        let size = Int(try source.status().st_size)
        let chunks = SealedObject.chunks(ofPlain: size)
        try cipher.header.bytes.withBytes { (bytes) throws(ArchiveError) in try target.write(bytes) }
        let buffer = ByteBuffer(count: SealedObject.chunkBytes)
        for index in 0..<chunks {
            let start = index * SealedObject.chunkBytes
            let count = min(SealedObject.chunkBytes, size - start)
            guard try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<count]), at: start) == count
            else {
                throw ArchiveError(.corrupt, "\(path) shrank while it was stored: dump this part again")
            }
            let chunk = try cipher.seal(Array(buffer.prefix(count)), index: index, of: chunks)
            try chunk.withBytes { (bytes) throws(ArchiveError) in try target.write(bytes) }
        }
    }

    private func damaged(_ key: ObjectKey) -> ArchiveError {
        ArchiveError(
            .corrupt,
            "\(key) in \(location) is damaged: it does not open with the key that it was sealed under; restore it from another copy"
        )
    }
}

extension ObjectKey {
    /// Whether an encrypted repository holds it sealed as a whole.
    var isSealed: Bool {
        switch components.first {
        case "FORMAT", "RECOVERY.md", "recover.py", "keys", "segments", "probe": false
        default: true
        }
    }
}

/// The object that was read last, so that one read range by range is asked for its header and size once.
private final class RecentObject: Sendable {
    struct Known: Sendable {
        let key: ObjectKey
        /// In plain bytes.
        let size: Int
        let cipher: ObjectCipher
    }

    private let known = Mutex<Known?>(nil)

    func object(at key: ObjectKey) -> Known? { known.withLock { $0.flatMap { $0.key == key ? $0 : nil } } }

    func remember(_ object: Known) { known.withLock { $0 = object } }
}
