import Archive
import Messages
import Runtime

/// What a run found unreferenced: the object `gc/<run>`. What it lists is deleted a grace later, if it is unreferenced still.
struct GarbageCollectionEntry: Codable, Sendable, Equatable {
    /// So many keys at most; a run that finds more puts several.
    static let limit = 10_000

    var nonce: String
    var at: Timestamp
    var keys: [String]

    var objects: [CollectorObject] {
        keys.compactMap { text in
            // A key that this version cannot read is left to one that can.
            guard let key = try? ObjectKey(text) else { return nil }
            return CollectorObject(key)
        }
    }
}
