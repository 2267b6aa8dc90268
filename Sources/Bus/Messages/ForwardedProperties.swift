import AMQP

extension MessageProperties {
    /// Bytes of headers that are passed on; a broker takes a frame of them (128 KiB), and Sheaf adds its own.
    private static let maximumHeaderBytes = 32 << 10

    /// These properties for the same message published again by another user: as a retry, among the dead letters, or back from there.
    ///
    /// Whatever a sender wrote, the broker takes them: its own headers (`x-…`) and the sender's user go, too many headers too, and names
    /// that were not UTF-8 fit again. So do `CC` and `BCC`, which name more keys: they would be used with the rights of whoever passes on.
    var forwarded: MessageProperties {
        var forwarded = self
        forwarded.contentType = contentType?.shortened
        forwarded.contentEncoding = contentEncoding?.shortened
        forwarded.messageID = messageID?.shortened
        forwarded.correlationID = correlationID?.shortened
        forwarded.type = type?.shortened
        forwarded.appID = appID?.shortened
        forwarded.replyTo = replyTo.flatMap { $0.utf8.count <= 255 ? $0 : nil }
        forwarded.expiration = nil
        // The broker refuses a publish under another user's name.
        forwarded.userID = nil
        forwarded.deliveryMode = .persistent
        forwarded.headers = headers.filter {
            !$0.key.hasPrefix("x-") && !["CC", "BCC"].contains($0.key) && $0.key.utf8.count <= 255
        }
        if forwarded.headers.reduce(0, { $0 + $1.key.utf8.count + $1.value.estimatedBytes }) > Self.maximumHeaderBytes {
            forwarded.headers = forwarded.headers.filter { $0.key == Envelope.Header.attempt }
        }
        return forwarded
    }
}

extension HeaderValue {
    /// About what it takes on the wire, for bounds.
    var estimatedBytes: Int {
        switch self {
        case .string(let text): text.utf8.count + 5
        case .bytes(let bytes): bytes.count + 5
        case .array(let values): values.reduce(5) { $0 + $1.estimatedBytes }
        case .table(let table): table.reduce(5) { $0 + $1.key.utf8.count + $1.value.estimatedBytes }
        case .bool, .integer, .double, .decimal, .timestamp, .null: 9
        }
    }
}

extension String {
    /// At most 255 bytes, which is all that a key or a property of AMQP holds. Text that was no UTF-8 on the wire is longer here.
    var shortened: String {
        guard utf8.count > 255 else { return self }
        var end = utf8.index(startIndex, offsetBy: 255)
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
