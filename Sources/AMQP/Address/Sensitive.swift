/// A string that never prints itself.
package struct Sensitive: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package let value: String

    package init(_ value: String) {
        self.value = value
    }

    package var description: String { "<hidden>" }
    package var debugDescription: String { "<hidden>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
