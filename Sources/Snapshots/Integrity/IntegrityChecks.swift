package import Archive
import Messages
package import Runtime

/// The results of verifications that a repository has kept, and which of them says how it is.
///
/// A verification clears what earlier ones found only where it looked as deep: a full one clears all; one by sizes alone, or of some segments,
/// only what was found by sizes alone. What was found in a snapshot that is gone counts no more.
package struct IntegrityChecks {
    /// What is read of a verification's result here.
    package struct Check: Decodable, Sendable, Equatable {
        package let at: Timestamp
        /// `quick`, `sampled` or `full`.
        package let mode: String
        let findings: [Finding]
        let furtherFindings: Int?

        struct Finding: Decodable, Sendable, Equatable { let snapshot: String }

        /// As it was found then; `deciding` tells what counts.
        package fileprivate(set) var isWhole = true

        private enum CodingKeys: CodingKey { case at, mode, findings, furtherFindings }
    }

    /// Newest first, back to the newest full one: what was found before that counts no more.
    private var checks: [Check] = []
    /// A sentence for each that cannot be read.
    package private(set) var damages: [String] = []

    package init(_ store: RepositoryStore) throws(ArchiveError) {
        // Names begin with the time.
        var keys: [ObjectKey] = []
        try store.forEachObject("checks/") { (object: ObjectInfo) throws(ArchiveError) in keys.append(object.key) }
        for key in keys.reversed() {
            switch try store.entry(Check.self, at: key) {
            case .value(let check):
                checks.append(check)
                if check.mode == Self.full { return }
            case .damaged(let cause): damages.append(cause)
            case nil: continue
            }
        }
    }

    private static let full = "full"
    private static let quick = "quick"

    /// Whether something was found in a snapshot since all was read, and then: retention must not count on it.
    func accuses(_ snapshot: SnapshotID) -> Bool {
        checks.contains { check in check.findings.contains { $0.snapshot == snapshot.text } }
    }

    /// - Parameter present: the snapshots that are there.
    /// - Returns: the newest verification whose findings still count, else the newest; nil where there was none.
    package func deciding(among present: Set<String>) -> Check? {
        for (place, check) in checks.enumerated() {
            // Findings beyond the limit name no snapshot.
            let names = Set(check.findings.map(\.snapshot)).intersection(present)
            guard !names.isEmpty || check.furtherFindings ?? 0 > 0 else { continue }
            // Later ones are before it, and none of them is full but perhaps the newest in which the list ends.
            guard check.mode == Self.quick, place > 0 else { return found(check) }
        }
        return checks.first
    }

    private func found(_ check: Check) -> Check {
        var check = check
        check.isWhole = false
        return check
    }
}
