package import Archive
import Elasticsearch
import Runtime

/// What one worker process is told when it starts.
package struct WorkerSettings: Sendable {
    /// Names the worker in events and parts; unique among the workers of a broker.
    package var name: String
    /// The program's, told in heartbeats.
    package var version = ""
    /// Units of backups at work at once; restores have as many of their own.
    package var slots = 2
    /// A unit ends at the first page after this many seconds or bytes of documents, whichever comes first.
    package var unitSeconds = 120.0
    package var unitBytes = 8 << 30
    /// Slices of one session that may be at work at once.
    package var window = 16
    /// Times that a message is tried before its session is aborted, the first included.
    package var attempts = 5
    /// Upper bound of a retry's delay in seconds, of a message and of a request to the engine; nil: for messages the ladder of the
    /// topology (10 s, 1 min, 5 min …), for requests up to 20 s.
    package var retryDelay: Double?
    /// Stop as soon as no message waits and none is in hand, instead of waiting for more: for autoscalers that start workers by the length
    /// of a queue.
    package var stopsWhenIdle = false
    /// The grace of the garbage collection that follows backups whose retention policy has `prune`.
    package var collectionGrace = Duration.seconds(86_400)
    package var segments = SegmentSettings()
    /// The folder whose files this worker runs as hooks; nil: none.
    package var hooks: String?
    /// A hook is stopped after it.
    package var hookLimit = Duration.seconds(600)

    package init(name: String) { self.name = name }

    /// How one request to the engine is repeated before its message is.
    var requestRetries: RetryPolicy {
        var policy = RetryPolicy()
        if let retryDelay { policy.backoff.cap = min(policy.backoff.cap, .seconds(retryDelay)) }
        return policy
    }
}
