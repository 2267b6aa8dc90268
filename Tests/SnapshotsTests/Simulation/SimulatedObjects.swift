import Archive
import FoundationEssentials

/// What the simulated store holds: objects by key, with the times at which they were put and deleted.
final class SimulatedObjects: @unchecked Sendable {
    struct Object {
        var bytes: [UInt8]
        /// By the store's clock.
        var modified: Date
        /// True time, in milliseconds.
        var put: Int
    }

    private(set) var objects: [ObjectKey: Object] = [:]
    private var sorted: [ObjectKey] = []
    /// What lists that are behind still show.
    private var deleted: [(key: ObjectKey, object: Object, at: Int)] = []

    func put(_ object: Object, at key: ObjectKey) -> PutResult {
        guard objects[key] == nil else { return .existing }
        objects[key] = object
        sorted.insert(key, at: position(of: key))
        return .created
    }

    func delete(_ key: ObjectKey, at time: Int) {
        guard let object = objects.removeValue(forKey: key) else { return }
        sorted.remove(at: position(of: key))
        if let first = deleted.first, first.at < time - 60_000 { deleted.removeAll { $0.at < time - 60_000 } }
        deleted.append((key, object, time))
    }

    /// The list as it was at `time`, which is less than a minute ago.
    func list(_ prefix: String, after: ObjectKey?, limit: Int, asOf time: Int) -> [ObjectInfo] {
        var found: [ObjectInfo] = []
        let gone = deleted.filter { $0.at > time && $0.object.put <= time && $0.key.text.hasPrefix(prefix) }
        var index = sorted.firstIndex(from: prefix)
        while index < sorted.count, sorted[index].text.hasPrefix(prefix) {
            let key = sorted[index]
            index += 1
            guard let object = objects[key], object.put <= time else { continue }
            found.append(ObjectInfo(key: key, size: object.bytes.count, modified: object.modified))
        }
        for entry in gone where objects[entry.key] == nil {
            found.append(ObjectInfo(key: entry.key, size: entry.object.bytes.count, modified: entry.object.modified))
        }
        if !gone.isEmpty { found.sort { $0.key < $1.key } }
        if let after { found.removeAll { !(after < $0.key) } }
        return Array(found.prefix(limit))
    }

    var keys: [ObjectKey] { sorted }

    private func position(of key: ObjectKey) -> Int { sorted.firstIndex(from: key.text) }
}

extension [ObjectKey] {
    /// The first position whose key is not below `text`.
    fileprivate func firstIndex(from text: String) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].text.utf8.lexicographicallyPrecedes(text.utf8) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
