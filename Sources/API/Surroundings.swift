package import Messages
package import Runtime

/// A Repository, and what workers last told of it.
package struct RepositoryView: Codable, Sendable, Equatable {
    package var namespace: String
    package var name: String
    /// Such as `s3 bucket/prefix`: where it is, without anything secret.
    package var location: String
    /// Nil when no worker has told yet.
    package var isUp: Bool?
    package var checkedAt: Timestamp?
    package var status: RepositoryStatus?
    /// Plans that store there, `NAMESPACE/NAME`.
    package var plans: [String]

    package init(namespace: String, name: String, location: String, plans: [String]) {
        self.namespace = namespace
        self.name = name
        self.location = location
        self.plans = plans
    }
}

/// A worker that was heard within a day.
package struct WorkerView: Codable, Sendable, Equatable {
    package var name: String
    package var version: String
    /// Units that it works on at once at most, and works on now.
    package var slots: Int
    package var busy: Int
    package var startedAt: Timestamp
    /// When its last heartbeat came, by the Scheduler's clock.
    package var heardAt: Timestamp
    /// Heard within 90 seconds, three heartbeats.
    package var isUp: Bool

    package init(heartbeat: WorkerHeartbeat, heardAt: Timestamp, now: Timestamp) {
        name = heartbeat.worker
        version = heartbeat.version
        slots = heartbeat.slots
        busy = heartbeat.busy
        startedAt = heartbeat.startedAt
        self.heardAt = heardAt
        isUp = (now - heardAt) < .seconds(90)
    }
}

/// Messages that wait in one queue.
package struct QueueView: Codable, Sendable, Equatable {
    package var name: String
    package var messages: Int
    package var consumers: Int

    package init(name: String, messages: Int, consumers: Int) {
        self.name = name
        self.messages = messages
        self.consumers = consumers
    }
}

/// What a restore would do, and the hash by which it is confirmed.
package struct RestorePlan: Codable, Sendable, Equatable {
    package var preview: RestorePreview
    /// Nil when it has problems: it would be refused.
    package var planHash: String?

    package init(preview: RestorePreview, planHash: String?) {
        self.preview = preview
        self.planHash = planHash
    }
}

/// A session that was started, or had been by the same key.
package struct StartedSession: Codable, Sendable, Equatable {
    package var session: SessionID

    package init(session: SessionID) {
        self.session = session
    }
}

/// Who the API takes the bearer of a token for.
package struct Identity: Codable, Sendable, Equatable {
    package var name: String
    package var roles: [Role]

    package init(_ actor: Actor) {
        name = actor.name
        roles = actor.roles.sorted { $0.rawValue < $1.rawValue }
    }
}

/// Whether all works together, for a banner.
package struct Health: Codable, Sendable, Equatable {
    /// Whether the Scheduler has a connection to the broker.
    package var broker: Bool
    /// Errors that keep manifests of the Scheduler's folder from being in force.
    package var manifestErrors: [String]
    package var workersUp: Int
    /// Repositories that workers could not reach when they last tried, `NAMESPACE/NAME`.
    package var repositoriesDown: [String]
    package var version: String

    package init(broker: Bool, manifestErrors: [String], workersUp: Int, repositoriesDown: [String], version: String) {
        self.broker = broker
        self.manifestErrors = manifestErrors
        self.workersUp = workersUp
        self.repositoriesDown = repositoriesDown
        self.version = version
    }
}
