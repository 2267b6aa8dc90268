import AMQP
import Bus
import Messages
import Runtime

/// Keeps the ledger by the events on the Scheduler's reply queue.
struct EventListener: Sendable {
    let ledger: Ledger
    let measurements: Measurements
    let feed: EventFeed

    /// When it returns the event is saved, so that its message may be acknowledged.
    func handle(_ delivery: Delivery) async throws {
        switch delivery.messageType {
        case .status:
            let event = try delivery.event(StatusEvent.self, types: [.status], maximumBytes: PoisonError.maximumEvent)
            try await ledger.apply([LedgerEvent(event.data, at: event.time)])
            try await ledger.noteCheck(byEndOf: event.data)
            try await follow("status", event, delivery.body)
        case .progress:
            let event = try delivery.event(ProgressEvent.self, types: [.progress])
            try await ledger.apply([LedgerEvent(event.data)])
            try await follow("progress", event, delivery.body)
        case .metric:
            try measurements.record(try delivery.event(MetricEvent.self, types: [.metric]).data)
        case .repository:
            let event = try delivery.event(RepositoryEvent.self, types: [.repository])
            try await ledger.save(event.data, session: event.subject)
            try await follow("repository", event, delivery.body)
        case .heartbeat:
            let event = try delivery.event(WorkerHeartbeat.self, types: [.heartbeat])
            try await ledger.save(event.data, now: .now())
            feed.publish(Ledger.LoggedEvent(type: "heartbeat", event: delivery.body))
        case .backupSession, .restoreSession:
            // Another Scheduler's, an outsider's, or our own come round: with the message in the ledger anyone can rescue the session.
            let event = try delivery.session()
            // What the workers refuse for its reply_to must not be rescued later.
            _ = try delivery.replyTo()
            var events = [LedgerEvent(request: event.data, message: delivery.body, publishedAt: event.time)]
            if delivery.attempt > 0 {
                events.append(LedgerEvent(session: event.data.id.text, time: event.time, content: .rescue))
            }
            try await ledger.apply(events)
        default: throw PoisonError("type \(delivery.properties.type ?? "absent") is no event that a Scheduler knows")
        }
    }

    /// Hands an event that the ledger has taken in to those who follow by HTTP, now or when they come back.
    private func follow(_ type: String, _ event: CloudEvent<some Codable & Sendable>, _ body: [UInt8]) async throws {
        guard body.count <= Self.followedSize else { return }
        feed.publish(try await ledger.log(Ledger.LoggedEvent(type: type, session: event.subject, event: body)))
    }

    /// Bytes of the largest event that is kept for followers: that of a session with some ten thousand indices is larger.
    private static let followedSize = 1 << 20
}

/// The latest value of each series that workers measured, for `/metrics`.
final class Measurements: Sendable {
    /// Series that are kept at most: labels come from outside.
    private static let limit = 5000

    private struct Series: Hashable {
        var name: String
        var labels: [String: String]
    }

    private let latest = Lock<[Series: MetricEvent]>([:])

    /// - Throws: `PoisonError` for a name or label that is not a worker's: it would break the page, or pass for one of the Scheduler's.
    func record(_ event: MetricEvent) throws(PoisonError) {
        let isWord: (String) -> Bool = { text in
            !text.isEmpty && text.utf8.count < 100
                && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "_") }
        }
        guard event.name.hasPrefix("sheaf_unit_"), isWord(event.name), event.labels.count < 10,
            event.labels.keys.allSatisfy(isWord)
        else {
            throw PoisonError("\(event.name.prefix(100)) with its labels is no metric of a worker")
        }
        let series = Series(name: event.name, labels: event.labels)
        latest.withLock {
            if let known = $0[series] {
                if known.time < event.time { $0[series] = event }
            } else if $0.count < Self.limit {
                $0[series] = event
            }
        }
    }

    func families() -> [MetricFamily] {
        let events = latest.withLock { Array($0.values) }
        return Dictionary(grouping: events, by: \.name).sorted { $0.key < $1.key }.map { name, events in
            MetricFamily(
                name: name, help: "The latest \(name) that a worker reported.",
                samples: events.map { MetricFamily.Sample(labels: $0.labels.map { ($0.key, $0.value) }, value: $0.value) })
        }
    }
}
