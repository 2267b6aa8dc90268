import Archive
import FoundationEssentials
import Messages
import Runtime
import Sessions
import Testing

@testable import Snapshots

/// What a repository tells of its sessions, page by page.
@Suite struct SessionHistoryTests {
    let repository: SnapshotFolder
    private var history: SessionHistory { SessionHistory(store: repository.store) }

    init() throws { repository = try SnapshotFolder() }

    private func limit(
        sessions: Int = 100, bytes: Int = 1 << 20, entryBytes: Int = 1 << 20, deadline: Duration = .seconds(60)
    ) -> SessionHistory.Limit {
        SessionHistory.Limit(sessions: sessions, bytes: bytes, entryBytes: entryBytes, deadline: .now + deadline)
    }

    private func command(_ session: String, in repository: String = "disk") -> SessionCommand {
        var command = Samples.command()
        command.id = Samples.makeID(session)
        command.repository.metadata.name = repository
        return command
    }

    private func put(_ entry: Entry, _ session: String, _ name: String) throws {
        _ = try repository.local.put(try EntryCoding.encode(entry), at: ObjectKey("sessions/\(session)/\(name)"))
    }

    private func begin(_ session: String, in repository: String = "disk") throws {
        var entry = Samples.begin()
        entry.command = command(session, in: repository)
        try put(.begin(entry), session, "begin")
    }

    /// - Returns: the event that was announced.
    @discardableResult
    private func end(_ session: String, after seconds: Int, in name: String = "disk", error: String? = nil) throws -> StatusEvent
    {
        let status = StatusEvent(
            of: command(session, in: name), phase: error == nil ? .succeeded : .failed, source: .final, startedAt: Samples.time,
            finishedAt: Samples.time + .seconds(seconds), error: error)
        try begin(session, in: name)
        try put(.final(FinalEntry(nonce: "f", status: status)), session, "final")
        if error == nil {
            try repository.add(session, after: seconds)
        } else {
            _ = try repository.addAbort(session, after: seconds)
        }
        return status
    }

    private func page(_ limit: SessionHistory.Limit, before: String? = nil, of name: String = "disk") throws -> FinalsPage {
        let start = try before.map { try #require(SnapshotID($0)) }
        return try history.page(before: start, limit: limit) { $0 == name }
    }

    @Test func theSameEventsComeAgainFromTheNewestOn() throws {
        let told = [try end("a", after: 0), try end("b", after: 10, error: "no"), try end("c", after: 20)]
        let page = try self.page(limit())
        #expect(page == FinalsPage(statuses: told.reversed()))
    }

    /// Whatever ends a page, each session is told once.
    @Test(arguments: [
        SessionHistory.Limit(sessions: 2, bytes: 1 << 20, entryBytes: 1 << 20, deadline: .now + .seconds(600)),
        SessionHistory.Limit(sessions: 100, bytes: 900, entryBytes: 1 << 20, deadline: .now + .seconds(600)),
        SessionHistory.Limit(sessions: 100, bytes: 1 << 20, entryBytes: 1 << 20, deadline: .now - .seconds(1)),
    ])
    func pagesHaveAllSessionsOnce(limit: SessionHistory.Limit) throws {
        let names = (0..<7).map { "s\($0)" }
        for (number, name) in names.enumerated() { try end(name, after: number) }
        var (found, pages): ([String], Int) = ([], 0)
        var next: String?
        repeat {
            let page = try self.page(limit, before: next)
            #expect(!page.statuses.isEmpty && page.statuses.count < 7)
            found += page.statuses.map(\.session.text)
            next = page.next
            pages += 1
        } while next != nil && pages < 20
        #expect(found == names.reversed())
    }

    /// Those that end while pages are read are told by events.
    @Test func aSessionThatEndsBetweenTwoPagesMovesNone() throws {
        for number in 0..<4 { try end("s\(number)", after: number) }
        let first = try page(limit(sessions: 2))
        #expect(first.next != nil)
        try end("late", after: 100)
        let second = try page(limit(sessions: 2), before: first.next)
        #expect((first.statuses + second.statuses).map(\.session.text) == ["s3", "s2", "s1", "s0"])
    }

    @Test func sessionsThatGoOnAreToldWithTheirMessages() throws {
        try end("a", after: 0)
        try begin("open")
        // Decided, and not finished.
        try begin("decided")
        try repository.add("decided", after: 5)
        // Copied from another repository: it has no journal here.
        try repository.add("copied", after: 6)
        let first = try page(limit(sessions: 1))
        #expect(first.begun.map(\.command) == [command("open")] && first.statuses.isEmpty && first.next != nil)
        let rest = try page(limit(), before: first.next)
        #expect(rest.begun.map(\.command) == [command("decided")] && rest.statuses.map(\.session.text) == ["a"])
        #expect(rest.begun.first?.startedAt == Samples.time && rest.next == nil)
    }

    @Test func aSessionWhoseOutcomeIsGoneIsToldAllTheSame() throws {
        let status = StatusEvent(
            of: command("lost"), phase: .succeeded, source: .final, startedAt: Samples.time, finishedAt: Samples.time)
        try begin("lost")
        try put(.final(FinalEntry(nonce: "f", status: status)), "lost", "final")
        #expect(try page(limit()) == FinalsPage(statuses: [status]))
    }

    @Test func sessionsOfAnotherNameOfTheRepositoryAreNotTold() throws {
        try end("a", after: 0, in: "other")
        try begin("open", in: "other")
        #expect(try page(limit()) == FinalsPage())
        #expect(try page(limit(), of: "other").statuses.map(\.session.text) == ["a"])
    }

    @Test func whatCannotBeReadOrSentIsNamedAndHidesNothing() throws {
        try end("a", after: 0)
        try repository.add("b", after: 5)
        _ = try repository.local.put(Array("{".utf8), at: ObjectKey("sessions/b/final"))
        try end("c", after: 10, error: String(repeating: "x", count: 2_000))
        let page = try self.page(limit(entryBytes: 1_500))
        #expect(page.statuses.map(\.session.text) == ["a"] && page.damages.count == 2)
        #expect(page.damages.contains { $0.contains("sessions/b/final") }, "\(page.damages)")
        #expect(page.damages.contains { $0.contains("session c") }, "\(page.damages)")
    }
}
