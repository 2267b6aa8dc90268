package import Crypto
import Glibc

/// A finished file in the spool, ready for `ObjectStore.upload`; removed with its last owner.
package final class StagedFile: Sendable {
    package let path: String
    /// SHA-256 of its bytes.
    package let digest: Digest
    package let bytes: Int
    private let spool: Spool

    fileprivate init(path: String, digest: Digest, bytes: Int, spool: Spool) {
        self.path = path
        self.digest = digest
        self.bytes = bytes
        self.spool = spool
    }

    /// What cannot be removed here, is by the next start of a process.
    deinit {
        _ = unlink(path)
        spool.release(bytes)
    }
}

/// A file in the spool while it is written: digested on the way, counted against the spool's bound, gone unless finished.
final class SpooledFile {
    private(set) var bytes = 0
    private let spool: Spool
    private let file: OpenFile
    private var digest: SHA256
    private var isFinished = false

    init(in spool: Spool) throws(ArchiveError) {
        self.spool = spool
        digest = try digesting { () throws(CryptoError) in try SHA256() }
        file = try OpenFile(spool.makePath(), O_WRONLY | O_CREAT | O_EXCL, doing: "create")
    }

    deinit {
        guard !isFinished else { return }
        _ = unlink(file.path)
        spool.release(bytes)
    }

    func write(_ chunk: UnsafeRawBufferPointer) throws(ArchiveError) {
        try spool.reserve(chunk.count)
        bytes += chunk.count
        try digesting { () throws(CryptoError) in try digest.update(chunk) }
        try file.write(chunk)
    }

    func write(_ chunk: [UInt8]) throws(ArchiveError) {
        try chunk.withBytes { (chunk) throws(ArchiveError) in try write(chunk) }
    }

    func finish() throws(ArchiveError) -> StagedFile {
        let digest = try digesting { () throws(CryptoError) in try self.digest.finish() }
        isFinished = true
        return StagedFile(path: file.path, digest: digest, bytes: bytes, spool: spool)
    }
}
