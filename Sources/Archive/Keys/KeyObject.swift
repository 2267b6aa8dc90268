import Crypto
import FoundationEssentials
import Runtime

/// An object `keys/<id>`: epochs, wrapped with a key that scrypt makes of a password. Section 5.1 of docs/repository-format.md.
struct KeyObject: Hashable, Sendable {
    static let prefix = "keys/"

    /// The last component of its name, 32 hexadecimal digits.
    let id: String
    private let stored: Stored

    /// Whose epochs these are; the leftover of a creator that lost belongs to a repository that there is not.
    var repository: String { stored.repository }
    var label: String { stored.label }
    /// RFC 3339, by its maker's clock; for people.
    var created: String { stored.created }
    /// What it opens, oldest first; in the clear, so that nobody needs a password to see what would be lost with it.
    var epochs: [EpochID] { stored.epochs }

    private struct Stored: Hashable, Sendable, Codable {
        var version = KeyObject.version
        var repository: String
        var label: String
        var created: String
        var epochs: [EpochID]
        var kdf: Derivation
        /// Hexadecimal: nonce, ciphertext, tag.
        var sealed: String
    }

    private struct Derivation: Hashable, Sendable, Codable {
        var name = Derivation.scrypt
        var logN: Int
        var r: Int
        var p: Int
        /// Hexadecimal.
        var salt: String

        static let scrypt = "scrypt"

        var cost: ScryptCost { ScryptCost(logN: logN, r: r, p: p) }

        /// What a reader must accept; more would let a changed object take all memory, or seconds for each password that is tried.
        var isAcceptable: Bool {
            name == Derivation.scrypt && (10...21).contains(logN) && (1...16).contains(r) && p == 1
                && 128 * r << logN <= Derivation.mostMemory
        }

        /// Bytes that scrypt may take, 128 * N * r.
        private static let mostMemory = 256 << 20
    }

    /// What is sealed.
    private struct Content: Codable {
        struct Item: Codable {
            var id: EpochID
            var key: String
            var number: Int
        }

        var epochs: [Item]
    }

    private static let version = 1
    private static let saltLength = 32

    var key: ObjectKey {
        get throws(ArchiveError) { try ObjectKey(KeyObject.prefix + id) }
    }

    /// Wraps a keyring. Blocks for scrypt.
    /// - Parameter label: for people; 1 to 64 printable characters of ASCII but `"` and `\`, so that its JSON has one spelling.
    static func make(
        _ keyring: Keyring, repository: String, password: Sensitive, label: String, now: Date, cost: ScryptCost = .standard
    ) throws(ArchiveError) -> KeyObject {
        guard isLabel(label) else {
            throw ArchiveError(
                .invalid,
                "\"\(label)\" cannot label a key: use 1 to 64 printable characters of ASCII, without quotes and backslashes")
        }
        let secret = Array(password.withoutLineEnds.reveal().utf8)
        guard !secret.isEmpty else { throw ArchiveError(.invalid, "the password is empty: give another one") }
        let random = try digesting { () throws(CryptoError) in try randomBytes(16 + saltLength + AESGCM.nonceLength) }
        let salt = Array(random[16..<16 + saltLength])
        let nonce = Array(random[(16 + saltLength)...])
        let content = Content(
            epochs: keyring.epochs.map { .init(id: $0.id, key: $0.key.exposedBytes.hex, number: $0.number) })
        let plain = try encode(content)
        let sealed = try digesting { () throws(CryptoError) in
            let key = try SymmetricKey.stretched(secret, salt: salt, cost: cost)
            return try AESGCM.seal(plain, key: key, nonce: nonce, associated: Array(repository.utf8))
        }
        return KeyObject(
            id: random[..<16].hex,
            stored: Stored(
                repository: repository, label: label, created: now.formatted(Date.ISO8601FormatStyle()),
                epochs: keyring.epochs.map(\.id),
                kdf: Derivation(logN: cost.logN, r: cost.r, p: cost.p, salt: salt.hex), sealed: (nonce + sealed).hex))
    }

    /// The epochs, `nil` when it is another password that it was wrapped with. Blocks for scrypt.
    func open(with password: Sensitive, in location: String) throws(ArchiveError) -> [Epoch]? {
        guard let salt = [UInt8](hex: stored.kdf.salt), let sealed = [UInt8](hex: stored.sealed),
            sealed.count > AESGCM.nonceLength
        else { throw KeyObject.damaged(id, in: location, "its salt or what it seals is no text of hexadecimal digits") }
        let plain = try digesting { () throws(CryptoError) in
            let secret = Array(password.withoutLineEnds.reveal().utf8)
            let key = try SymmetricKey.stretched(secret, salt: salt, cost: stored.kdf.cost)
            return try AESGCM.open(
                Array(sealed[AESGCM.nonceLength...]), key: key, nonce: Array(sealed[..<AESGCM.nonceLength]),
                associated: Array(repository.utf8))
        }
        guard let plain else { return nil }
        // The decoder's own words could show a key.
        guard let content = try? JSONDecoder().decode(Content.self, from: Data(plain)) else {
            throw KeyObject.damaged(id, in: location, "what it seals are no epochs")
        }
        let epochs = content.epochs.compactMap { item in
            [UInt8](hex: item.key).flatMap(SymmetricKey.init).map { Epoch(id: item.id, number: item.number, key: $0) }
        }
        guard epochs.count == content.epochs.count, epochs.map(\.id) == self.epochs else {
            throw KeyObject.damaged(id, in: location, "it seals other epochs than it names")
        }
        return epochs
    }

    // MARK: - Bytes

    /// Digest in front, line end behind.
    func encoded() throws(ArchiveError) -> [UInt8] {
        let body = try KeyObject.encode(stored)
        let check = try digesting { () throws(CryptoError) in try SHA256.digest(of: body) }
        return Array("{\"check\":\"\(check)\",".utf8) + body.dropFirst() + [UInt8(ascii: "\n")]
    }

    /// - Throws: `.corrupt` for bytes that are not what was written, `.unsupported` for those of a newer program.
    static func decoded(_ bytes: [UInt8], id: String, in location: String) throws(ArchiveError) -> KeyObject {
        // "check" is the first of the sorted members, so that what it is the digest of is the text behind it.
        let start = Array("{\"check\":\"".utf8)
        let body = start.count + 2 * Digest.count + 2
        guard bytes.count > body, bytes.starts(with: start), bytes.last == UInt8(ascii: "\n"),
            let check = Digest(hex: String(decoding: bytes[start.count..<start.count + 2 * Digest.count], as: UTF8.self)),
            bytes[body - 2] == UInt8(ascii: "\""), bytes[body - 1] == UInt8(ascii: ",")
        else { throw damaged(id, in: location, "it does not begin with its digest") }
        let checked = [UInt8(ascii: "{")] + bytes[body..<(bytes.count - 1)]
        guard try digesting({ () throws(CryptoError) in try SHA256.digest(of: checked) }) == check else {
            throw damaged(id, in: location, "its digest does not hold")
        }
        struct Stamp: Decodable {
            let version: Int
        }
        do {
            let version = try JSONDecoder().decode(Stamp.self, from: Data(checked)).version
            guard version == KeyObject.version else {
                throw ArchiveError(
                    .unsupported,
                    "\(prefix)\(id) in \(location) has version \(version), this program knows \(KeyObject.version): use a newer one"
                )
            }
            let object = KeyObject(id: id, stored: try JSONDecoder().decode(Stored.self, from: Data(checked)))
            guard object.stored.kdf.isAcceptable else {
                throw ArchiveError(
                    .unsupported,
                    "\(prefix)\(id) in \(location) is wrapped by \(object.stored.kdf.name) with \(object.stored.kdf.cost), which this "
                        + "program does not do: use a newer one")
            }
            return object
        } catch let error as ArchiveError {
            throw error
        } catch {
            throw damaged(id, in: location, "\(error)")
        }
    }

    private static func damaged(_ id: String, in location: String, _ cause: String) -> ArchiveError {
        ArchiveError(.corrupt, "\(prefix)\(id) in \(location) is damaged: \(cause); restore it from another copy")
    }

    private static func encode(_ value: some Encodable) throws(ArchiveError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return try Array(encoder.encode(value))
        } catch {
            throw ArchiveError(.invalid, "a key cannot be written as JSON: \(error)")
        }
    }

    private static func isLabel(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    }
}
