import Archive
import FoundationEssentials
import Messages
import Runtime
import Testing

@testable import Snapshots

/// Marks under concurrent writers, and what they look like in the repository.
@Suite struct MarkBookTests {
    let repository: SnapshotFolder
    let id: SnapshotID

    init() throws {
        repository = try SnapshotFolder()
        id = try repository.add("a1", after: 0)
    }

    private func tag(_ text: String) throws -> SnapshotTag { try #require(SnapshotTag(text)) }

    @Test func eachChangeIsTheNextNumber() throws {
        let book = repository.marks
        #expect(try book.marks(of: id) == nil)
        let weekly = try tag("weekly")
        #expect(try book.change(id) { $0.add(weekly) } == .init(marks: SnapshotMarks(tags: ["weekly"]), isNew: true))
        #expect(try book.change(id) { $0.isKept = true }.marks == SnapshotMarks(tags: ["weekly"], isKept: true))
        #expect(try book.change(id) { $0.remove(weekly) }.marks == SnapshotMarks(isKept: true))
        #expect(try repository.keys("marks/") == (1...3).map { "marks/\(id)/0000000\($0)" })
        #expect(try book.marks(of: id) == SnapshotMarks(isKept: true))
        let bytes = try #require(try repository.local.get(ObjectKey("marks/\(id)/00000002")))
        let json = try JSONValue(parsing: bytes)
        #expect(json["kept"] == true && json["tags"] == ["weekly"] && json["nonce"] != nil && json["at"] != nil)
    }

    @Test func nothingIsPutWhereNothingChanges() throws {
        let book = repository.marks
        #expect(try book.change(id) { $0.isKept = false } == .init(marks: SnapshotMarks(), isNew: false))
        let weekly = try tag("weekly")
        _ = try book.change(id) { $0.add(weekly) }
        #expect(try book.change(id) { $0.add(weekly) }.isNew == false)
        #expect(try repository.keys("marks/").count == 1)
    }

    @Test func theTenthIsAboveTheNinth() throws {
        for number in 1...11 {
            let tag = try tag("t\(number)")
            _ = try repository.marks.change(id) { $0 = SnapshotMarks(tags: [tag.text]) }
        }
        #expect(try repository.marks.marks(of: id)?.tags == ["t11"])
        #expect(try repository.marks.newest() == [id: ObjectKey("marks/\(id)/00000011")])
    }

    /// Each writer's change must be in the end, whoever was first.
    @Test func writersAtOnceLoseNothing() async throws {
        let writers = 8
        let store = repository.store
        let id = id
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<writers {
                let tag = try tag("w\(number)")
                group.addTask { _ = try MarkBook(store: store).change(id) { $0.add(tag) } }
            }
            try await group.waitForAll()
        }
        #expect(try repository.marks.marks(of: id)?.tags == (0..<writers).map { "w\($0)" })
        #expect(try repository.keys("marks/").count == writers)
    }

    /// The list of a store may lag behind its objects.
    @Test func aStaleListCostsATryAndNoMark() throws {
        let (first, second) = (try tag("first"), try tag("second"))
        _ = try repository.marks.change(id) { $0.add(first) }
        let stale = MarkBook(store: RepositoryStore(EmptyLists(base: repository.local)))
        #expect(try stale.change(id) { $0.add(second) }.marks.tags == ["first", "second"])
        #expect(try repository.marks.marks(of: id)?.tags == ["first", "second"])
    }

    @Test func aLostAnswerIsNotAnotherWriter() throws {
        let lossy = MarkBook(store: RepositoryStore(LostAnswers(base: repository.local)))
        #expect(try lossy.change(id) { $0.isKept = true } == .init(marks: SnapshotMarks(isKept: true), isNew: true))
        #expect(try repository.keys("marks/").count == 1)
    }

    @Test func membersOfALaterVersionAreIgnoredAndAbsentOnesAreEmpty() throws {
        let key = try ObjectKey("marks/\(id)/00000001")
        _ = try repository.local.put(Array(#"{"nonce":"n","at":"2026-01-01T00:00:00Z","colour":"red"}"#.utf8), at: key)
        #expect(try repository.marks.marks(of: id) == SnapshotMarks())
    }

    @Test func whatHoldsNoMarksIsNamedAndProtects() throws {
        _ = try repository.local.put(Array("[]".utf8), at: ObjectKey("marks/\(id)/00000001"))
        let standing = try repository.marks.standing(of: id)
        #expect(standing?.marks == SnapshotMarks(isKept: true))
        #expect(standing?.damage?.contains("marks/\(id)/00000001") == true)
    }

    @Test func tagsAreWords() {
        for text in ["a", "weekly", "v1.2_3-x", String(repeating: "x", count: 64)] { #expect(SnapshotTag(text)?.text == text) }
        for text in ["", "a b", "a,b", "ä", "a/b", "a\n", String(repeating: "x", count: 65)] { #expect(SnapshotTag(text) == nil) }
    }
}

/// A store whose lists never show anything.
private struct EmptyLists: ObjectStore {
    let base: LocalStore

    var location: String { base.location }
    func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult { try base.put(bytes, at: key) }
    func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        try base.upload(contentsOf: path, at: key)
    }
    func putInParts(_: [UInt8], at _: ObjectKey) throws(ArchiveError) -> PutResult? { nil }
    func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? { try base.get(key) }
    func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] { try base.read(key, range) }
    func size(_ key: ObjectKey) throws(ArchiveError) -> Int? { try base.size(key) }
    func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo] { [] }
    func delete(_ key: ObjectKey) throws(ArchiveError) { try base.delete(key) }
    func now() throws(ArchiveError) -> Date { try base.now() }
    func removeLeftovers(olderThan age: Int) throws(ArchiveError) -> Int { 0 }
}

/// A store that stores and then answers as if the call were repeated: what a retry after a lost answer sees.
private struct LostAnswers: ObjectStore {
    let base: LocalStore

    var location: String { base.location }
    func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult {
        _ = try base.put(bytes, at: key)
        return .existing
    }
    func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        try base.upload(contentsOf: path, at: key)
    }
    func putInParts(_: [UInt8], at _: ObjectKey) throws(ArchiveError) -> PutResult? { nil }
    func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? { try base.get(key) }
    func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] { try base.read(key, range) }
    func size(_ key: ObjectKey) throws(ArchiveError) -> Int? { try base.size(key) }
    func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo] {
        try base.list(prefix, after: after, limit: limit)
    }
    func delete(_ key: ObjectKey) throws(ArchiveError) { try base.delete(key) }
    func now() throws(ArchiveError) -> Date { try base.now() }
    func removeLeftovers(olderThan age: Int) throws(ArchiveError) -> Int { 0 }
}
