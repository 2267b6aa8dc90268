import Runtime
import Testing

@testable import Scheduler

@Suite struct EventLogTests {
    private func event(_ text: String, session: String? = nil) -> Ledger.LoggedEvent {
        Ledger.LoggedEvent(type: "status", session: session, event: Array(text.utf8))
    }

    @Test func eventsAreNumberedAndTheLastAreKept() async throws {
        let ledger = try Ledger(path: ":memory:")
        let empty = try await ledger.eventLogBounds()
        #expect(empty.first == 0 && empty.last == 0 && empty.epoch.count == 8)
        for number in 1...3 { #expect(try await ledger.log(event("\(number)", session: "s")).place == number) }
        #expect(
            try await ledger.loggedEvents(after: 1, limit: 10).map { String(decoding: $0.event, as: UTF8.self) } == ["2", "3"])
        #expect(try await ledger.loggedEvents(after: 0, limit: 1).map(\.place) == [1])
        for number in 4...(Ledger.eventLogLimit + 512) { _ = try await ledger.log(event("\(number)")) }
        let bounds = try await ledger.eventLogBounds()
        #expect(bounds.last == Ledger.eventLogLimit + 512)
        #expect((bounds.last - bounds.first) < Ledger.eventLogLimit + 256 && bounds.first > 1)
        #expect(bounds.epoch == empty.epoch)
    }

    @Test(
        arguments: [
            (nil, 9, false), ("aa-9", 9, false), ("aa-4", 4, false), ("aa-3", 9, true), ("aa-10", 9, true), ("bb-7", 9, true),
        ] as [(String?, Int, Bool)])
    func aFollowerGoesOnWhereItWasOrHearsOfTheGap(_ place: String?, _ after: Int, _ hasGap: Bool) {
        let begin = EventStream.begin(after: place.flatMap { EventPlace($0) }, (epoch: "aa", first: 5, last: 9))
        #expect(begin.after == after && begin.hasGap == hasGap)
    }

    @Test func aPlaceIsReadAsItIsWritten() {
        #expect(EventPlace("1a2b3c4d-17")?.description == "1a2b3c4d-17")
        for wrong in ["", "1a2b3c4d", "1a2b3c4d-", "-1", "1a-2-3", "1a2b-x"] {
            #expect(EventPlace(wrong) == nil, "\(wrong)")
        }
    }

    /// A line break within an event would end it, or begin a field of its own.
    @Test func anEventOfSeveralLinesIsOneEvent() {
        var logged = event("{\n\"a\": 1,\r\"event\": 2}")
        logged.place = 3
        let text = String(decoding: EventStream.text(logged, epoch: "aa"), as: UTF8.self)
        #expect(text == "event: status\nid: aa-3\ndata: {\ndata: \"a\": 1,\ndata: \"event\": 2}\n\n")
    }

    @Test func aFollowerThatIsTooSlowIsCutOffAndTheOthersGoOn() async throws {
        let feed = EventFeed()
        let slow = try #require(feed.follow())
        for number in 0..<5_100 { feed.publish(event("\(number)")) }
        var count = 0
        for await _ in slow { count += 1 }
        #expect(count == 5_000)
        let next = try #require(feed.follow())
        feed.publish(event("x"))
        for await one in next {
            #expect(one.event == [0x78])
            break
        }
    }

    @Test func thereAreNotMoreFollowersThanItCanServe() {
        let feed = EventFeed()
        var followers: [AsyncStream<Ledger.LoggedEvent>] = []
        while followers.count <= 200, let one = feed.follow() { followers.append(one) }
        #expect(followers.count == 200 && feed.follow() == nil)
        followers.removeAll()
        #expect(feed.follow() != nil)
    }
}
