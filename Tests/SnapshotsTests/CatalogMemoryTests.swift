import Archive
import FoundationEssentials
import Messages
import Sessions
import Testing

@testable import Snapshots

/// A catalog that is looked at again costs what is new in it, and says the same.
@Suite struct CatalogMemoryTests {
    let repository: SnapshotFolder
    let traced: TracedStore
    var store: RepositoryStore { RepositoryStore(traced) }

    init() throws {
        repository = try SnapshotFolder()
        traced = TracedStore(repository.local)
    }

    private var outcomesRead: Int { traced.gets.count { $0.hasPrefix("outcomes/") } }

    private func catalog(_ memory: CatalogMemory) -> SnapshotCatalog { SnapshotCatalog(store: store, memory: memory) }

    @Test func whatWasReadIsNotReadAgain() throws {
        let memory = CatalogMemory()
        for number in 0..<3 { try repository.add("a\(number)", after: number) }
        _ = try repository.addAbort("b", after: 3)
        let first = try catalog(memory).records()
        #expect(outcomesRead == 4 && first.count == 3)
        #expect(try catalog(memory).records() == first)
        #expect(outcomesRead == 4)
        let id = try repository.add("c", after: 4)
        #expect(try catalog(memory).records().map(\.id) == first.map(\.id) + [id])
        #expect(outcomesRead == 5)
        try repository.keep(id)
        #expect(try catalog(memory).records().last?.marks.isKept == true)
    }

    @Test func anOutcomeThatWasWrittenAnewIsReadAnew() throws {
        let memory = CatalogMemory()
        let id = try repository.add("a", after: 0)
        #expect(try catalog(memory).records().count == 1)
        try Data("{}".utf8).write(to: URL(filePath: "\(repository.folder.path)/outcomes/\(id)"))
        #expect(try catalog(memory).look().damages.keys.elementsEqual([id]))
    }

    @Test func whatIsGoneMakesRoom() throws {
        let ids = try (0..<3).map { try repository.add("a\($0)", after: $0) }
        let size = try #require(try store.size(ObjectKey("outcomes/\(ids[0])")))
        let memory = CatalogMemory(limit: 2 * size)
        _ = try catalog(memory).records()
        #expect(try catalog(memory).records().count == 3)
        #expect(outcomesRead == 4, "two of three are remembered")
        try store.delete(ObjectKey("outcomes/\(ids[0])"))
        #expect(try catalog(memory).records().map(\.id) == Array(ids.dropFirst()))
        #expect(try catalog(memory).records().count == 2)
        #expect(outcomesRead == 5)
    }

    @Test func lostOutcomesAreLookedForOnceAnHourAndThenByName() throws {
        let memory = CatalogMemory()
        let start = ContinuousClock.now
        let first = try loseOutcome("a")
        #expect(try memory.lost(in: store, at: start).keys.elementsEqual([first]))
        let second = try loseOutcome("b")
        #expect(try memory.lost(in: store, at: start + .seconds(3599)).keys.elementsEqual([first]))
        #expect(try memory.lost(in: store, at: start + .seconds(3600)).keys.sorted() == [first, second].sorted())
        _ = try repository.forgetting.forget(first, reason: "a test")
        #expect(try memory.lost(in: store, at: start + .seconds(3601)).keys.elementsEqual([second]))
    }

    private func loseOutcome(_ session: String) throws -> SnapshotID {
        let id = Samples.makeID(session)
        let snapshot = SnapshotID(startedAt: Samples.time, session: id)
        var status = StatusEvent(of: Samples.command(), phase: .succeeded, source: .final, snapshot: snapshot)
        status.session = id
        _ = try ArchiveJournal(store: store, session: id).put(.final(FinalEntry(nonce: "f", status: status)), at: .final)
        return snapshot
    }
}
