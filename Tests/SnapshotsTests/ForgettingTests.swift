import Archive
import Messages
import Runtime
import Sessions
import Testing

@testable import Snapshots

/// What `sheaf forget` does and refuses.
@Suite struct ForgettingTests {
    let repository: SnapshotFolder
    let first: SnapshotID
    let second: SnapshotID

    init() throws {
        repository = try SnapshotFolder()
        first = try repository.add("a1", after: 0)
        second = try repository.add("a2", after: 10)
    }

    private func forget(_ selectors: String...) throws -> [ForgetRequest.Answer] {
        try ForgetRequest(repository.catalog).run(selectors, reason: "a test")
    }

    @Test func aForgottenSnapshotIsNamedAndForgottenOnce() throws {
        #expect(try forget("a1") == [.init(snapshot: first, isNew: true)])
        let entry = try #require(try repository.forgetting.entry(of: first))
        #expect(entry.reason == "a test" && entry.policy == nil)
        #expect(try forget(first.text, "a1") == [.init(snapshot: first, isNew: false)])
        #expect(try repository.forgetting.entry(of: first) == entry)
        #expect(try repository.keys("forgotten/") == ["forgotten/\(first)"])
    }

    @Test func nothingIsForgottenWhereOneIsProtected() throws {
        let third = try repository.add("a3", after: 20)
        try repository.keep(second)
        try repository.pin(third, until: .now() + .seconds(600))
        let message = refusal { _ = try forget(first.text, "a2", "a3") }
        #expect(message.contains("nothing was forgotten"))
        #expect(message.contains("\(second) is kept (end it with: sheaf unkeep)") && message.contains("\(third) is pinned"))
        #expect(try repository.keys("forgotten/").isEmpty)
    }

    @Test func whatIsNotThereIsNotForgotten() throws {
        #expect(refusal(.notFound) { _ = try forget("a1", "zz") }.contains("there is no snapshot \"zz\""))
        #expect(try repository.keys("forgotten/").isEmpty)
    }

    @Test(arguments: ["latest", "2026-01-01T00:00:00Z"])
    func whatMayMeanAnotherOneTomorrowIsRefused(_ selector: String) {
        #expect(refusal { _ = try forget(selector) }.contains("by its id"))
    }

    @Test func keepingAForgottenSnapshotAndLettingItGoHidesItAgain() throws {
        _ = try forget("a1")
        try repository.keep(first)
        #expect(try repository.catalog.snapshots().map(\.summary.id) == [first, second])
        _ = try repository.marks.change(first) { $0.isKept = false }
        #expect(try repository.catalog.snapshots().map(\.summary.id) == [second])
    }

    @Test func entriesOfALaterVersionAreRead() throws {
        let json = #"{"nonce":"n","at":"2026-01-01T00:00:00Z","reason":"r","policy":"p","more":[1]}"#
        _ = try repository.local.put(Array(json.utf8), at: Forgetting.key(of: first))
        #expect(try repository.forgetting.entries()[first]?.policy == "p")
    }

    private func spoil(_ key: String) throws {
        let key = try ObjectKey(key)
        if try repository.local.size(key) != nil { try repository.local.delete(key) }
        _ = try repository.local.put(Array("{".utf8), at: key)
    }

    @Test func aSnapshotThatCannotBeReadIsForgottenAndDeleted() throws {
        try spoil("outcomes/\(first)")
        #expect(try forget(first.text) == [.init(snapshot: first, isNew: true)])
        #expect(try forget("a1") == [.init(snapshot: first, isNew: false)])
        let report = try Collector(repository.store, grace: .zero).run()
        #expect(report.swept == [first] && report.problems == [])
        #expect(try repository.keys("outcomes/") == ["outcomes/\(second)"])
    }

    @Test func marksThatCannotBeReadProtectTheirSnapshotAlone() throws {
        let key = "marks/\(first)/00000001"
        try spoil(key)
        let message = refusal { _ = try forget("a1") }
        #expect(message.contains("counts as kept") && message.contains(key))
        #expect(try forget("a2") == [.init(snapshot: second, isNew: true)])
        _ = try repository.forgetting.forget(first, reason: "a test")
        #expect(try repository.catalog.record(first).isListed)
        #expect(try Pins(repository.store).isChoosable(first))
        let error = #expect(throws: ArchiveError.self) { try repository.keep(first) }
        #expect(error?.code == .corrupt && error?.message.contains(key) == true)
        let report = try Collector(repository.store, grace: .zero).run()
        #expect(report.swept == [second] && report.problems.contains { $0.contains(key) })
    }

    @Test func anEntryThatCannotBeReadSaysForgottenAllTheSame() throws {
        try spoil("forgotten/\(first)")
        #expect(try forget("a1") == [.init(snapshot: first, isNew: false)])
        #expect(try repository.catalog.snapshots().map(\.summary.id) == [second])
        #expect(try repository.forgetting.entries() == [:])
        #expect(try !Pins(repository.store).isChoosable(first))
        let policy = RetentionPolicy(name: "p", keepLast: 1)
        #expect(try Retention(policy, of: repository.catalog).apply().decisions.map(\.subject.id) == [second])
    }
}
