import Archive
import Messages
import Runtime
import Sessions

@testable import Snapshots

/// A repository of snapshots without documents, in a folder of its own.
struct SnapshotFolder {
    let folder: TemporaryFolder
    let local: LocalStore
    var store: RepositoryStore { RepositoryStore(local) }
    var catalog: SnapshotCatalog { SnapshotCatalog(store: store) }
    var forgetting: Forgetting { Forgetting(store: store) }
    var marks: MarkBook { MarkBook(store: store) }

    init() throws {
        folder = try TemporaryFolder()
        local = try LocalStore(folder.path)
    }

    /// - Parameter seconds: after `Samples.time`.
    @discardableResult
    func add(
        _ session: String, after seconds: Int, of target: String = "es", in namespace: String = "demo",
        by invoker: String = "nightly",
        isPartial: Bool = false
    ) throws -> SnapshotID {
        let time = Samples.time + .seconds(seconds)
        let id = SnapshotID(startedAt: time, session: Samples.makeID(session))
        let summary = Samples.summary(
            id, at: time, target: target, namespace: namespace, invoker: invoker, isPartial: isPartial)
        _ = try local.put(try EntryCoding.encode(.outcome(Samples.commit(summary))), at: ObjectKey("outcomes/\(id)"))
        return id
    }

    func addAbort(_ session: String, after seconds: Int) throws -> SnapshotID {
        let id = SnapshotID(startedAt: Samples.time + .seconds(seconds), session: Samples.makeID(session))
        _ = try local.put(try EntryCoding.encode(.outcome(Samples.abort)), at: ObjectKey("outcomes/\(id)"))
        return id
    }

    func pin(_ snapshot: SnapshotID, until: Timestamp, name: String = "p1") throws {
        let json =
            #"{"nonce":"n","at":"2026-01-01T00:00:00Z","until":"\#(until)","snapshot":"\#(snapshot)","segments":[],"reason":"a test"}"#
        _ = try local.put(Array(json.utf8), at: ObjectKey("pins/\(name)"))
    }

    func keep(_ snapshot: SnapshotID) throws { _ = try marks.change(snapshot) { $0.isKept = true } }

    func keys(_ prefix: String) throws -> [String] {
        var keys: [String] = []
        try local.forEachObject(prefix) { (object: ObjectInfo) throws(ArchiveError) in keys.append(object.key.text) }
        return keys
    }
}

/// The message of the `SnapshotError` with this code that `body` throws; else what went wrong.
func refusal(_ code: SnapshotError.Code = .refused, _ body: () throws -> Void) -> String {
    do {
        try body()
        return "nothing was thrown"
    } catch let error as SnapshotError {
        return error.code == code ? error.message : "\(error.code): \(error.message)"
    } catch {
        return "another error: \(error)"
    }
}
