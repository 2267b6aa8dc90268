import API
import Runtime
import WebServer

/// Server-sent events: what the log still has after the place that a follower had last, then what happens.
struct EventStream: Sendable {
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
        let wanted = try await sessions(session)
        return WebResponse(headers: [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")]) { output in
            // The place from the start: whoever is cut off before the first event misses nothing either.
            let start = EventPlace(epoch: bounds.epoch, number: begin.after)
            guard
                await output.write(
                    begin.hasGap ? Self.text(type: "gap", id: start, data: Array("{}".utf8)) : Array("id: \(start)\n\n".utf8))
            else { return }
            let isWanted = { (event: Ledger.LoggedEvent) in
                wanted == nil || event.session.map { wanted?.contains($0) == true } == true
            }
            var last = begin.after
            do {
                while case let page = try await ledger.loggedEvents(after: last, limit: 100), !page.isEmpty {
                    for event in page where isWanted(event) {
                        guard await output.write(Self.text(event, epoch: bounds.epoch)) else { return }
                    }
                    last = page.last?.place ?? last
                }
            } catch {
                // It comes back and goes on after what it had.
                return
            }
            for await event in live {
                if event.type == EventFeed.pulse {
                    guard isAllowed(), await output.write(Array(": \n\n".utf8)) else { return }
                } else if isWanted(event), event.place.map({ $0 > last }) ?? true {
                    guard await output.write(Self.text(event, epoch: bounds.epoch)) else { return }
                }
            }
        }
    }

    /// A session, or of a batch's all members too; nil for all there are.
    private func sessions(_ id: String?) async throws -> Set<String>? {
        guard let id else { return nil }
        let members = try await ledger.batch(id)?.members.map(\.id) ?? []
        return Set(members + [id])
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
