import Archive
import FoundationEssentials
import Messages

/// A small object of JSON as it was found: one that cannot be read must not hide all others.
enum StoredEntry<Value: Decodable> {
    case value(Value)
    /// A sentence that names the object.
    case damaged(String)

    var value: Value? {
        if case .value(let value) = self { value } else { nil }
    }
}

extension RepositoryStore {
    /// - Returns: nil where there is no such object.
    /// - Throws: `ArchiveError` of a store or a key that could not be asked; damage is an answer.
    func entry<Value: Decodable>(_ type: Value.Type, at key: ObjectKey) throws(ArchiveError) -> StoredEntry<Value>? {
        let bytes: [UInt8]
        do throws(ArchiveError) {
            guard let stored = try get(key) else { return nil }
            bytes = stored
        } catch {
            guard error.code == .corrupt else { throw error }
            return .damaged(error.message)
        }
        do {
            return .value(try MessageCoding.decode(type, from: bytes))
        } catch {
            return .damaged("\(key) in \(location) is damaged: \(MessageCoding.complaint(error)); restore it from another copy")
        }
    }
}
