import Archive
import Messages
import Runtime
import Sessions
import Testing

@testable import Snapshots

/// Which snapshot a RestoreSession or a command means.
@Suite struct SnapshotCatalogTests {
    let repository: SnapshotFolder
    var catalog: SnapshotCatalog { repository.catalog }

    init() throws { repository = try SnapshotFolder() }

    private func select(
        _ selector: String, target: String = "es", in namespace: String = "demo", allowPartial: Bool = false
    ) throws -> SnapshotCatalog.Selection {
        let binding = AppBinding(metadata: ObjectMeta(name: target, namespace: namespace), spec: .init(clientConfig: .init()))
        return try catalog.select(selector, target: binding, allowPartial: allowPartial)
    }

    private func selected(_ selector: String, target: String = "es") throws -> SnapshotID {
        try select(selector, target: target).record.id
    }

    @Test func latestIsTheNewestOfTheSameAppBinding() throws {
        try repository.add("a1", after: 0)
        let newest = try repository.add("a2", after: 10)
        try repository.add("b1", after: 20, of: "other")
        try repository.add("c1", after: 30, in: "elsewhere")
        #expect(try selected("latest") == newest)
    }

    @Test func latestOfARepositoryWithOneOtherSourceIsItsNewest() throws {
        try repository.add("b1", after: 0, of: "other")
        let newest = try repository.add("b2", after: 5, of: "other")
        #expect(try selected("latest", target: "new-cluster") == newest)
    }

    @Test func latestAmongSeveralOtherSourcesIsRefused() throws {
        try repository.add("b1", after: 0, of: "b")
        try repository.add("c1", after: 1, of: "c")
        #expect(
            refusal { _ = try select("latest") }.contains("is of demo/es, but of demo/b, demo/c; name the snapshot by its id"))
    }

    @Test func anEmptyRepositoryHasNoLatest() {
        #expect(refusal(.notFound) { _ = try select("latest") }.contains("run a backup first"))
        #expect(refusal(.notFound) { _ = try catalog.find("2026-01-01T00:00:00Z") }.contains("run a backup first"))
    }

    @Test func abortedSessionsAreNoSnapshots() throws {
        let committed = try repository.add("a1", after: 0)
        let aborted = try repository.addAbort("a2", after: 10)
        #expect(try catalog.snapshots().map(\.summary.id) == [committed])
        #expect(try selected("latest") == committed)
        #expect(refusal(.notFound) { _ = try select(aborted.text) }.contains("there is no snapshot"))
    }

    @Test func snapshotsAreListedOldestFirst() throws {
        let second = try repository.add("a", after: 10)
        let first = try repository.add("b", after: 0)
        #expect(try catalog.snapshots().map(\.summary.id) == [first, second])
    }

    @Test func snapshotsOfOneSecondAreInTheirOrder() throws {
        let ids = try [("z", 200), ("a", 700)].map { session, milliseconds in
            let time = Samples.time + .milliseconds(milliseconds)
            let id = SnapshotID(startedAt: time, session: Samples.makeID(session))
            let outcome = Samples.commit(Samples.summary(id, at: time))
            _ = try repository.local.put(try EntryCoding.encode(.outcome(outcome)), at: ObjectKey("outcomes/\(id)"))
            return id
        }
        #expect(try catalog.snapshots().map(\.summary.id) == ids)
        #expect(try selected("latest") == ids[1])
    }

    @Test func aWholeIdOrOneThatIsPartOfOneSnapshotAloneIsFound() throws {
        let first = try repository.add("11aa", after: 0)
        let second = try repository.add("22aa", after: 10)
        #expect(try selected(first.text) == first)
        #expect(try selected("22aa") == second)
        #expect(try selected(String(first.text.prefix(19))) == first)
        #expect(refusal { _ = try select("aa") }.contains("names 2 snapshots"))
        #expect(refusal(.notFound) { _ = try select("33bb") }.contains("there is no snapshot \"33bb\""))
        #expect(refusal(.notFound) { _ = try select("") }.contains("there is no snapshot \"\""))
    }

    @Test func anObjectThatIsNoOutcomeIsToldAndHidesNoOther() throws {
        let id = try repository.add("a1", after: 0)
        let bad = SnapshotID(startedAt: Samples.time, session: Samples.session)
        _ = try repository.local.put(Array("[]".utf8), at: ObjectKey("outcomes/\(bad)"))
        let found = try catalog.look()
        #expect(found.records.map(\.id) == [id] && found.damages[bad]?.contains("outcomes/\(bad)") == true)
        #expect(throws: ArchiveError.self) { try catalog.snapshot(bad) }
    }

    @Test func aTargetWithoutSnapshotsIsNotFound() throws {
        #expect(
            refusal(.notFound) { try catalog.requireSnapshots(of: .init(namespace: "demo", target: "es")) }.hasSuffix(
                "of demo/es"))
        try repository.add("a1", after: 0)
        try repository.add("b1", after: 1, of: "other")
        try catalog.requireSnapshots(of: .init(namespace: "demo", target: "es"))
        let message = refusal(.notFound) { try catalog.requireSnapshots(of: .init(namespace: "demo", target: "nope")) }
        #expect(message.contains("is of demo/nope, but of demo/es, demo/other"))
    }

    @Test func latestPassesOverSnapshotsThatMissDocuments() throws {
        let whole = try repository.add("a1", after: 0)
        let partial = try repository.add("a2", after: 10, isPartial: true)
        let passed = try select("latest")
        #expect(passed.record.id == whole)
        #expect(passed.notes == ["latest passed over snapshot \(partial), which misses documents"])
        let taken = try select("latest", allowPartial: true)
        #expect(taken.record.id == partial && taken.notes.isEmpty)
        #expect(try selected(partial.text) == partial)
        #expect(try catalog.find("latest").record.id == whole)
    }

    @Test func aRepositoryOfPartialSnapshotsHasNoLatest() throws {
        try repository.add("a1", after: 0, isPartial: true)
        #expect(refusal { _ = try select("latest") }.contains("allowPartial"))
    }

    @Test func aTimeIsTheNewestThenOrBefore() throws {
        let first = try repository.add("a1", after: 0)
        let second = try repository.add("a2", after: 10)
        try repository.add("b1", after: 5, of: "other")
        // Samples.time is 2025-11-24T16:00:00Z.
        #expect(try selected("2025-11-24T16:00:00Z") == first)
        #expect(try selected("2025-11-24T16:00:09.999Z") == first)
        #expect(try selected("2025-11-24T16:00:10Z") == second)
        #expect(try selected("2025-11-24T17:00:10+01:00") == second)
        #expect(try selected("2030-01-01T00:00:00Z") == second)
        let early = refusal(.notFound) { _ = try select("2025-11-24T15:59:59Z") }
        #expect(early.contains("no snapshot of demo/es") && early.contains("the oldest is of 2025-11-24T16:00:00.000Z"))
    }

    @Test func aTimePassesOverSnapshotsThatMissDocuments() throws {
        let whole = try repository.add("a1", after: 0)
        let partial = try repository.add("a2", after: 10, isPartial: true)
        let choice = try select("2025-11-24T16:00:30Z")
        #expect(choice.record.id == whole)
        #expect(choice.notes == ["2025-11-24T16:00:30.000Z passed over snapshot \(partial), which misses documents"])
    }

    @Test func aCommandMustSayWhoseLatestItMeansWhereThereAreSeveral() throws {
        try repository.add("a1", after: 0)
        let other = try repository.add("b1", after: 10, of: "other")
        for selector in ["latest", "2030-01-01T00:00:00Z"] {
            let message = refusal { _ = try catalog.find(selector) }
            #expect(message.contains("could be of demo/es, demo/other") && message.contains("--target"))
            #expect(try catalog.find(selector, target: SnapshotSource(namespace: "demo", target: "other")).record.id == other)
        }
        let none = refusal(.notFound) {
            _ = try catalog.find("latest", target: SnapshotSource(namespace: "demo", target: "third"))
        }
        #expect(none.contains("no snapshot in \(repository.folder.path) is of demo/third, but of demo/es, demo/other"))
        #expect(try catalog.find("b1").record.id == other)
    }

    @Test func aForgottenSnapshotIsNeitherListedNorChosen() throws {
        let first = try repository.add("a1", after: 0)
        let second = try repository.add("a2", after: 10)
        #expect(try repository.forgetting.forget(second, reason: "a test"))
        #expect(try catalog.snapshots().map(\.summary.id) == [first])
        #expect(try selected("latest") == first)
        #expect(refusal(.notFound) { _ = try select(second.text) }.contains("was forgotten; until its data is deleted"))
        #expect(refusal(.notFound) { _ = try catalog.snapshot(second) }.contains("sheaf keep \(second)"))
        #expect(refusal(.notFound) { _ = try select("a2") }.contains("there is no snapshot"))
        #expect(try catalog.records(includingForgotten: true).map(\.isForgotten) == [false, true])
    }

    @Test func aForgottenSnapshotThatIsKeptIsThereAgain() throws {
        let id = try repository.add("a1", after: 0)
        _ = try repository.forgetting.forget(id, reason: "a test")
        try repository.keep(id)
        #expect(try catalog.snapshots().map(\.summary.id) == [id])
        #expect(try selected(id.text) == id)
        #expect(try selected("latest") == id)
    }

    @Test func marksAreListedWithTheirSnapshots() throws {
        let id = try repository.add("a1", after: 0)
        let plain = try repository.add("a2", after: 1)
        _ = try repository.marks.change(id) {
            $0.isKept = true
            $0 = SnapshotMarks(tags: ["weekly", "audit"], isKept: true)
        }
        let summaries = try catalog.records().map(\.summary)
        #expect(summaries.map(\.id) == [id, plain])
        #expect(summaries.map(\.tags) == [["audit", "weekly"], nil])
        #expect(summaries.map(\.isKept) == [true, nil])
    }

    @Test func whatCannotBeReadIsDamagedAndNotMissing() throws {
        let bad = SnapshotID(startedAt: Samples.time, session: Samples.session)
        _ = try repository.local.put(Array("{".utf8), at: ObjectKey("outcomes/\(bad)"))
        for find in [
            { _ = try catalog.find(bad.text, includingForgotten: true) }, { _ = try catalog.find("latest") },
        ] {
            let error = #expect(throws: ArchiveError.self) { try find() }
            #expect(error?.code == .corrupt && error?.message.contains("outcomes/\(bad)") == true)
            #expect(error?.message.contains("it is no JSON") == true)
        }
        #expect(refusal(.notFound) { _ = try catalog.find("2026-01-01T00:00:00") }.contains("a time has a date and a zone"))
    }

    @Test func aPinIsOneUntilItsTimeByTheStoresClock() throws {
        let first = try repository.add("a1", after: 0)
        let second = try repository.add("a2", after: 1)
        try repository.pin(first, until: .now() + .seconds(600), name: "p1")
        try repository.pin(second, until: .now() - GarbageCollection.margin - .seconds(1), name: "p2")
        _ = try repository.local.put(
            Array(
                #"{"nonce":"n","at":"2026-01-01T00:00:00Z","until":"2999-01-01T00:00:00Z","segments":[],"reason":"a test"}"#.utf8),
            at: ObjectKey("pins/p3"))
        #expect(try catalog.pinned() == [first])
        _ = try repository.local.put(Array("{}".utf8), at: ObjectKey("pins/p4"))
        #expect(try catalog.pinned() == [first])
    }
}
