import Crypto
package import Runtime
import Synchronization

/// How a repository is meant to be kept, by its manifest: said by whoever opens it, never by what lies in the store.
package enum Protection: Sendable {
    /// Everything is sealed; a repository that is not is refused.
    ///
    /// The name is what to call the password in messages, such as `the password of Secret demo/storage`.
    case password(Sensitive, KeyringCache, name: String = "the password")
    /// As it is; one that is sealed is refused.
    case none
}

/// The keys that this process has opened, so that scrypt runs once for each repository and password.
package final class KeyringCache: Sendable {
    private struct Name: Hashable {
        let location: String
        let repository: String
        let firstKey: String
        /// Not the password itself, so that no description of a cache can show it.
        let password: Digest
    }

    private let freshness: Duration
    private let opened = Mutex<[Name: RepositoryKeys]>([:])

    /// - Parameter freshness: how old a look at the keys may be where something is to be sealed: so long may it take until a worker
    ///   follows a rotation, or stops using a password whose key was removed.
    package init(freshness: Duration = .seconds(60)) { self.freshness = freshness }

    func keys(
        of format: RepositoryFormat, firstKey: String, password: Sensitive, name: String, location: String
    ) throws(ArchiveError) -> RepositoryKeys {
        let digest = try digesting { () throws(CryptoError) in try SHA256.digest(of: Array(password.reveal().utf8)) }
        let key = Name(location: location, repository: format.repository, firstKey: firstKey, password: digest)
        return opened.withLock { opened in
            if let keys = opened[key] { return keys }
            let keys = RepositoryKeys(
                repository: format.repository, firstKey: firstKey, password: password, passwordName: name, freshness: freshness)
            opened[key] = keys
            return keys
        }
    }
}

extension Sensitive {
    /// A password as it is used: line ends (LF, CR LF) at its end are the file's or the manifest's that it came from.
    package var withoutLineEnds: Sensitive {
        var bytes = Array(reveal().utf8)
        while bytes.last == UInt8(ascii: "\n") {
            bytes.removeLast()
            if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        }
        return Sensitive(String(decoding: bytes, as: UTF8.self))
    }
}
