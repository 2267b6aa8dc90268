/// A message that cannot be understood, now or later.
///
/// Its text is logged, so it holds nothing of a message's content, and of what surrounds it only short plain words.
package struct PoisonError: Error, Sendable, CustomStringConvertible {
    /// Bytes of a command or a query: they come from anybody.
    package static let maximumCommand = 1 << 20
    /// Bytes of a session's message, so that its units, which carry it, are commands that can be read.
    package static let maximumSession = maximumCommand - (16 << 10)
    /// Bytes of an event or an answer: they name every index of a session.
    package static let maximumEvent = 16 << 20
    /// Bytes beyond those that a body is taken into memory for, only to become a dead letter with its reason. What is larger still the broker
    /// makes a dead letter, which can give no reason.
    package static let margin = 3 << 20

    package let message: String

    package init(_ message: String) { self.message = message }

    package var description: String { message }

    /// A word that somebody else wrote, as it may stand in a log: at most 120 letters, digits and `.-_/+;=#*: `, else a remark.
    package static func word(_ text: String) -> String {
        let isPlain =
            text.utf8.count <= 120
            && text.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
                    || ".-_/+;=#*: ".utf8.contains(byte)
            }
        return isPlain ? text : "(\(text.utf8.count) bytes that are no plain word)"
    }
}
