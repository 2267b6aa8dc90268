/// A secret of 32 random bytes that never prints itself.
package struct SymmetricKey: Sendable, Hashable {
    package static let count = 32

    /// For the one place that writes the key down, wrapped, and for libcrypto.
    package let exposedBytes: [UInt8]

    /// - Returns: `nil` unless there are exactly 32 bytes.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == SymmetricKey.count else { return nil }
        exposedBytes = Array(bytes)
    }

    private init(trusted bytes: [UInt8]) { exposedBytes = bytes }

    package static func random() throws(CryptoError) -> SymmetricKey { SymmetricKey(trusted: try randomBytes(count)) }

    /// The key that HKDF-SHA256 makes of this one: without this one it tells nothing, neither of this one nor of its sisters.
    package func derived(salt: [UInt8], info: String) throws(CryptoError) -> SymmetricKey {
        SymmetricKey(trusted: try HKDF.sha256(exposedBytes, salt: salt, info: Array(info.utf8), count: SymmetricKey.count))
    }

    /// The key that scrypt makes of a password.
    package static func stretched(
        _ password: [UInt8], salt: [UInt8], cost: ScryptCost
    ) throws(CryptoError) -> SymmetricKey {
        SymmetricKey(trusted: try cost.stretch(password, salt: salt, count: count))
    }
}

extension SymmetricKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "***" }
    package var debugDescription: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
