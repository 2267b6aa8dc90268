import FoundationEssentials
import Runtime

@testable import Archive

/// A store in memory whose calls run closures before and after they take effect, to fail there or to be counted.
final class ClosureStore: ObjectStore {
    typealias Hook = @Sendable (String) throws(ArchiveError) -> Void

    let base: MemoryStore
    private var store: any ObjectStore { base }
    private let before: Hook
    private let after: Hook
    private let log = Lock<[String]>([])

    var calls: [String] { log.withLock { $0 } }
    var location: String { base.location }

    init(onto base: MemoryStore = MemoryStore(), before: @escaping Hook = { _ in }, after: @escaping Hook = { _ in }) {
        self.base = base
        self.before = before
        self.after = after
    }

    private func run<Value>(_ name: String, _ body: () throws(ArchiveError) -> Value) throws(ArchiveError) -> Value {
        log.withLock { $0.append(name) }
        try before(name)
        let value = try body()
        try after(name)
        return value
    }

    func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult {
        try run("put") { () throws(ArchiveError) in try store.put(bytes, at: key) }
    }

    func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        try run("upload") { () throws(ArchiveError) in try store.upload(contentsOf: path, at: key) }
    }

    func putInParts(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult? {
        try run("putInParts") { () throws(ArchiveError) in try store.putInParts(bytes, at: key) }
    }

    func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? {
        try run("get") { () throws(ArchiveError) in try store.get(key) }
    }

    func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] {
        try run("read") { () throws(ArchiveError) in try store.read(key, range) }
    }

    func size(_ key: ObjectKey) throws(ArchiveError) -> Int? {
        try run("size") { () throws(ArchiveError) in try store.size(key) }
    }

    func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo] {
        try run("list") { () throws(ArchiveError) in try store.list(prefix, after: after, limit: limit) }
    }

    func delete(_ key: ObjectKey) throws(ArchiveError) {
        try run("delete") { () throws(ArchiveError) in try store.delete(key) }
    }

    func now() throws(ArchiveError) -> Date { try run("now") { () throws(ArchiveError) in try store.now() } }

    func removeLeftovers(olderThan age: Int) throws(ArchiveError) -> Int {
        try run("removeLeftovers") { () throws(ArchiveError) in try store.removeLeftovers(olderThan: age) }
    }
}

/// Fails so many calls, then no more.
final class Failures: Sendable {
    private let left: Lock<Int>
    private let error: ArchiveError

    init(_ count: Int, _ code: ArchiveError.Code = .unreachable) {
        left = Lock(count)
        error = ArchiveError(code, "planted")
    }

    func fail() throws(ArchiveError) {
        let isDue = left.withLock { left in
            left -= 1
            return left >= 0
        }
        if isDue { throw error }
    }
}
