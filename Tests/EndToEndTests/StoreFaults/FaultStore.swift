import Archive
import FoundationEssentials
import Runtime

/// A store that does one of its calls wrongly, as real stores do.
final class FaultStore: ObjectStore {
    enum Fault: String, CaseIterable, Sendable {
        /// Nothing is done, and the caller hears of an error.
        case failBefore
        /// It is done, and the caller hears of an error.
        case failAfter
        /// It is done; the caller's transport hears of nothing and asks once more.
        case lostReply
        /// Half of the bytes arrive: of a write none gets a name, of a read the rest is missing.
        case torn
        /// It is done after much else was done by others.
        case delayed
        /// A bit arrives that was not sent.
        case bitFlip
        /// What was stored lately is not listed.
        case staleList
        case noSpace
    }

    enum Operation: String, Sendable {
        case put, upload, get, read, size, list, delete, now, removeLeftovers
    }

    struct Call: Hashable, Sendable {
        let operation: Operation
        /// The key, or the prefix that is listed.
        let subject: String
    }

    private struct State {
        var calls: [Call] = []
        /// Keys that were stored through this store.
        var stored: Set<ObjectKey> = []
        /// Whose bytes were changed on their way in.
        var spoiled: ObjectKey?
    }

    private let under: any ObjectStore
    private let target: (call: Int, fault: Fault)?
    /// What others do while a call is delayed.
    private let meanwhile: @Sendable () throws -> Void
    private let state = Lock(State())

    /// - Parameter target: the number of the call, from 0, that goes wrong; nil: none does.
    init(
        _ under: any ObjectStore, fault target: (call: Int, fault: Fault)? = nil,
        meanwhile: @escaping @Sendable () throws -> Void = {}
    ) {
        self.under = under
        self.target = target
        self.meanwhile = meanwhile
    }

    var calls: [Call] { state.withLock { $0.calls } }
    var spoiled: ObjectKey? { state.withLock { $0.spoiled } }

    static func canHappen(_ fault: Fault, to operation: Operation) -> Bool {
        switch fault {
        case .failBefore, .delayed: true
        case .failAfter, .lostReply: [.put, .upload, .delete].contains(operation)
        case .torn, .bitFlip: [.put, .upload, .get, .read].contains(operation)
        case .staleList: operation == .list
        case .noSpace: [.put, .upload].contains(operation)
        }
    }

    var location: String { under.location }

    func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult {
        try write(.put, key) { (isSpoiled) throws(ArchiveError) in
            try under.put(isSpoiled ? Self.spoiled(bytes) : bytes, at: key)
        }
    }

    func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        try write(.upload, key) { (isSpoiled) throws(ArchiveError) in
            guard isSpoiled else { return try under.upload(contentsOf: path, at: key) }
            do {
                return try under.put(Self.spoiled(Array(Data(contentsOf: URL(filePath: path)))), at: key)
            } catch let error as ArchiveError {
                throw error
            } catch {
                throw ArchiveError(.invalid, "the spooled file \(path) cannot be read: \(error)")
            }
        }
    }

    /// Asked when a repository is created alone, which no scenario does.
    func putInParts(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult? {
        try under.putInParts(bytes, at: key)
    }

    func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? {
        let fault = try begin(.get, key.text)
        guard let bytes = try under.get(key) else { return nil }
        return Self.damaged(bytes, by: fault)
    }

    func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] {
        let fault = try begin(.read, key.text)
        // A range is exact by contract: a transport that ends early is an error.
        if fault == .torn { throw Self.broken("read \(key)") }
        return Self.damaged(try under.read(key, range), by: fault)
    }

    func size(_ key: ObjectKey) throws(ArchiveError) -> Int? {
        _ = try begin(.size, key.text)
        return try under.size(key)
    }

    func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo] {
        let fault = try begin(.list, prefix)
        let page = try under.list(prefix, after: after, limit: limit)
        guard fault == .staleList else { return page }
        let recent = state.withLock { $0.stored }
        return page.filter { !recent.contains($0.key) }
    }

    func delete(_ key: ObjectKey) throws(ArchiveError) {
        let fault = try begin(.delete, key.text)
        try under.delete(key)
        if fault == .lostReply { try under.delete(key) }
        if fault == .failAfter { throw Self.broken("delete \(key)") }
    }

    func now() throws(ArchiveError) -> Date {
        _ = try begin(.now, "")
        return try under.now()
    }

    func removeLeftovers(olderThan age: Int) throws(ArchiveError) -> Int {
        _ = try begin(.removeLeftovers, "")
        return try under.removeLeftovers(olderThan: age)
    }

    // MARK: - Faults

    private func write(
        _ operation: Operation, _ key: ObjectKey, _ apply: (_ isSpoiled: Bool) throws(ArchiveError) -> PutResult
    ) throws(ArchiveError) -> PutResult {
        let fault = try begin(operation, key.text)
        if fault == .torn { throw Self.broken("store \(key)") }
        var result = try apply(fault == .bitFlip)
        state.withLock {
            $0.stored.insert(key)
            if fault == .bitFlip, result == .created { $0.spoiled = key }
        }
        if fault == .lostReply { result = try apply(false) }
        if fault == .failAfter { throw Self.broken("store \(key)") }
        return result
    }

    /// Counts the call. - Returns: what goes wrong with it, where that is not over yet.
    private func begin(_ operation: Operation, _ subject: String) throws(ArchiveError) -> Fault? {
        let number = state.withLock { state in
            state.calls.append(Call(operation: operation, subject: subject))
            return state.calls.count - 1
        }
        guard let target, target.call == number, Self.canHappen(target.fault, to: operation) else { return nil }
        switch target.fault {
        case .failBefore: throw Self.broken("\(operation.rawValue) \(subject)")
        case .noSpace: throw ArchiveError(.noSpace, "cannot \(operation.rawValue) \(subject): planted: no space left")
        case .delayed:
            do {
                try meanwhile()
            } catch {
                throw ArchiveError(.invalid, "what was to happen meanwhile failed: \(error)")
            }
            return nil
        case .failAfter, .lostReply, .torn, .bitFlip, .staleList: return target.fault
        }
    }

    private static func broken(_ what: String) -> ArchiveError {
        ArchiveError(.unreachable, "cannot \(what): planted: the connection broke")
    }

    private static func damaged(_ bytes: [UInt8], by fault: Fault?) -> [UInt8] {
        switch fault {
        case .torn: Array(bytes.prefix(bytes.count / 2))
        case .bitFlip: spoiled(bytes)
        default: bytes
        }
    }

    private static func spoiled(_ bytes: [UInt8]) -> [UInt8] {
        guard !bytes.isEmpty else { return bytes }
        var bytes = bytes
        bytes[bytes.count / 2] ^= 0x10
        return bytes
    }
}
