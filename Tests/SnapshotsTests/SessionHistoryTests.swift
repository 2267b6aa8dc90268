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

    /// - Parameter seconds: by which the outcome is named too.
    private func begin(_ session: String, after seconds: Int = 0, in repository: String = "disk") throws {
        var entry = Samples.begin(startedAt: Samples.time + .seconds(seconds))
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
        try begin(session, after: seconds, in: name)
        try put(.final(FinalEntry(nonce: "f", status: status)), session, "final")
        if error == nil {
            try repository.add(session, after: seconds)
        } else {
            _ = try repository.addAbort(session, after: seconds)
        }
        return status
    }

    private func page(_ limit: SessionHistory.Limit, before: String? = nil, of name: String = "disk") throws -> FinalsPage {
        try history.page(from: try #require(SessionHistory.Place(before)), limit: limit) { $0 == name }
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
            #expect(page.statuses.count < 7 && page.next != next)
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
        try begin("decided", after: 5)
        try repository.add("decided", after: 5)
        // Copied from another repository: it has no journal here.
        try repository.add("copied", after: 6)
        let first = try page(limit(sessions: 2))
        #expect(first.begun.map(\.command) == [command("decided")] && first.statuses.isEmpty && first.next != nil)
        #expect(first.begun.first?.startedAt == Samples.time + .seconds(5))
        let rest = try page(limit(), before: first.next)
        #expect(rest.begun.map(\.command) == [command("open")] && rest.statuses.map(\.session.text) == ["a"])
        #expect(rest.next == nil)
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

    /// However many there are, and however much a session has: a page takes a few lists, and each session is told once.
    @Test func aPageOfALargeRepositoryTakesAFewLists() throws {
        let store = ClockedStore()
        func put(_ entry: Entry, _ key: String) throws { _ = store.put(try EntryCoding.encode(entry), at: try ObjectKey(key)) }
        let names = (0..<2_500).map { "s\($0)" }
        for (number, name) in names.enumerated() {
            // Most within a day, as many as no single list has.
            let startedAt = Samples.time + .seconds(number < 2_300 ? number / 2 : number * 5_000)
            var begin = Samples.begin(startedAt: startedAt)
            begin.command = command(name)
            let status = StatusEvent(
                of: command(name), phase: .failed, source: .final, startedAt: startedAt, finishedAt: startedAt)
            let session = Samples.makeID(name)
            try put(.begin(begin), "sessions/\(session)/begin")
            try put(.final(FinalEntry(nonce: "f", status: status)), "sessions/\(session)/final")
            try put(.outcome(Samples.abort), "outcomes/\(SnapshotID(startedAt: startedAt, session: session))")
        }
        for open in ["open", "s0-open"] {
            var begin = Samples.begin()
            begin.command = command(open)
            try put(.begin(begin), "sessions/\(open)/begin")
            for part in 0..<6_000 { _ = store.put([], at: try ObjectKey("sessions/\(open)/part/\(part)/0")) }
        }
        let history = SessionHistory(store: RepositoryStore(store))
        var (ended, begun, pages): ([String], [String], Int) = ([], [], 0)
        var next: String?
        repeat {
            let before = store.lists
            let page = try history.page(from: try #require(SessionHistory.Place(next)), limit: limit(sessions: 200)) {
                $0 == "disk"
            }
            #expect(store.lists - before <= 20, "page \(pages)")
            ended += page.statuses.map(\.session.text)
            begun += page.begun.map(\.command.id.text)
            next = page.next
            pages += 1
        } while next != nil && pages < 100
        #expect(Array(ended.prefix(200)) == names.suffix(200).reversed(), "the newest first")
        #expect(ended.count == 2_500 && Set(ended) == Set(names))
        #expect(begun == ["open", "s0-open"])
    }

    /// Each answer goes on from where time was up.
    @Test func openSessionsAreToldInPagesOfTheirOwn() throws {
        try end("a", after: 0)
        for name in ["o1", "o1-x", "o10", "o2"] { try begin(name, after: 1) }
        let late = limit(deadline: .seconds(-1))
        var (found, next): ([String], String?) = ([], nil)
        for _ in 0..<10 {
            let page = try self.page(late, before: next)
            #expect(page.begun.count + page.statuses.count <= 1)
            found += page.statuses.map(\.session.text) + page.begun.map(\.command.id.text)
            next = page.next
            if next == nil { break }
        }
        #expect(found == ["a", "o1-x", "o1", "o10", "o2"] && next == nil)
        #expect(SessionHistory.Place("sessions/../x") == nil && SessionHistory.Place("") == nil)
    }
}
