import Crypto
import FoundationEssentials
package import Runtime

/// A user of the broker with a role.
package struct BrokerUser: Sendable {
    package let role: BrokerRole
    package let name: String
    /// What is to be its password; nil: it has one already, or logs in by certificate.
    package var password: Sensitive?

    package init(role: BrokerRole, name: String, password: Sensitive? = nil) {
        self.role = role
        self.name = name
        self.password = password
    }

    /// RabbitMQ's salted SHA-256: four bytes of salt, then the digest of salt and password, in base64.
    ///
    /// - Parameter salt: four random bytes.
    static func passwordHash(_ password: Sensitive, salt: [UInt8]) throws(CryptoError) -> String {
        Data(salt + (try SHA256.digest(of: salt + Array(password.reveal().utf8)).bytes)).base64EncodedString()
    }
}
