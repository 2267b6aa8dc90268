package import Messages
import Runtime

/// What begins a session: its message, and the digest that tells it from another request under the same id.
package struct Opening: Sendable, Equatable {
    package let command: SessionCommand
    /// SHA-256 of `command.request` as it travels, in hexadecimal.
    package let digest: String
    /// Where the session's message asks for answers; nil where it does not, or where another message opens the session to end it.
    package let replyTo: String?

    package init(_ command: SessionCommand, digest: String, replyTo: String? = nil) {
        self.command = command
        self.digest = digest
        self.replyTo = replyTo
    }

    func begin(nonce: String, now: Timestamp) -> BeginEntry {
        BeginEntry(
            nonce: nonce, digest: digest, startedAt: now, deadline: now + .seconds(command.allowedSeconds), command: command,
            replyTo: replyTo)
    }
}
