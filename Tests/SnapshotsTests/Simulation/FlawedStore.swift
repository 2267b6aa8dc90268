import Archive
import FoundationEssentials
import Runtime

/// What a collector could do wrong, without a line of it being changed: its store answers as if it had done so.
enum CollectorFlaw: String, CaseIterable {
    /// `now` is taken after the lists.
    case clockLast
    /// Open sessions hold nothing.
    case noHorizon
    /// Outcomes are listed before sessions.
    case outcomesFirst
    /// Pins hold nothing.
    case noPins
}

/// A collector's store that has one of the flaws. For one thread.
final class FlawedStore: ObjectStore, @unchecked Sendable {
    private let base: any ObjectStore
    private let flaw: CollectorFlaw
    /// Lists that were taken too early.
    private var early: [String: [ObjectInfo]] = [:]

    init(_ base: any ObjectStore, _ flaw: CollectorFlaw) {
        self.base = base
        self.flaw = flaw
    }

    var location: String { base.location }

    func now() throws(ArchiveError) -> Date {
        early = [:]
        if flaw == .clockLast {
            for prefix in ["sessions/", "pins/", "outcomes/", "forgotten/"] { early[prefix] = try all(prefix) }
        }
        if flaw == .outcomesFirst { early["outcomes/"] = try all("outcomes/") }
        return try base.now()
    }

    func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo] {
        if let taken = early[prefix] { return after == nil ? taken : [] }
        if flaw == .noPins, prefix == "pins/" { return [] }
        let page = try base.list(prefix, after: after, limit: limit)
        guard flaw == .noHorizon, prefix == "sessions/" else { return page }
        return page.filter { $0.key.components.last != "begin" }
    }

    /// Below a thousand: one page.
    private func all(_ prefix: String) throws(ArchiveError) -> [ObjectInfo] {
        try Array(base.list(prefix, after: nil, limit: 999))
    }

    func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult { try base.put(bytes, at: key) }
    func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        try base.upload(contentsOf: path, at: key)
    }
    func putInParts(_: [UInt8], at _: ObjectKey) throws(ArchiveError) -> PutResult? { nil }
    func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? { try base.get(key) }
    func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] { try base.read(key, range) }
    func size(_ key: ObjectKey) throws(ArchiveError) -> Int? { try base.size(key) }
    func delete(_ key: ObjectKey) throws(ArchiveError) { try base.delete(key) }
    func removeLeftovers(olderThan age: Int) throws(ArchiveError) -> Int { try base.removeLeftovers(olderThan: age) }
}
