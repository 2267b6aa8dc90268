import FoundationEssentials
package import Runtime

/// What a message is about, as its CloudEvents `type` and its AMQP `type` property say. The number at the end is the major version.
package enum MessageType: String, Sendable, CaseIterable {
    case backupSession = "dev.sheaf.session.backup.v1"
    case restoreSession = "dev.sheaf.session.restore.v1"
    case unit = "dev.sheaf.unit.v1"
    case status = "dev.sheaf.session.status.v1"
    case progress = "dev.sheaf.unit.progress.v1"
    case metric = "dev.sheaf.metric.v1"
    case repository = "dev.sheaf.repository.v1"
    case heartbeat = "dev.sheaf.worker.heartbeat.v1"
    case trigger = "dev.sheaf.trigger.v1"
    case cancel = "dev.sheaf.session.cancel.v1"
    case control = "dev.sheaf.control.v1"
    case apply = "dev.sheaf.apply.v1"
    case query = "dev.sheaf.query.v1"
    case reply = "dev.sheaf.reply.v1"
}

/// A CloudEvents 1.0 envelope in structured JSON mode (`application/cloudevents+json`): all that travels between Sheaf's programs.
///
/// Unknown attributes are ignored, as the CloudEvents specification asks.
package struct CloudEvent<Payload: Codable & Sendable>: Codable, Sendable {
    package static var contentType: String { "application/cloudevents+json" }

    package var specversion = "1.0"
    /// Unique within `source`; a receiver drops what it has seen.
    package var id: String
    /// A URI reference to the program that wrote it, for example `/sheaf/worker/w1`.
    package var source: String
    package var type: String
    /// The session id, where there is one.
    package var subject: String?
    package var time: Timestamp
    package var datacontenttype = "application/json"
    package var data: Payload

    package init(id: String, source: String, type: MessageType, subject: String?, time: Timestamp, data: Payload) {
        self.id = id
        self.source = source
        self.type = type.rawValue
        self.subject = subject
        self.time = time
        self.data = data
    }

    /// Outsiders may leave out what the specification makes optional; an event without `time` is taken as of now.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        specversion = try container.decode(String.self, forKey: .specversion)
        guard specversion.hasPrefix("1.") else {
            throw DecodingError.dataCorruptedError(
                forKey: .specversion, in: container, debugDescription: "specversion \(specversion) is not understood; send 1.0")
        }
        id = try container.decode(String.self, forKey: .id)
        source = try container.decode(String.self, forKey: .source)
        type = try container.decode(String.self, forKey: .type)
        subject = try container.decodeIfPresent(String.self, forKey: .subject)
        time = try container.decodeIfPresent(Timestamp.self, forKey: .time) ?? .now()
        datacontenttype = try container.decodeIfPresent(String.self, forKey: .datacontenttype) ?? datacontenttype
        data = try container.decode(Payload.self, forKey: .data)
    }
}
