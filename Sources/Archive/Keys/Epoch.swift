import Crypto

/// Names an epoch: 16 random bytes, written as 32 lower-case hexadecimal digits.
package struct EpochID: Hashable, Sendable, Codable, CustomStringConvertible {
    static let count = 16

    let bytes: [UInt8]

    init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == EpochID.count else { return nil }
        self.bytes = Array(bytes)
    }

    private init(trusted bytes: [UInt8]) { self.bytes = bytes }

    static func random() throws(ArchiveError) -> EpochID {
        EpochID(trusted: try digesting { () throws(CryptoError) in try randomBytes(count) })
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let bytes = [UInt8](hex: try container.decode(String.self)), bytes.count == EpochID.count else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not 32 lower-case hexadecimal digits")
        }
        self.bytes = bytes
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(bytes.hex)
    }

    package var description: String { bytes.hex }
}

/// A time of the repository and the key that what was stored in it is sealed under.
struct Epoch: Hashable, Sendable {
    let id: EpochID
    /// From 1; two that were made at once may have one number.
    let number: Int
    let key: SymmetricKey

    static func make(number: Int) throws(ArchiveError) -> Epoch {
        let key = try digesting { () throws(CryptoError) in try SymmetricKey.random() }
        return Epoch(id: try .random(), number: number, key: key)
    }

    /// What a key of its own is made for, so that none serves two ends.
    enum Purpose: String {
        case segment
        case object
    }

    /// The key of one segment or object, by its salt.
    func key(of purpose: Purpose, salt: [UInt8], repository: String) throws(ArchiveError) -> SymmetricKey {
        try digesting { () throws(CryptoError) in
            try key.derived(salt: salt, info: "sheaf \(purpose.rawValue) 1 \(repository)")
        }
    }
}

/// The epochs that somebody knows, oldest first.
struct Keyring: Hashable, Sendable {
    private(set) var epochs: [Epoch] = []

    init(_ epochs: some Sequence<Epoch> = []) { add(epochs) }

    /// What new objects are sealed under.
    var newest: Epoch? { epochs.last }

    subscript(id: EpochID) -> Epoch? { epochs.first { $0.id == id } }

    func holds(_ ids: some Sequence<EpochID>) -> Bool { ids.allSatisfy { self[$0] != nil } }

    mutating func add(_ others: some Sequence<Epoch>) {
        for other in others where self[other.id] == nil { epochs.append(other) }
        epochs.sort { ($0.number, $0.id.description) < ($1.number, $1.id.description) }
    }

    /// These and one more, which is the newest.
    func rotated() throws(ArchiveError) -> Keyring {
        var rotated = self
        rotated.add([try Epoch.make(number: (newest?.number ?? 0) + 1)])
        return rotated
    }
}
