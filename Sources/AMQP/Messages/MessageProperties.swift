package import FoundationEssentials

/// What travels beside a message's body (AMQP 0-9-1 class basic).
package struct MessageProperties: Sendable, Hashable {
    package enum DeliveryMode: UInt8, Sendable {
        case transient = 1
        case persistent = 2
    }

    package var contentType: String?
    package var contentEncoding: String?
    package var messageID: String?
    package var correlationID: String?
    package var replyTo: String?
    package var type: String?
    /// Whole seconds on the wire.
    package var timestamp: Date?
    package var appID: String?
    /// The broker refuses the publish unless this is the connection's own user.
    package var userID: String?
    /// Milliseconds after which a queue may drop or dead-letter the message, in decimal digits.
    package var expiration: String?
    package var deliveryMode: DeliveryMode
    package var priority: UInt8?
    package var headers: HeaderTable

    package init(
        contentType: String? = nil, contentEncoding: String? = nil, messageID: String? = nil, correlationID: String? = nil,
        replyTo: String? = nil, type: String? = nil, timestamp: Date? = nil, appID: String? = nil, userID: String? = nil,
        expiration: String? = nil, deliveryMode: DeliveryMode = .persistent, priority: UInt8? = nil,
        headers: HeaderTable = [:]
    ) {
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.messageID = messageID
        self.correlationID = correlationID
        self.replyTo = replyTo
        self.type = type
        self.timestamp = timestamp
        self.appID = appID
        self.userID = userID
        self.expiration = expiration
        self.deliveryMode = deliveryMode
        self.priority = priority
        self.headers = headers
    }
}
