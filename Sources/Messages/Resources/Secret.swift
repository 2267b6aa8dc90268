import FoundationEssentials
package import Runtime

/// Named values that must stay on this machine: passwords, keys, certificates.
///
/// Not Encodable, so that no message can carry one, and not Decodable, so that none is taken from a message.
package struct Secret: Resource {
    package static let kind = ResourceKind.secret
    package var metadata: ObjectMeta
    /// `Opaque` when a manifest leaves it out; kept, not used.
    package var type: String?
    private var values: [String: SecretValue]

    package init(metadata: ObjectMeta, values: [String: SecretValue], type: String? = nil) {
        self.metadata = metadata
        self.type = type
        self.values = values
    }

    package subscript(key: String) -> SecretValue? {
        get { values[key] }
        set { values[key] = newValue }
    }

    /// The names of the values, sorted.
    package var keys: [String] { values.keys.sorted() }
}

extension Secret: CustomStringConvertible, CustomReflectable {
    package var description: String { "\(key) (\(keys.joined(separator: ", ")))" }

    package var customMirror: Mirror { Mirror(self, children: ["key": "\(key)", "keys": keys]) }
}

/// One value of a Secret: bytes that no description, dump or interpolation shows.
package struct SecretValue: Sendable, Hashable {
    /// For the one place that hands the value to a library.
    package let exposedBytes: [UInt8]

    package init(_ bytes: some Sequence<UInt8>) { exposedBytes = Array(bytes) }

    package init(_ text: String) { exposedBytes = Array(text.utf8) }

    /// Nil when the text is not base64, blanks and line ends aside.
    package init?(base64 text: String) {
        let compact = String(text.filter { !$0.isWhitespace })
        guard let decoded = Data(base64Encoded: compact) else { return nil }
        exposedBytes = Array(decoded)
    }

    /// The value as text, for the one place that hands it to a library; nil when it is not UTF-8.
    package var exposedText: String? { String(validating: exposedBytes, as: UTF8.self) }

    /// The value as text that never prints itself; nil when it is not UTF-8.
    package var text: Sensitive? { exposedText.map { Sensitive($0) } }
}

extension SecretValue: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<secret>" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
