import Glibc

/// Reads a secret from a file, as container platforms mount them.
package enum SecretFile {
    /// The content without one line break at its end; at most 64 KiB.
    package static func read(_ path: String) throws(UsageError) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure(path, errorText(errno)) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while bytes.count <= 65_536 {
            let count = Glibc.read(file, &piece, piece.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure(path, errorText(errno)) }
            if count == 0 { break }
            bytes += piece.prefix(count)
        }
        guard bytes.count <= 65_536 else { throw failure(path, "it is larger than 64 KiB") }
        if bytes.last == 0x0A { bytes.removeLast() }
        if bytes.last == 0x0D { bytes.removeLast() }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw failure(path, "it is not UTF-8 text") }
        guard !text.isEmpty else { throw failure(path, "it is empty") }
        return text
    }

    private static func failure(_ path: String, _ cause: String) -> UsageError {
        UsageError(code: .unreadableFile, message: "could not read the secret in \(path): \(cause)")
    }
}
