import AMQP
import Bus
import Foundation
import Messages
import Runtime
import Testing

/// A system that is not Sheaf's: it publishes JSON of its own making and has a queue for answers.
final class OutsideSystem: Sendable {
    let name: String
    /// Where its answers go.
    let queue: String
    let answers = Feed<Tap.Message>()
    private let connection: BrokerConnection
    private let reader: Task<Void, any Error>

    init(_ name: String) async throws {
        self.name = name
        let connection = try await Broker.open("sheaf-e2e \(name)")
        let queue = "\(name).\(UInt64.random(in: 0 ... .max))"
        try await connection.declareQueue(queue, durable: false, exclusive: true, autoDelete: true)
        let consumer = try await connection.consume(queue: queue, prefetch: 100)
        (self.connection, self.queue) = (connection, queue)
        reader = Task { [answers] in
            defer { answers.finish() }
            for try await delivery in consumer {
                answers.append(Tap.Message(delivery))
                try await delivery.ack()
            }
        }
    }

    /// Publishes one event with the fewest attributes and properties that the contract allows.
    ///
    /// - Parameters:
    ///   - property: whether the AMQP property `type` is set too.
    ///   - replyTo: where answers are to go; nil asks for none.
    /// - Returns: the event's id.
    @discardableResult func publish(
        _ type: MessageType, _ data: JSONValue, to exchange: String, key: String, replyTo: String?,
        id: String = UUID().uuidString,
        property: Bool = true
    ) async throws -> String {
        let event: JSONValue = [
            "specversion": "1.0", "id": .string(id), "source": .string("/\(name)"), "type": .string(type.rawValue), "data": data,
        ]
        let properties = MessageProperties(
            contentType: "application/cloudevents+json", replyTo: replyTo, type: property ? type.rawValue : nil)
        try await connection.publish(
            OutgoingMessage(
                exchange: exchange, routingKey: key, properties: properties, body: event.serializedBytes(), mandatory: true))
        return id
    }

    /// Publishes a request and waits for its answer.
    func ask(
        _ type: MessageType, _ data: JSONValue, to exchange: String = Topology.trigger, key: String, property: Bool = true
    ) async throws -> Reply {
        let id = try await publish(type, data, to: exchange, key: key, replyTo: queue, property: property)
        let answer = try await answers.first("the answer to \(key)", within: .seconds(30)) {
            $0.event(.reply, Reply.self) != nil && $0.properties.messageID == "\(id)/reply"
        }
        return try #require(answer.event(.reply, Reply.self))
    }

    /// Asks for a backup of a plan.
    func triggerBackup(_ plan: String, idempotencyKey: String? = nil, property: Bool = true) async throws -> Reply {
        try await ask(
            .trigger, Self.backup(plan, idempotencyKey: idempotencyKey), key: "trigger.backup.\(plan)", property: property)
    }

    static func backup(_ plan: String, idempotencyKey: String? = nil) -> JSONValue {
        var trigger: JSONValue = ["subject": ["backup": ["namespace": "default", "name": .string(plan)]]]
        if let idempotencyKey { trigger["idempotencyKey"] = .string(idempotencyKey) }
        return trigger
    }

    func close() async {
        reader.cancel()
        await connection.close()
    }
}

extension Reply {
    /// The session of an answer that accepts; nil for all others.
    var acceptedSession: SessionID? {
        if case .accepted(let session) = self { session } else { nil }
    }
}

extension Tap {
    /// The final status of a session.
    func end(of session: SessionID) async throws -> StatusEvent {
        let message = try await messages.first("the end of session \(session)", within: .seconds(60)) {
            $0.status?.session == session && $0.status?.phase.isFinal == true
        }
        return try #require(message.status)
    }
}

extension Tap.Message {
    init(_ delivery: Delivery) {
        self.init(
            exchange: delivery.exchange, key: delivery.routingKey, properties: delivery.properties, body: delivery.body)
    }

    /// One line for `scripts/contract check`: properties and headers under the names of docs/asyncapi.yaml.
    var contractLine: String {
        var members: JSONValue = ["deliveryMode": JSONValue(properties.deliveryMode.rawValue)]
        for (name, text) in [
            ("contentType", properties.contentType), ("messageId", properties.messageID),
            ("correlationId", properties.correlationID),
            ("type", properties.type), ("replyTo", properties.replyTo), ("appId", properties.appID),
            ("expiration", properties.expiration), ("contentEncoding", properties.contentEncoding), ("userId", properties.userID),
        ] {
            if let text { members[name] = .string(text) }
        }
        if let priority = properties.priority { members["priority"] = JSONValue(priority) }
        if let timestamp = properties.timestamp { members["timestamp"] = JSONValue(Int(timestamp.timeIntervalSince1970)) }
        for (name, value) in properties.headers {
            switch value {
            case .integer(let number): members[name] = JSONValue(number)
            case .timestamp(let date): members[name] = JSONValue(Int(date.timeIntervalSince1970))
            default: members[name] = .string(value.string ?? "")
            }
        }
        let line: JSONValue = [
            "exchange": .string(exchange), "key": .string(key), "properties": members,
            "body": .string(String(decoding: body, as: UTF8.self)),
        ]
        return line.serialized()
    }
}
