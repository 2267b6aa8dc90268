import Archive
import Crypto
import FoundationEssentials
import Messages
import Runtime
import Sessions
import Testing

@testable import Snapshots

/// Snapshots come to another repository whole, under their ids, or not at all.
@Suite struct SnapshotCopyTests {
    let source: RepositoryFixture
    let destination: RepositoryFixture
    let first: SegmentReference
    let one: SnapshotID
    let two: SnapshotID

    init() throws {
        source = try RepositoryFixture()
        destination = try RepositoryFixture()
        first = try source.segment(RepositoryFixture.ids("a", 23))
        let second = try source.segment(RepositoryFixture.ids("b", 17), kind: .exact)
        one = try source.snapshot("one", [("logs", [first, second]), ("empty", [])], objects: 3)
        two = try source.snapshot("two", after: 60, [("logs", [first])])
    }

    private func makeCopy() throws -> SnapshotCopy {
        try SnapshotCopy(
            from: source.repository, to: destination.repository, name: "vault", spool: destination.spool,
            settings: RepositoryFixture.settings)
    }

    func copyAll() throws -> [SnapshotCopy.Result] {
        let copy = try makeCopy()
        return try SnapshotCatalog(store: source.store).snapshots().map { try copy.copy($0) }
    }

    @Test func documentsObjectsMarksAndIdsAreTheSame() throws {
        _ = try MarkBook(store: source.store).change(one) { $0 = SnapshotMarks(tags: ["weekly"], isKept: true) }
        let results = try copyAll()
        #expect(results.map(\.fate) == [.copied, .copied] && results.map(\.documents) == [40, 23])
        #expect(try destination.listed() == [one, two])
        for id in [one, two] {
            let copied = try RepositoryFixture.documents(of: id, in: destination.store)
            #expect(try copied == RepositoryFixture.documents(of: id, in: source.store))
        }
        let (old, new) = (try source.commit(one), try destination.commit(one))
        #expect(new.summary.repository == "vault" && new.summary.bytes == old.summary.bytes)
        #expect(new.summary.storedBytes == results[0].storedBytes && new.manifests[0] != old.manifests[0])
        #expect(try MarkBook(store: destination.store).marks(of: one) == SnapshotMarks(tags: ["weekly"], isKept: true))
        #expect(try Verification(store: destination.store, mode: .full).run().isWhole)
        #expect(try destination.keys().allSatisfy { !$0.hasPrefix("pins/") })
        // Definitions and views as they were.
        let headers = try [(source, old), (destination, new)].map { fixture, commit in
            try IndexManifestReader(store: fixture.store, id: try #require(Digest(hex: commit.manifests[0]))).header
        }
        #expect(headers[0].made(by: "x") == headers[1].made(by: "x") && headers[0].session != headers[1].session)
        let objects = try [(source, old), (destination, new)].map { fixture, commit in
            try ObjectManifestReader(store: fixture.store, id: try #require(commit.objects.flatMap { Digest(hex: $0) })).objects
        }
        #expect(objects[0].count == 3 && objects[0] == objects[1])
    }

    @Test func aSharedSegmentIsCopiedOnceAndNamedInItsInventory() throws {
        _ = try copyAll()
        #expect(try destination.keys().count { $0.hasPrefix("segments/") } == 2)
        let reference = try #require(try references(of: two).first)
        let ids = try Inventory.read(segment: reference.id, frames: [23], in: destination.store)
        #expect(ids == [RepositoryFixture.ids("a", 23).map { "\"\($0)\"" }])
    }

    private func references(of id: SnapshotID) throws -> [SegmentReference] {
        let manifest = try #require(Digest(hex: try destination.commit(id).manifests[0]))
        let reader = try IndexManifestReader(store: destination.store, id: manifest)
        var references: [SegmentReference] = []
        while let reference = try reader.next() { references.append(reference) }
        return references
    }

    @Test func whatIsThereIsSkipped() throws {
        _ = try copyAll()
        let before = try destination.keys()
        #expect(try copyAll().map(\.fate) == [.alreadyThere, .alreadyThere])
        #expect(try destination.keys() == before)
    }

    @Test func aDamagedSnapshotIsNamedAndTheOthersAreCopied() throws {
        let third = try source.segment(RepositoryFixture.ids("c", 9))
        let three = try source.snapshot("three", after: 120, [("logs", [third])])
        let four = try source.snapshot("four", after: 180, [("texts", [third])])
        try source.damage(frame: 1, of: first)
        let manifest = try #require(Digest(hex: try source.commit(four).manifests[0]))
        try source.tamper(.manifest(manifest), nil)
        let results = try copyAll()
        #expect(results.map(\.snapshot) == [one, two, three, four] && results[2].fate == .copied)
        #expect(try #require(failure(results[0])).contains(first.id.hex) && failure(results[1]) != nil)
        #expect(try #require(failure(results[3])).contains(manifest.hex))
        #expect(try destination.listed() == [three])
    }

    func failure(_ result: SnapshotCopy.Result?) -> String? {
        if case .failed(let cause) = result?.fate { cause } else { nil }
    }

    @Test func whatWasForgottenThereIsNotTakenForThere() throws {
        _ = try copyAll()
        _ = try Forgetting(store: destination.store).forget(one, reason: "test")
        #expect(try #require(failure(try copyAll().first)).contains("bring it back with: sheaf keep \(one)"))
        // Half deleted: an outcome that came now would go with the rest.
        try destination.store.delete(try ObjectKey("outcomes/\(one)"))
        #expect(try #require(failure(try copyAll().first)).contains("sheaf repo gc"))
        #expect(try destination.store.size(try ObjectKey("outcomes/\(one)")) == nil)
        try destination.store.delete(try Forgetting.key(of: one))
        #expect(try copyAll().map(\.fate) == [.copied, .alreadyThere])
        // One that is kept all the same is listed.
        _ = try Forgetting(store: destination.store).forget(one, reason: "test")
        _ = try MarkBook(store: destination.store).change(one) { $0.isKept = true }
        #expect(try copyAll().map(\.fate) == [.alreadyThere, .alreadyThere])
    }

    @Test func whatIsDamagedThereIsNotTakenForThere() throws {
        _ = try copyAll()
        try destination.tamper(try ObjectKey("outcomes/\(one)")) { _ in [1] }
        let results = try copyAll()
        #expect(try #require(failure(results[0])).contains("damaged there") && results[1].fate == .alreadyThere)
    }

    @Test func anInterruptedCopyIsRepeated() throws {
        // As it leaves it: segments and manifests without an outcome.
        _ = try copyAll()
        for id in [one, two] { try destination.store.delete(try ObjectKey("outcomes/\(id)")) }
        #expect(try copyAll().map(\.fate) == [.copied, .copied])
        #expect(try RepositoryFixture.documents(of: one, in: destination.store)["logs"]?.count == 40)
    }

    @Test func aRepositoryIsNotCopiedIntoItself() throws {
        let error = #expect(throws: SnapshotError.self) {
            _ = try SnapshotCopy(from: source.repository, to: source.repository, name: "x", spool: source.spool)
        }
        #expect(error?.code == .refused)
    }

    @Test func aLongCopyIsPinnedAllTheTime() throws {
        var hours = 0
        let pin = try WritingPin(destination.store, name: "copy", reason: "test") { .seconds(hours * 3600) }
        func pins() throws -> [Pin] { try Pins(destination.store).all().compactMap(\.pin) }
        try pin.hold(first.id)
        #expect(try pins().map(\.segments) == [[]])
        hours = 13
        let other = try SHA256.digest(of: [1])
        try pin.hold(other)
        let standing = try pins()
        #expect(standing.count == 2 && standing.contains { $0.segments == [first.id.hex, other.hex] })
        #expect(standing.contains { $0.segments.isEmpty && $0.onlyNamed == nil })
        try pin.release()
        #expect(try pins().isEmpty)
    }
}
