import API
import Runtime
import WebServer

/// Server-sent events: what the log still has after the place that a follower had last, then what happens.
struct EventStream: Sendable {
    /// A comment comes so often, so that a connection that is gone is noticed, and a token that was taken away ends the stream.
    static let pulse = Duration.seconds(15)

    let ledger: Ledger
    let feed: EventFeed

    /// - Parameter isAllowed: asked at each pulse.
    func follow(_ request: APIRequest, while isAllowed: @escaping @Sendable () -> Bool) async throws -> WebResponse {
        let session = request.web[query: "session"]
        let given = request.web[header: "Last-Event-ID"] ?? request.web[query: "after"]
        var place: EventPlace?
        if let given {
            guard let parsed = EventPlace(given) else {
                throw Problem(.invalid, "\"\(given.prefix(100))\" is not the id of an event of this stream")
            }
            place = parsed
        }
        // Before the log is read, so that nothing falls between.
        guard let live = feed.follow() else {
            throw Problem(.unavailable, "too many programs follow the events of this Scheduler; end some of them")
        }
        let bounds = try await ledger.eventLogBounds()
        let begin = Self.begin(after: place, bounds)
        let (stream, output) = AsyncStream.makeStream(of: [UInt8].self)
        let work = Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    while isAllowed(), !Task.isCancelled {
                        output.yield(Array(": \n\n".utf8))
                        do { try await Task.sleep(for: Self.pulse) } catch { return }
                    }
                }
                group.addTask {
                    if begin.hasGap {
                        output.yield(
                            Self.text(
                                type: "gap", id: EventPlace(epoch: bounds.epoch, number: begin.after), data: Array("{}".utf8)))
                    }
                    var last = begin.after
                    let isWanted = { (event: Ledger.LoggedEvent) in session == nil || event.session == session }
                    do {
                        while case let page = try await ledger.loggedEvents(after: last, limit: 200), !page.isEmpty {
                            for event in page where isWanted(event) { output.yield(Self.text(event, epoch: bounds.epoch)) }
                            last = page.last?.place ?? last
                        }
                    } catch {
                        // It comes back and goes on after what it had.
                        return
                    }
                    for await event in live where isWanted(event) && event.place.map({ $0 > last }) ?? true {
                        output.yield(Self.text(event, epoch: bounds.epoch))
                    }
                }
                await group.next()
                group.cancelAll()
            }
            output.finish()
        }
        output.onTermination = { _ in work.cancel() }
        return WebResponse(stream: stream, headers: [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")])
    }

    /// Where to go on, and whether something was missed.
    static func begin(
        after place: EventPlace?, _ log: (epoch: String, first: Int, last: Int)
    ) -> (after: Int, hasGap: Bool) {
        guard let place else { return (log.last, false) }
        guard place.epoch == log.epoch, place.number <= log.last, place.number >= log.first - 1 else { return (log.last, true) }
        return (place.number, false)
    }

    static func text(_ event: Ledger.LoggedEvent, epoch: String) -> [UInt8] {
        text(type: event.type, id: event.place.map { EventPlace(epoch: epoch, number: $0) }, data: event.event)
    }

    /// The lines of one event, as the HTML standard has them: a line of data for each line of the event.
    private static func text(type: String, id: EventPlace?, data: [UInt8]) -> [UInt8] {
        var lines = Array("event: \(type)\n".utf8)
        if let id { lines += Array("id: \(id)\n".utf8) }
        for line in data.split(omittingEmptySubsequences: false, whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            lines += Array("data: ".utf8) + line + [0x0A]
        }
        return lines + [0x0A]
    }
}
