/// How many snapshots of a target are kept. No keep rule at all keeps everything.
package struct RetentionPolicy: Codable, Sendable, Hashable {
    package var name: String
    package var keepLast: Int?
    package var keepHourly: Int?
    package var keepDaily: Int?
    package var keepWeekly: Int?
    package var keepMonthly: Int?
    package var keepYearly: Int?
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
