package import Messages
import Runtime

/// How far one index is.
package struct IndexProgress: Sendable, Equatable {
    package var name: String
    package var expectedDocuments: Int
    package var documents = 0
    /// Bytes of bulk-ready NDJSON.
    package var bytes = 0
    package var storedBytes = 0
    /// Documents of units that have ended; the others may still come to nothing.
    package var settledDocuments = 0
    package var rate: RateMeter.Rate?

    package init(name: String, expectedDocuments: Int) {
        self.name = name
        self.expectedDocuments = expectedDocuments
    }

    /// All that the plan counted is stored or loaded.
    package var isComplete: Bool { settledDocuments >= expectedDocuments }

    /// 0 to 100; 100 only when complete.
    package var percent: Int {
        guard !isComplete else { return 100 }
        return min(99, documents * 100 / max(1, expectedDocuments))
    }

    package var timeLeft: Duration? {
        guard let rate, rate.documents > 0, documents < expectedDocuments else { return nil }
        return .seconds(Double(expectedDocuments - documents) / rate.documents)
    }
}

/// What is known of one session from its events, whatever order they come in and however often.
package struct SessionProgress: Sendable {
    private struct UnitKey: Hashable {
        var slice: Int
        var epoch: Int
        var number: Int
    }

    package let session: SessionID
    package let kind: SessionKind
    /// The status of highest authority so far.
    package private(set) var status: StatusEvent?
    private var units: [UnitKey: ProgressEvent] = [:]
    /// A new point in time voids what was read at the one before.
    private var epochs: [Int: Int] = [:]
    private var meters: [String: RateMeter] = [:]
    private var totalMeter = RateMeter()

    package init(session: SessionID, kind: SessionKind) {
        self.session = session
        self.kind = kind
    }

    /// - Returns: whether this says something new.
    package mutating func apply(_ event: StatusEvent) -> Bool {
        guard event.session == session else { return false }
        if let status {
            let isStronger = (event.source, event.phase.rank) > (status.source, status.phase.rank)
            let isFuller = event.phase == status.phase && event.source == status.source && status.indices.isEmpty
            guard isStronger || isFuller, event != status else { return false }
        }
        status = event
        return true
    }

    /// - Parameter time: of the clock that the rates are counted with.
    package mutating func apply(_ event: ProgressEvent, at time: Duration) {
        guard event.session == session else { return }
        let key = UnitKey(slice: event.slice, epoch: event.epoch, number: event.number)
        if let known = units[key], known.state == .stored, event.state == .running { return }
        units[key] = event
        epochs[event.slice] = max(epochs[event.slice] ?? 0, event.epoch)
        let counted = count()
        if let index = counted.first(where: { $0.name == event.index }) {
            meters[event.index, default: RateMeter()].record(documents: index.documents, bytes: index.bytes, at: time)
        }
        totalMeter.record(
            documents: counted.reduce(0) { $0 + $1.documents }, bytes: counted.reduce(0) { $0 + $1.bytes }, at: time)
    }

    /// In the order of the plan.
    package func indices(at time: Duration) -> [IndexProgress] {
        count().map { index in
            var index = index
            if !index.isComplete { index.rate = meters[index.name]?.rate(at: time) }
            return index
        }
    }

    /// The sum of all indices.
    package func total(at time: Duration) -> IndexProgress {
        var total = IndexProgress(name: "total", expectedDocuments: 0)
        for index in count() {
            total.expectedDocuments += index.expectedDocuments
            total.documents += index.documents
            total.settledDocuments += index.settledDocuments
            total.bytes += index.bytes
            total.storedBytes += index.storedBytes
        }
        total.rate = totalMeter.rate(at: time)
        return total
    }

    /// From the final status where there is one, else from the units.
    private func count() -> [IndexProgress] {
        var indices = status?.indices.map { IndexProgress(name: $0.name, expectedDocuments: $0.expectedDocuments) } ?? []
        if let status, status.phase.isFinal {
            return status.indices.map {
                var index = IndexProgress(name: $0.name, expectedDocuments: $0.expectedDocuments)
                index.documents = $0.documents
                index.settledDocuments = $0.documents
                index.bytes = $0.bytes
                index.storedBytes = $0.storedBytes
                return index
            }
        }
        var places = Dictionary(indices.enumerated().map { ($1.name, $0) }) { first, _ in first }
        for (key, unit) in units where key.epoch == epochs[key.slice] {
            // Progress may overtake the status that names the indices.
            let place = places[unit.index] ?? indices.count
            if place == indices.count {
                indices.append(IndexProgress(name: unit.index, expectedDocuments: 0))
                places[unit.index] = place
            }
            indices[place].documents += unit.documents
            indices[place].bytes += unit.bytes
            indices[place].storedBytes += unit.storedBytes
            if unit.state == .stored { indices[place].settledDocuments += unit.documents }
        }
        return indices
    }
}

extension Phase {
    /// A session never goes back from a final phase, nor from Running to Pending.
    fileprivate var rank: Int {
        switch self {
        case .unknown: 0
        case .pending: 1
        case .running: 2
        case .succeeded, .failed, .skipped: 3
        }
    }
}
