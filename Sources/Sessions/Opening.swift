package import Messages
import Runtime

/// What begins a session: its message, and the digest that tells it from another request under the same id.
package struct Opening: Sendable, Equatable {
    package let command: SessionCommand
    /// SHA-256 of `command.request` as it travels, in hexadecimal.
    package let digest: String

    package init(_ command: SessionCommand, digest: String) {
        self.command = command
        self.digest = digest
    }

    func begin(nonce: String, now: Timestamp) -> BeginEntry {
        BeginEntry(
            nonce: nonce, digest: digest, startedAt: now, deadline: now + .seconds(command.allowedSeconds), command: command)
    }
}
