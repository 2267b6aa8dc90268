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
    /// The message's id, or a digest where there is none that can be typed. Two letters may share one.
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
    /// By which it got into its queue.
    let exchange: String?
    let routingKey: String?

    /// - Throws: `CryptoError` when no digest can be made.
    package init(_ delivery: Delivery) throws {
        let properties = delivery.properties
        id = try Self.id(of: delivery)
        type = properties.type
        session = properties.correlationID
        attempt = delivery.attempt
        size = delivery.body.count
        let written = properties.timestamp.map(Self.time)
        let lastError = properties.headers[Envelope.Header.lastError]?.string
        if let death = BrokerDeath(properties.headers["x-death"]) {
            origin = death.queue
            reason = [death.sentence, lastError.map { "the last error was: \($0)" }].compactMap { $0 }.joined(separator: "; ")
            time = death.time ?? written
            exchange = death.exchange
            routingKey = death.routingKey
        } else {
            origin = properties.headers[Envelope.Header.origin]?.string
            reason = lastError ?? "no reason was given"
            if case .timestamp(let date)? = properties.headers[Envelope.Header.givenUpAt] {
                time = Self.time(date)
            } else {
                time = written
            }
            exchange = properties.headers[Envelope.Header.originExchange]?.string
            routingKey = properties.headers[Envelope.Header.originKey]?.string
        }
    }

    /// The letter as the message that it was, on its way to its queue; nil with a reason where it cannot go back.
    ///
    /// Its key says what its sender may ask for, so it goes by its own exchange and key where they are known. Headers of the broker and of the
    /// dead letters are gone; the attempt is 1, so that nobody takes what may have happened already for fresh (docs/protocol.md).
    package func replay(_ delivery: Delivery) throws(ReplayRefusal) -> OutgoingMessage {
        guard let origin else {
            throw ReplayRefusal("it was published to \(Topology.dead) itself, and has no queue to go back to")
        }
        guard WorkQueue.allCases.contains(where: { $0.name == origin }) || origin == Topology.triggerQueue else {
            throw ReplayRefusal("it came from \(PoisonError.word(origin)), which holds no work; only drop it")
        }
        var properties = delivery.properties.forwarded
        properties.headers = properties.headers.filter { !$0.key.hasPrefix("sheaf-") }
        properties.headers[Envelope.Header.attempt] = 1
        // A return is matched by its id.
        properties.messageID = properties.messageID ?? id
        let isKnown = [Topology.command, Topology.trigger].contains(exchange) && routingKey != nil
        return OutgoingMessage(
            exchange: isKnown ? exchange ?? "" : "", routingKey: isKnown ? routingKey ?? origin : origin, properties: properties,
            body: delivery.body, mandatory: true)
    }

    private static func id(of delivery: Delivery) throws -> String {
        if let id = delivery.properties.messageID, (1...120).contains(id.utf8.count),
            id.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
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

/// Why a letter cannot go back.
package struct ReplayRefusal: Error, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// The newest entry of `x-death`, which the broker writes.
private struct BrokerDeath {
    let queue: String
    let exchange: String?
    let routingKey: String?
    let time: Timestamp?
    private let reason: String

    init?(_ header: HeaderValue?) {
        guard case .array(let deaths)? = header, case .table(let death)? = deaths.first, let queue = death["queue"]?.string else {
            return nil
        }
        self.queue = queue
        exchange = death["exchange"]?.string
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
