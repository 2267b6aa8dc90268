/// How many snapshots of a target are kept. A number is of periods that have a snapshot; -1 keeps all, 0 is no rule. Without any rule
/// everything is kept.
package struct RetentionPolicy: Codable, Sendable, Hashable {
    package var name: String
    package var keepLast: Int?
    package var keepHourly: Int?
    package var keepDaily: Int?
    package var keepWeekly: Int?
    package var keepMonthly: Int?
    package var keepYearly: Int?
    /// A snapshot with one of them is kept; several joined by commas must be there together.
    @OmittedWhenEmpty package var keepTags: [String]
    /// Frees the space of what is no longer kept.
    @OmittedWhenEmpty package var prune: Bool
    /// Only says what would be forgotten.
    @OmittedWhenEmpty package var dryRun: Bool

    package init(name: String, keepLast: Int? = nil, prune: Bool = false, dryRun: Bool = false) {
        self.name = name
        self.keepLast = keepLast
        self.keepTags = []
        self.prune = prune
        self.dryRun = dryRun
    }
}
