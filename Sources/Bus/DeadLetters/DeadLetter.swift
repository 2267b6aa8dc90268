package import AMQP
import Crypto
import FoundationEssentials
import Messages
package import Runtime

/// A message that was given up: what it is, where it came from and why.
///
/// Two kinds lie in `sheaf.dead`: a program's, which says so in headers, and the broker's own (rejected, expired, handed out too often), whose
/// newest `x-death` tells.
package struct DeadLetter: Sendable, Equatable {
    /// The message's id, or a digest where there is none of letters, digits and `._/:-`, as Sheaf's own are. Two letters may share one.
    package let id: String
    /// When it was given up, else when it was written; nil: neither is known.
    package let time: Timestamp?
    package let type: String?
    package let session: String?
    /// The queue that it came from; nil: it was published here by somebody.
    package let origin: String?
    package let reason: String
    /// Failures that were handled before.
    package let attempt: Int
    /// Bytes of its body.
    package let size: Int
    /// By which it is to get into its queue again; nil: what is known of it does not bring it there.
    let route: Route?
    /// False where it was too large to be taken along, or to be read.
    package let hasBody: Bool

    struct Route: Sendable, Equatable {
        var exchange: String
        var routingKey: String
    }

    /// - Throws: `CryptoError` when no digest can be made.
    package init(_ delivery: Delivery) throws {
        let properties = delivery.properties
        id = try Self.id(of: delivery)
        type = properties.type
        session = properties.correlationID
        attempt = delivery.attempt
        let leftBehind = properties.headers[Envelope.Header.bodySize]?.integer.map { Int(clamping: max($0, 0)) }
        size = leftBehind ?? Int(clamping: delivery.bodySize)
        hasBody = !delivery.isTruncated && leftBehind == nil
        let written = properties.timestamp.map(Self.time)
        let lastError = properties.headers[Envelope.Header.lastError]?.string
        if let death = BrokerDeath(properties.headers["x-death"]) {
            origin = death.queue
            reason = [death.sentence, lastError.map { "the last error was: \($0)" }].compactMap { $0 }.joined(separator: "; ")
            time = death.time ?? written
            // The queue is the broker's word. Exchange and keys are not: it adds its own death to one that a sender has forged. What the
            // abort queue gives up loses its key; only those who may write commands reach that queue.
            let isKeyLost = death.queue == WorkQueue.abort.name
            route = Route(to: death.queue, key: isKeyLost ? death.routingKey ?? "" : delivery.routingKey)
        } else {
            let claimed = properties.headers[Envelope.Header.origin]?.string
            // Sheaf's programs alone publish under this key, and write what they know over what a sender wrote.
            origin = delivery.routingKey == claimed.map(Self.poisonKey) ? claimed : nil
            reason = lastError ?? "no reason was given"
            if case .timestamp(let date)? = properties.headers[Envelope.Header.givenUpAt] {
                time = Self.time(date)
            } else {
                time = written
            }
            route = origin.flatMap {
                Route(
                    to: $0, key: properties.headers[Envelope.Header.originKey]?.string ?? "",
                    by: properties.headers[Envelope.Header.originExchange]?.string ?? "")
            }
        }
    }

    /// The letter as the message that it was, on its way to its queue; nil with a reason where it cannot go back.
    ///
    /// Its key says what its sender may ask for, so it goes by an exchange that brings this key into its queue. Headers of the broker and of
    /// the dead letters are gone; the attempt is 1, so that nobody takes what may have happened already for fresh (docs/protocol.md).
    package func replay(_ delivery: Delivery) throws(ReplayRefusal) -> OutgoingMessage {
        guard let origin else {
            throw ReplayRefusal("it was published to \(Topology.dead) itself, and has no queue to go back to")
        }
        guard WorkQueue.allCases.contains(where: { $0.name == origin }) || origin == Topology.triggerQueue else {
            throw ReplayRefusal("it came from \(PoisonError.word(origin)), which holds no work; only drop it")
        }
        guard let route else {
            throw ReplayRefusal(
                "its exchange and key do not lead to its queue \(origin): somebody may have forged them; only drop it")
        }
        guard hasBody else {
            throw ReplayRefusal("its body of \(ByteCount(size)) was too large and is not here; only drop it")
        }
        var properties = delivery.properties.forwarded
        properties.headers = properties.headers.filter { !$0.key.hasPrefix("sheaf-") }
        properties.headers[Envelope.Header.attempt] = 1
        // A return is matched by its id.
        properties.messageID = properties.messageID ?? id
        return OutgoingMessage(
            exchange: route.exchange, routingKey: route.routingKey, properties: properties, body: delivery.body, mandatory: true)
    }

    static func poisonKey(of queue: String) -> String { "poison.\(queue)" }

    private static func id(of delivery: Delivery) throws -> String {
        if let id = delivery.properties.messageID, (1...120).contains(id.utf8.count), !id.hasPrefix("-"),
            id.utf8.allSatisfy({ byte in
                (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
                    || "._/:-".utf8.contains(byte)
            })
        {
            return id
        }
        var digest = try SHA256()
        try digest.update(Array("\(delivery.properties.messageID ?? "")\n\(delivery.properties.type ?? "")\n".utf8))
        try digest.update(delivery.body)
        return "sha256-\(try digest.finish().hex.prefix(16))"
    }

    private static func time(_ date: Date) -> Timestamp { Timestamp(secondsSinceEpoch: date.timeIntervalSince1970) }
}

extension DeadLetter.Route {
    /// By which a message of that key gets into that queue; nil: by none.
    ///
    /// - Parameter exchange: by which it is said to have come; nil: by whichever the topology knows.
    init?(to queue: String, key: String, by exchange: String? = nil) {
        // Published to the queue itself, which only programs and the administrator may.
        if key == queue, (exchange ?? "").isEmpty {
            self.init(exchange: "", routingKey: queue)
            return
        }
        let bindings = Topology(schedulers: []).bindings.filter { $0.queue == queue && $0.exchange == exchange ?? $0.exchange }
        guard let binding = bindings.first(where: { TopicPattern($0.key).matches(key) }) else { return nil }
        // Sent to the dead letters again it would only be another letter.
        self =
            binding.exchange == Topology.dead
            ? Self(exchange: "", routingKey: queue) : Self(exchange: binding.exchange, routingKey: key)
    }
}

/// Why a letter cannot go back.
package struct ReplayRefusal: Error, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// The newest entry of `x-death`. The broker writes queue, reason and time; exchange and keys a sender may have written.
private struct BrokerDeath {
    let queue: String
    let routingKey: String?
    let time: Timestamp?
    private let reason: String

    init?(_ header: HeaderValue?) {
        guard case .array(let deaths)? = header, case .table(let death)? = deaths.first, let queue = death["queue"]?.string else {
            return nil
        }
        self.queue = queue
        reason = death["reason"]?.string ?? "unknown"
        if case .array(let keys)? = death["routing-keys"] { routingKey = keys.first?.string } else { routingKey = nil }
        if case .timestamp(let date)? = death["time"] {
            time = Timestamp(secondsSinceEpoch: date.timeIntervalSince1970)
        } else {
            time = nil
        }
    }

    var sentence: String {
        switch reason {
        case "delivery_limit": "handed out again and again and never finished (delivery_limit)"
        case "expired": "nobody took it in time (expired)"
        case "rejected": "refused by a reader (rejected)"
        default: "given up by the broker (\(PoisonError.word(reason)))"
        }
    }
}
