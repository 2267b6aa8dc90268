package import Runtime

/// Some of the sessions that a repository remembers: the answer to a query for `finals`.
package struct FinalsPage: Codable, Sendable, Equatable {
    /// A session that has begun and not come to its end.
    package struct Begun: Codable, Sendable, Equatable {
        /// Its message, so that it can be rescued and cancelled.
        package var command: SessionCommand
        package var startedAt: Timestamp

        package init(command: SessionCommand, startedAt: Timestamp) {
            self.command = command
            self.startedAt = startedAt
        }
    }

    /// The final events as they were announced, of the newest session first.
    package var statuses: [StatusEvent]
    /// Those that go on. Those that have no outcome come after all that have one.
    package var begun: [Begun]
    /// What to ask for the next page with; nil: this was the last.
    package var next: String?
    /// A sentence for each entry that cannot be told.
    package var damages: [String]

    package init(statuses: [StatusEvent] = [], begun: [Begun] = [], next: String? = nil, damages: [String] = []) {
        self.statuses = statuses
        self.begun = begun
        self.next = next
        self.damages = damages
    }
}
