package import Runtime

/// Stash's words for where a session stands. A cancel, a missed deadline and a partial restore are `failed` with a condition that says so.
package enum Phase: String, Codable, Sendable, CaseIterable {
    case pending = "Pending"
    case running = "Running"
    case succeeded = "Succeeded"
    case failed = "Failed"
    case skipped = "Skipped"
    case unknown = "Unknown"

    package var isFinal: Bool { self == .succeeded || self == .failed || self == .skipped }
}

/// Who says so, in rising order of authority: a ledger keeps what the highest said.
package enum PhaseSource: Int, Codable, Sendable, Comparable {
    /// A session was asked for or has begun.
    case announced = 0
    /// The Scheduler refused it, or guesses from its own clock.
    case scheduler = 1
    /// A worker could not reach the session's journal.
    case unrecorded = 2
    /// The journal's `final` entry.
    case final = 3

    package static func < (left: PhaseSource, right: PhaseSource) -> Bool { left.rawValue < right.rawValue }
}

/// One of Stash's conditions.
package struct Condition: Codable, Sendable, Equatable {
    package var type: String
    package var status: String
    package var reason: String
    package var message: String
    package var lastTransitionTime: Timestamp

    package init(type: String, status: String = "True", reason: String, message: String, lastTransitionTime: Timestamp) {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
        self.lastTransitionTime = lastTransitionTime
    }
}

/// What a session did to one index.
package struct IndexResult: Codable, Sendable, Equatable {
    package var name: String
    /// Documents that the plan counted.
    package var expectedDocuments: Int
    /// Documents stored or loaded.
    package var documents: Int
    /// Bytes of bulk-ready NDJSON.
    package var bytes: Int
    /// Bytes in the repository.
    package var storedBytes: Int

    package init(name: String, expectedDocuments: Int, documents: Int, bytes: Int, storedBytes: Int) {
        self.name = name
        self.expectedDocuments = expectedDocuments
        self.documents = documents
        self.bytes = bytes
        self.storedBytes = storedBytes
    }
}

/// Says where a whole session stands. Values are absolute, so that late and repeated events change nothing.
package struct StatusEvent: Codable, Sendable, Equatable {
    package var session: SessionID
    package var kind: SessionKind
    package var name: String
    package var namespace: String
    package var invoker: Invoker
    package var repository: String
    package var target: String
    package var phase: Phase
    package var source: PhaseSource
    package var requestedAt: Timestamp
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    /// The snapshot made or restored.
    package var snapshot: SnapshotID?
    package var indices: [IndexResult]
    package var conditions: [Condition]
    /// Why the session is Failed or Skipped, in a sentence.
    package var error: String?
    /// Parts stored by each worker.
    package var partsByWorker: [String: Int]
    /// Stash's `retried`: another session has followed this failed one. Only a Scheduler tells.
    package var retried: Bool?
    /// When one is to, or was. Only a Scheduler tells.
    package var nextRetry: Timestamp?
    /// The batch's session that it is a member of.
    package var parent: ParentSession?

    package init(
        of command: SessionCommand, phase: Phase, source: PhaseSource, startedAt: Timestamp? = nil, finishedAt: Timestamp? = nil,
        snapshot: SnapshotID? = nil, indices: [IndexResult] = [], conditions: [Condition] = [], error: String? = nil,
        partsByWorker: [String: Int] = [:]
    ) {
        self.session = command.id
        self.kind = command.kind
        self.name = command.name
        self.namespace = command.namespace
        self.invoker = command.invoker
        self.repository = command.repository.metadata.name
        self.target = command.target.metadata.name
        self.phase = phase
        self.source = source
        self.requestedAt = command.requestedAt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.snapshot = snapshot
        self.indices = indices
        self.conditions = conditions
        self.error = error
        self.partsByWorker = partsByWorker
        self.parent = command.parent
    }

    /// The status of a session that never became a command: what it needs is missing.
    package init(
        session: SessionID, kind: SessionKind, name: String, namespace: String, invoker: Invoker, repository: String,
        target: String,
        requestedAt: Timestamp, failure: Condition, parent: ParentSession? = nil
    ) {
        self.session = session
        self.kind = kind
        self.name = name
        self.namespace = namespace
        self.invoker = invoker
        self.repository = repository
        self.target = target
        self.phase = .failed
        self.source = .scheduler
        self.requestedAt = requestedAt
        self.finishedAt = requestedAt
        self.indices = []
        self.conditions = [failure]
        self.error = failure.message
        self.partsByWorker = [:]
        self.parent = parent
    }
}

/// How far one unit is. Absolute values keyed by (session, slice, epoch, number): a later one of the same key replaces the earlier.
package struct ProgressEvent: Codable, Sendable, Equatable {
    package enum State: String, Codable, Sendable {
        /// The unit is at work; its figures may still come to nothing.
        case running
        /// The unit's part is in the journal.
        case stored
    }

    package var session: SessionID
    package var kind: SessionKind
    package var index: String
    package var slice: Int
    package var epoch: Int
    package var number: Int
    package var state: State
    package var documents: Int
    package var bytes: Int
    package var storedBytes: Int
    package var worker: String
    package var time: Timestamp

    package init(
        session: SessionID, kind: SessionKind, index: String, position: UnitPosition, state: State, documents: Int, bytes: Int,
        storedBytes: Int, worker: String, time: Timestamp
    ) {
        self.session = session
        self.kind = kind
        self.index = index
        self.slice = position.slice
        self.epoch = position.epoch
        self.number = position.number
        self.state = state
        self.documents = documents
        self.bytes = bytes
        self.storedBytes = storedBytes
        self.worker = worker
        self.time = time
    }
}

/// One measurement, for whoever keeps time series.
package struct MetricEvent: Codable, Sendable, Equatable {
    /// A Prometheus name with its base unit, for example `sheaf_unit_seconds`.
    package var name: String
    package var value: Double
    package var labels: [String: String]
    package var time: Timestamp

    package init(name: String, value: Double, labels: [String: String], time: Timestamp) {
        self.name = name
        self.value = value
        self.labels = labels
        self.time = time
    }
}
