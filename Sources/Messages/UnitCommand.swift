/// Where in a session a unit stands: a slice's next minutes.
package struct UnitPosition: Codable, Sendable, Hashable {
    /// Index into the plan's slices.
    package var slice: Int
    /// Number of the slice's point in time, from 0. Always 0 in a restore.
    package var epoch: Int
    /// Number of the unit within its slice and epoch, from 0.
    package var number: Int
    /// Where the unit before it ended; nil at the slice's begin. Raw text that only its reader understands.
    package var cursor: String?

    package init(slice: Int, epoch: Int, number: Int, cursor: String? = nil) {
        self.slice = slice
        self.epoch = epoch
        self.number = number
        self.cursor = cursor
    }

    /// Bounds that no real session reaches: messages come from outside.
    package var isPlausible: Bool {
        (0..<1_000_000).contains(slice) && (0...100).contains(epoch) && (0..<1_000_000).contains(number)
    }
}

/// Asks a worker for one unit of a session.
package struct UnitCommand: Codable, Sendable, Equatable {
    package var session: SessionCommand
    /// The repository that the session began in. A worker that opens another one under the same address refuses the unit.
    package var repositoryID: RepositoryID
    package var position: UnitPosition

    package init(session: SessionCommand, repositoryID: RepositoryID, position: UnitPosition) {
        self.session = session
        self.repositoryID = repositoryID
        self.position = position
    }
}
