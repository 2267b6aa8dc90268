package import AMQP
import FoundationEssentials
package import Messages
package import Runtime

/// Puts payloads into CloudEvents and AMQP messages, all alike: persistent, with the properties of docs/protocol.md.
package struct Envelope: Sendable {
    /// Headers of Sheaf's own. After a retry queue the broker's counts start again, so the attempt travels here.
    package enum Header {
        package static let attempt = "sheaf-attempt"
        package static let lastError = "sheaf-last-error"
        /// Retries: the session is decided, and what is left to do is to finish it.
        package static let decided = "sheaf-decided"
        /// Dead letters: the queue that the message came from, and the exchange and key by which it got there.
        package static let origin = "sheaf-origin"
        package static let originExchange = "sheaf-origin-exchange"
        package static let originKey = "sheaf-origin-key"
        /// Dead letters: when it was given up.
        package static let givenUpAt = "sheaf-given-up-at"
        /// Dead letters whose body was too large to be taken along: its bytes.
        package static let bodySize = "sheaf-body-size"
    }

    /// The program that writes, as a CloudEvents source: `/sheaf/worker/w1`.
    package let source: String
    package let appID: String

    package init(source: String, appID: String) {
        self.source = source
        self.appID = appID
    }

    /// - Parameters:
    ///   - id: the same for the same content, so that receivers can drop repetitions.
    ///   - mandatory: whether it is an error that nobody takes the message.
    package func message(
        _ type: MessageType, id: String, session: SessionID?, payload: some Codable & Sendable, to exchange: String, key: String,
        mandatory: Bool, replyTo: String? = nil, attempt: Int = 0, now: Timestamp = .now()
    ) throws -> OutgoingMessage {
        let event = CloudEvent(id: id, source: source, type: type, subject: session?.text, time: now, data: payload)
        var headers: HeaderTable = [:]
        if attempt > 0 { headers[Header.attempt] = .integer(Int64(attempt)) }
        let properties = MessageProperties(
            contentType: CloudEvent<String>.contentType, messageID: id, correlationID: session?.text, replyTo: replyTo,
            type: type.rawValue, timestamp: Date(timeIntervalSince1970: now.secondsSinceEpoch.rounded(.down)), appID: appID,
            headers: headers)
        return OutgoingMessage(
            exchange: exchange, routingKey: key, properties: properties, body: try MessageCoding.encode(event),
            mandatory: mandatory)
    }

    /// The same message again after a delay: it waits in a retry queue and expires back into the command exchange.
    ///
    /// - Parameters:
    ///   - key: the key under which it comes back; nil: its own.
    ///   - delay: upper bound in seconds; nil: the ladder's step. The message waits between half of it and all of it.
    ///   - deadline: seconds until the session's end, which the message does not wait beyond; once it has passed it says nothing more.
    ///   - isDecided: the message says so when it comes back, even to a worker that cannot read the journal.
    package func retry(
        _ delivery: Delivery, key: String? = nil, attempt: Int, error: String, delay: Double?, deadline: Double? = nil,
        isDecided: Bool = false, using generator: inout some RandomNumberGenerator
    ) -> OutgoingMessage {
        let step = RetryStep.after(attempt: attempt)
        let bound = min(delay ?? Double(step.seconds), Double(step.seconds))
        var seconds = Double.random(in: (bound / 2)...bound, using: &generator)
        // A little behind the deadline, so that whoever gets it finds it passed.
        if let deadline, deadline > 0 { seconds = min(seconds, deadline + 0.5) }
        var properties = delivery.properties.forwarded
        properties.headers[Header.attempt] = .integer(Int64(attempt))
        properties.headers[Header.lastError] = .string(String(error.prefix(1000)))
        if isDecided { properties.headers[Header.decided] = .bool(true) }
        properties.expiration = String(Int(seconds * 1000))
        return OutgoingMessage(
            exchange: RetryStep.holding(seconds).exchange, routingKey: key ?? delivery.routingKey.shortened,
            properties: properties,
            body: delivery.body, mandatory: true)
    }

    /// The same message among the dead letters, with the reason; without its body where that was too large to be taken.
    package func deadLetter(_ delivery: Delivery, reason: String, now: Timestamp = .now()) -> OutgoingMessage {
        var properties = delivery.properties.forwarded
        properties.headers[Header.attempt] = .integer(Int64(delivery.attempt))
        properties.headers[Header.lastError] = .string(String(reason.prefix(1000)))
        properties.headers[Header.origin] = .string(delivery.queue)
        properties.headers[Header.originExchange] = .string(delivery.exchange.shortened)
        properties.headers[Header.originKey] = .string(delivery.routingKey.shortened)
        properties.headers[Header.givenUpAt] = .timestamp(Date(timeIntervalSince1970: now.secondsSinceEpoch.rounded(.down)))
        properties.headers[Header.bodySize] = delivery.isTruncated ? .integer(Int64(clamping: delivery.bodySize)) : nil
        properties.expiration = nil
        return OutgoingMessage(
            exchange: Topology.dead, routingKey: DeadLetter.poisonKey(of: delivery.queue), properties: properties,
            body: delivery.body,
            mandatory: true)
    }
}

extension RetryStep {
    /// The queue for a message that waits so many seconds. The shortest that can hold it, since a queue expires at its head alone: a short
    /// wait never stands behind a much longer one.
    fileprivate static func holding(_ seconds: Double) -> RetryStep {
        allCases.first { Double($0.seconds) >= seconds } ?? .twoHours
    }
}

extension Delivery {
    /// Whoever sent the message to be tried again knew of the session's outcome.
    package var isDecided: Bool { properties.headers[Envelope.Header.decided] == .bool(true) }

    /// Handled failures before this delivery; 0 the first time.
    ///
    /// Held within 0...1000, since anybody may write the header.
    package var attempt: Int { Int(min(max(properties.headers[Envelope.Header.attempt]?.integer ?? 0, 0), 1000)) }

    /// What the message is: its property `type`, or the event's own, for clients that cannot set the property. Nil for neither.
    package var messageType: MessageType? {
        if let type = properties.type { return MessageType(rawValue: type) }
        guard body.count <= PoisonError.maximumEvent else { return nil }
        // No event at all: whoever then reads it says so.
        return (try? MessageCoding.decode(TypeAlone.self, from: body)).flatMap { MessageType(rawValue: $0.type) }
    }

    private struct TypeAlone: Decodable {
        var type: String
    }

    /// Whether answers may go to a queue: those of Sheaf's own would take them for work.
    package static func mayAnswer(to queue: String) -> Bool { !queue.hasPrefix("sheaf.") || queue.hasPrefix("sheaf.reply.") }

    /// Where to answer.
    ///
    /// - Throws: `PoisonError` for a queue of Sheaf's own: an answer there would be taken for work.
    package func replyTo() throws(PoisonError) -> String? {
        guard let name = properties.replyTo, !name.isEmpty else { return nil }
        guard Self.mayAnswer(to: name) else {
            throw PoisonError(
                "reply_to \(PoisonError.word(name)) is a queue of Sheaf's own; name a queue of yours or one of sheaf.reply.*")
        }
        return name
    }

    /// The broker's permissions are on keys: a message under another key than that of what it asks for would go around them.
    ///
    /// So would one through a dead-letter exchange, where the broker asks for no right on the key.
    /// - Throws: `PoisonError` for another key, for what the broker has moved here, and for what was handed out ten times in vain: the broker,
    ///   which makes no letters of what outsiders send, would drop it after twenty.
    package func requireKey(_ key: String) throws(PoisonError) {
        guard deliveryCount ?? 0 < 10 else { throw PoisonError("the message was handed out again and again and never finished") }
        guard properties.headers["x-death"] == nil else {
            throw PoisonError("the message came through a dead-letter exchange; publish it to \(Topology.trigger) itself")
        }
        guard routingKey == key else {
            throw PoisonError("the message came under the key \(PoisonError.word(routingKey)); its content belongs under another")
        }
    }

    /// Nothing of this delivery can have happened before: neither did the broker hand it out already, nor is it a retry, nor did it
    /// come through a dead-letter exchange, where the broker counts its deliveries anew.
    package var isFresh: Bool { !isRedelivered && attempt == 0 && properties.headers["x-death"] == nil }

    /// The event in the body.
    ///
    /// - Throws: `PoisonError` for what no repetition makes readable: another content type, another major version, broken or hostile JSON.
    package func event<Payload: Codable & Sendable>(
        _ payload: Payload.Type, types: Set<MessageType>, maximumBytes: Int = PoisonError.maximumCommand
    ) throws(PoisonError) -> CloudEvent<Payload> {
        guard properties.contentType?.hasPrefix(CloudEvent<Payload>.contentType) == true else {
            throw PoisonError(
                "content type is \(properties.contentType.map(PoisonError.word) ?? "absent"), expected \(CloudEvent<Payload>.contentType)"
            )
        }
        guard !isTruncated, bodySize <= maximumBytes else {
            throw PoisonError("the body has \(bodySize) bytes, at most \(min(maximumBytes, maximumBodySize)) are read")
        }
        do {
            try StrictJSON.check(body)
            let event = try MessageCoding.decode(CloudEvent<Payload>.self, from: body)
            guard let type = MessageType(rawValue: event.type), types.contains(type) else {
                throw PoisonError(
                    "type is \(PoisonError.word(event.type)), expected \(types.map(\.rawValue).sorted().joined(separator: " or "))"
                )
            }
            return event
        } catch let error as PoisonError {
            throw error
        } catch {
            throw PoisonError("the body is not the JSON of such a message: \(StrictJSON.complaint(error))")
        }
    }
}
