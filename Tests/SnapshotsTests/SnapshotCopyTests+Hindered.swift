import Archive
import FoundationEssentials
import Messages
import Runtime
import Testing

@testable import Snapshots

/// What stands in a copy's way, and what ends it.
extension SnapshotCopyTests {
    private func expectNoPins() throws {
        #expect(try destination.keys().filter { $0.hasPrefix("pins/") }.isEmpty)
    }

    @Test func aCopyThatFailsLeavesNoPin() throws {
        try source.damage(frame: 1, of: first)
        let results = try copyAll()
        #expect(results.allSatisfy { failure($0) != nil })
        try expectNoPins()
        #expect(destination.spool.usedBytes == 0)
    }

    @Test func aCopyThatIsStoppedAnywhereLeavesNoPinAndIsRepeated() throws {
        var stops = 0
        while true {
            let calls = Lock(0)
            let isStopped: @Sendable () -> Bool = { [limit = stops + 2] in
                calls.withLock {
                    $0 += 1
                    return $0 > limit
                }
            }
            do {
                let stores = try [source, destination].map { StoppableStore(try LocalStore($0.path), isStopped: isStopped) }
                let copy = try SnapshotCopy(
                    from: OpenRepository.open(stores[0], protection: .none, for: .reading),
                    to: OpenRepository.open(stores[1], protection: .none, for: .writing), name: "vault",
                    spool: destination.spool, settings: RepositoryFixture.settings)
                for id in [one, two] { _ = try copy.copy(try source.commit(id)) }
                break
            } catch let error as ArchiveError {
                #expect(error.code == .interrupted, "\(error)")
            }
            try expectNoPins()
            #expect(destination.spool.usedBytes == 0)
            stops += 1
        }
        #expect(stops > 10)
        #expect(try destination.listed() == [one, two] && Verification(store: destination.store, mode: .full).run().isWhole)
    }

    @Test func marksThatCannotBeReadKeepTheCopyAndAreTold() throws {
        let book = MarkBook(store: source.store)
        for snapshot in [one, two] { _ = try book.change(snapshot) { $0 = SnapshotMarks(tags: ["weekly"]) } }
        try source.tamper(try #require(try book.newest()[one])) { bytes in Array(bytes.dropLast(3)) }
        let results = try copyAll()
        #expect(results.map(\.fate) == [.copied, .copied])
        #expect(try #require(results[0].marksDamage).contains("marks/\(one)/") && results[1].marksDamage == nil)
        #expect(try MarkBook(store: destination.store).marks(of: one) == SnapshotMarks(isKept: true))
        #expect(try MarkBook(store: destination.store).marks(of: two) == SnapshotMarks(tags: ["weekly"]))
    }

    /// The way out that the message names.
    @Test func whatIsDamagedThereIsForgottenCollectedAndCopied() throws {
        _ = try copyAll()
        try destination.tamper(try ObjectKey("outcomes/\(one)")) { _ in [1] }
        let cause = try #require(failure(try copyAll().first))
        #expect(cause.contains("sheaf forget \(one)") && cause.contains("sheaf repo gc"))
        _ = try ForgetRequest(SnapshotCatalog(store: destination.store)).run([one.text], reason: "test")
        for _ in 0..<2 { _ = try Collector(destination.store, grace: .zero, mode: .apply) { _ in }.run() }
        #expect(try copyAll().map(\.fate) == [.copied, .alreadyThere])
        #expect(try Verification(store: destination.store, mode: .full).run().isWhole)
    }
}
