/// A string that never prints itself: a password, a token, a key.
///
/// Interpolation, `print`, `dump`, mirrors and log metadata show `***`. It is not `Encodable`, so no document can hold
/// it by accident; who needs the text says so with `reveal()`.
package struct Sensitive: Sendable {
    private let text: String

    package init(_ text: String) {
        self.text = text
    }

    /// The text itself. Never log it, never put it in an error or a URL that is shown.
    package func reveal() -> String { text }

    package var isEmpty: Bool { text.isEmpty }
}

extension Sensitive: Equatable {
    /// Takes as long for a near miss as for any other text of that length.
    package static func == (left: Sensitive, right: Sensitive) -> Bool {
        guard left.text.utf8.count == right.text.utf8.count else { return false }
        return zip(left.text.utf8, right.text.utf8).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

extension Sensitive: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "***" }
    package var debugDescription: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
