import Archive
import Messages
import Runtime
import Sessions
import Testing

@testable import Snapshots

/// The deletion of a whole repository, and of nothing else.
@Suite struct PurgeTests {
    let base = ClockedStore()
    private let id = SnapshotID(startedAt: Samples.time, session: Samples.session)

    private var store: RepositoryStore { RepositoryStore(base) }
    private var purge: Purge { Purge(store) }
    private let key = "keys/0123456789abcdef0123456789abcdef"
    private let manifest = "manifests/\(String(repeating: "a", count: 64))"

    private func put(_ keys: String...) throws {
        for key in keys { _ = base.put(Array("{}".utf8), at: try ObjectKey(key)) }
    }

    @Test func aPurgeIsRefusedWhileTheRepositoryIsInUse() throws {
        try put("FORMAT", key, "recover.py", manifest)
        let journal = ArchiveJournal(store: store, session: Samples.session)
        _ = try journal.put(.begin(Samples.begin(startedAt: base.time)), at: .begin)
        try Pins(store).put(.reading(id), name: "abc", for: .seconds(60), reason: "restore demo/back")
        let message = refusal { _ = try purge.run(isForced: false) }
        #expect(message.contains("session abc is open") && message.contains("restore demo/back") && message.contains("--force"))
        _ = try journal.put(.outcome(Samples.abort), at: .outcome)
        #expect(!refusal { _ = try purge.run(isForced: false) }.contains("is open"))
        #expect(base.deleted == [])
        base.time = base.time + .seconds(2 * 3600)
        let size = try purge.size()
        #expect(try purge.run(isForced: false) == size && size.objects == 7)
        #expect(
            base.keys == [] && base.deleted.first == "outcomes/\(id)"
                && base.deleted.suffix(3) == [key, "recover.py", "FORMAT"])
    }

    @Test func aForcedPurgeDeletesWhatIsInUseAndSaysWhose() throws {
        try put("FORMAT")
        try Pins(store).put(.reading(id), name: "abc", for: .seconds(60), reason: "a test")
        let report = try purge.run(isForced: true)
        #expect(report.overridden.count == 1 && report.overridden[0].contains("a test"))
        #expect(base.keys == [])
    }

    @Test func whatIsNoneOfTheRepositoryStays() throws {
        try put("FORMAT", manifest, "segments/zz/strange", "photos/cat.jpg", "thing")
        let report = try purge.run(isForced: false)
        #expect(report.objects == 2 && report.leftCount == 3)
        #expect(report.left == ["photos/cat.jpg", "segments/zz/strange", "thing"] && base.keys == report.left)
    }

    @Test func strangersFilesAreNoRepository() throws {
        try put(
            "RECOVERY.md", "checks/report.txt", "gc/log", "keys/id_rsa", "keys/server.pem", key, "probe/data.csv", "pins/notes",
            "recover.py", "own.txt")
        #expect(refusal(.notFound) { _ = try purge.run(isForced: true) }.contains("there is no repository"))
        #expect(base.deleted == [])
        // With one there, theirs stay.
        try put("FORMAT")
        #expect(try purge.run(isForced: true).objects == 4)
        #expect(
            base.keys == [
                "checks/report.txt", "gc/log", "keys/id_rsa", "keys/server.pem", "own.txt", "pins/notes", "probe/data.csv",
            ])
    }

    @Test(arguments: [false, true])
    func aRepositoryBelowStandsInTheWay(_ isForced: Bool) throws {
        try put("FORMAT", manifest, "inner/FORMAT", "inner/\(manifest)", "keys/deep/FORMAT")
        let message = refusal { _ = try purge.run(isForced: isForced) }
        #expect(message.contains("below memory: inner, keys/deep"))
        #expect(refusal { _ = try purge.size() } == message)
        #expect(base.deleted == [])
    }

    @Test(arguments: ["FORMAT", "recover.py"])
    func whatIsStoredAtTheLastMomentGoesToo(_ moment: String) throws {
        try put("FORMAT", "recover.py", manifest)
        var isStored = false
        base.beforeDelete = { [base, id] key in
            guard key.text == moment, !isStored else { return }
            isStored = true
            if let late = try? ObjectKey("outcomes/\(id)") { _ = base.put([1], at: late) }
        }
        #expect(try purge.run(isForced: false).objects == 4)
        #expect(isStored && base.keys == [])
    }

    @Test func whoNeverStopsIsToldAndThePurgeIsGoneOnWith() throws {
        try put("FORMAT", manifest)
        base.beforeDelete = { [base, manifest] key in
            // Right behind the walk, each time.
            if key.text == "FORMAT" || key.text == manifest, let late = try? ObjectKey("outcomes/\(Self.late)") {
                _ = base.put([1], at: late)
            }
            if key.text.hasPrefix("outcomes/"), let late = try? ObjectKey(manifest) { _ = base.put([1], at: late) }
        }
        #expect(refusal { _ = try purge.run(isForced: false) }.contains("stop the workers that use it, then purge again"))
        base.beforeDelete = nil
        try base.delete(ObjectKey("FORMAT"))
        #expect(base.keys != [])
        _ = try purge.run(isForced: false)
        #expect(base.keys == [])
        #expect(refusal(.notFound) { _ = try purge.run(isForced: false) } == "there is no repository in memory")
    }

    private static let late = SnapshotID(startedAt: Samples.time + .seconds(60), session: Samples.session)
}
