package import Messages

/// A resource as a manifest declares it: the value, where it stands, and the document it was read from.
package struct Declared<Value: Resource>: Sendable {
    package var value: Value
    package var place: SourcePlace
    /// The whole document, with the fields that Sheaf does not know. What is secret in it is replaced by `<secret>`.
    package var source: YAMLNode
    /// What it was made of; nil for what somebody wrote.
    package var blueprint: ResourceKey?

    init(_ value: Value, source: YAMLNode) {
        self.value = value
        self.place = source.place
        self.source = source
    }
}

/// A document of a kind that Sheaf does not handle.
package struct UnhandledResource: Sendable {
    package var apiVersion: String
    package var kind: String
    package var name: String?
    package var source: YAMLNode
}

/// A resource that was not made, since something in its manifest is wrong.
///
/// What is in it is not kept: the very field that is wrong may hold a password, as a URL does.
package struct RefusedResource: Sendable {
    package var key: ResourceKey
    package var complaints: [FieldComplaint]
}
