import AMQP
import Bus
import Messages
import Runtime

/// Keeps the ledger by the events on the Scheduler's reply queue.
struct EventListener: Sendable {
    let ledger: Ledger
    let measurements: Measurements

    /// When it returns the event is saved, so that its message may be acknowledged.
    func handle(_ delivery: Delivery) async throws {
        switch delivery.properties.type {
        case MessageType.status.rawValue:
            let event = try delivery.event(StatusEvent.self, types: [.status])
            try await ledger.apply([LedgerEvent(event.data, at: event.time)])
        case MessageType.progress.rawValue:
            try await ledger.apply([LedgerEvent(try delivery.event(ProgressEvent.self, types: [.progress]).data)])
        case MessageType.metric.rawValue:
            measurements.record(try delivery.event(MetricEvent.self, types: [.metric]).data)
        default: throw PoisonError("type \(delivery.properties.type ?? "absent") is no event that a Scheduler knows")
        }
    }
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

    func record(_ event: MetricEvent) {
        let series = Series(name: event.name, labels: event.labels)
        latest.withLock {
            if let known = $0[series] {
                if known.time < event.time { $0[series] = event }
            } else if $0.count < Self.limit {
                $0[series] = event
            }
        }
    }

    func families() -> [GaugeFamily] {
        let events = latest.withLock { Array($0.values) }
        return Dictionary(grouping: events, by: \.name).sorted { $0.key < $1.key }.map { name, events in
            GaugeFamily(
                name: name, help: "The latest \(name) that a worker reported.",
                samples: events.map { GaugeFamily.Sample(labels: $0.labels.map { ($0.key, $0.value) }, value: $0.value) })
        }
    }
}
