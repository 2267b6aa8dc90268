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
}
