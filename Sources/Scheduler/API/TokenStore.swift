package import API
import Crypto
import FoundationEssentials
import Glibc
package import Runtime

/// The file of tokens as it is now: read again when it has changed. One that cannot be read keeps the tokens of its last good reading.
package final class TokenStore: Sendable {
    private struct State {
        var tokens: TokenFile
        var stamp: Stamp?
    }

    /// What changes when a file is written.
    private struct Stamp: Equatable {
        var inode: UInt64
        var size: Int64
        var seconds: Int
        var nanoseconds: Int

        init?(path: String) {
            var info = stat()
            guard stat(path, &info) == 0 else { return nil }
            (inode, size) = (UInt64(info.st_ino), Int64(info.st_size))
            (seconds, nanoseconds) = (info.st_mtim.tv_sec, info.st_mtim.tv_nsec)
        }
    }

    private let path: String
    private let logger: Logger
    private let state: Lock<State>

    /// Reads the file that was given, or that of the state folder, which is made with a token of its own when it is not there.
    ///
    /// - Throws: `SchedulerError` with file, line and cause.
    package init(path given: String?, state folder: String, logger: Logger) throws {
        path = given ?? "\(folder)/tokens"
        self.logger = logger
        if given == nil, !FileManager.default.fileExists(atPath: path) {
            let token = try TokenFile.newToken()
            let plain = "\(folder)/admin-token"
            try Self.write(token + "\n", to: plain)
            try Self.write(try TokenFile.line(name: "admin", roles: [.admin], token: token) + "\n", to: path)
            logger.notice("a token for the API was made", metadata: ["file": .string(plain)])
        }
        let stamp = Stamp(path: path)
        state = Lock(State(tokens: try Self.read(path), stamp: stamp))
    }

    /// Whose token that is.
    package func actor(of token: String) -> Actor? {
        let tokens = state.withLock { state in
            let stamp = Stamp(path: path)
            guard stamp != state.stamp else { return state.tokens }
            state.stamp = stamp
            do {
                state.tokens = try Self.read(path)
                logger.notice("the tokens were read again", metadata: ["file": .string(path)])
            } catch {
                logger.error("the tokens cannot be read; the last ones stay", metadata: ["error": .string("\(error)")])
            }
            return state.tokens
        }
        do {
            return try tokens.actor(of: token)
        } catch {
            logger.error("a token cannot be looked up", metadata: ["error": .string("\(error)")])
            return nil
        }
    }

    private static func read(_ path: String) throws(SchedulerError) -> TokenFile {
        do {
            let text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
            return try TokenFile(parsing: text)
        } catch let mistake as TokenFile.Mistake {
            throw SchedulerError(.fileFailed, "the tokens in \(path) cannot be used: \(mistake)")
        } catch {
            throw SchedulerError(.fileFailed, "the file of tokens \(path) cannot be read: \(error)")
        }
    }

    /// Readable by its user alone, from the first byte on.
    package static func write(_ text: String, to path: String) throws(SchedulerError) {
        let temporary = path + ".new"
        unlink(temporary)
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw SchedulerError(.fileFailed, "cannot write \(path): \(errorText(errno))") }
        let bytes = Array(text.utf8)
        let written = Glibc.write(file, bytes, bytes.count)
        let isSynced = fsync(file) == 0
        let cause = errno
        close(file)
        guard written == bytes.count, isSynced, rename(temporary, path) == 0 else {
            throw SchedulerError(
                .fileFailed, "cannot write \(path): \(errorText(isSynced && written == bytes.count ? errno : cause))")
        }
    }
}
