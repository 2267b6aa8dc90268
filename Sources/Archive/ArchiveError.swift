import Crypto
import Glibc

/// What went wrong with a repository, one of its objects, or the spool.
///
/// `message` names the object or path, the cause and what to do next; it never holds a document or a credential.
package struct ArchiveError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Hashable, Sendable {
        /// The object, or the whole repository, is not there.
        case notFound
        /// The name is taken by something else.
        case exists
        /// A disk, a quota or the spool's own bound is full.
        case noSpace
        /// Permissions, or a read-only file system.
        case accessDenied
        /// The password opens no key of the repository, or none that this object is sealed under. Another worker may have another one.
        case wrongPassword
        /// Stored bytes are not what was written.
        case corrupt
        /// The store does not answer, or its folder is not there: a missing mount, a transport or device error.
        case unreachable
        /// The caller asked for something that cannot be: a malformed key, a document that cannot be framed.
        case invalid
        /// A newer format, a feature this program does not know, or a store that cannot keep the contract.
        case unsupported
        /// This process lacks memory or descriptors.
        case exhausted
        /// Whoever asked wants no more: `StoppableStore`.
        case interrupted
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the same call may succeed later or on another worker without anyone changing the repository.
    package var isRetryable: Bool {
        switch code {
        case .noSpace, .unreachable, .exhausted, .wrongPassword: true
        case .notFound, .exists, .accessDenied, .corrupt, .invalid, .unsupported, .interrupted: false
        }
    }

    package var description: String { message }
}

extension ArchiveError {
    /// An error of a system call on a path.
    ///
    /// - Parameter number: `errno`, read right after the call.
    init(errno number: Int32, doing action: String, path: String) {
        let (code, advice) = ArchiveError.meaning(of: number)
        self.init(code, "cannot \(action) \(path): \(String(cString: strerror(number))) (errno \(number)); \(advice)")
    }

    init(_ error: CryptoError) {
        self.init(error.isRetryable ? .exhausted : .unsupported, error.message)
    }

    private static func meaning(of number: Int32) -> (Code, String) {
        switch number {
        case ENOENT: (.notFound, "check that it was not deleted by hand and that the volume is mounted")
        case EEXIST: (.exists, "choose another name")
        case ENOSPC, EDQUOT, EFBIG: (.noSpace, "free space on this volume or raise its quota")
        case EROFS: (.accessDenied, "the file system is mounted read-only: mount it read-write")
        case EACCES, EPERM: (.accessDenied, "give this program's user read and write access")
        case ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG, EINVAL:
            (.invalid, "something that is no repository is in the way: check this path")
        case EMFILE, ENFILE, ENOMEM: (.exhausted, "raise the limits of this process or run fewer sessions")
        default: (.unreachable, "check the disk or the network mount behind it, then try again")
        }
    }
}

/// Runs a step of libcrypto inside a function that throws this module's error.
func digesting<Value: ~Copyable>(_ body: () throws(CryptoError) -> Value) throws(ArchiveError) -> Value {
    do throws(CryptoError) {
        return try body()
    } catch {
        throw ArchiveError(error)
    }
}

/// 32 hexadecimal digits that nobody has drawn before.
func randomID() throws(ArchiveError) -> String {
    try digesting { () throws(CryptoError) in try randomBytes(16) }.hex
}
