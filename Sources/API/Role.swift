/// What the bearer of a token may do. docs/api.md has the table.
package enum Role: String, Codable, Sendable, Hashable, CaseIterable {
    /// Reads all that the API shows.
    case viewer
    /// Runs backups, pauses and resumes plans, cancels sessions.
    case `operator`
    /// Plans, runs and cancels restores.
    case restorer
    /// All, and writes resources.
    case admin
}

/// Who asks, by a token: its name and roles.
package struct Actor: Sendable, Equatable {
    package let name: String
    package let roles: Set<Role>

    package init(name: String, roles: Set<Role>) {
        self.name = name
        self.roles = roles
    }

    /// Every token may read; an admin may do everything.
    package func may(_ role: Role) -> Bool {
        role == .viewer || roles.contains(role) || roles.contains(.admin)
    }
}
