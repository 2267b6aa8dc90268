package import Messages
package import Runtime

/// Which snapshots a policy keeps: restic's semantics, and ours beside it. Pure.
///
/// restic's (0.17 and later): rules are OR-ed; each looks at the snapshots of a group from the newest to the oldest and keeps the newest of each
/// period, periods without snapshots not counted, until its number is used up; where some of it is left, the oldest snapshot is kept too. Ours: times
/// are UTC; snapshots of the future are kept and use up no number; kept and pinned ones and the newest that misses nothing, one that is not known
/// to be damaged where there is one, are kept.
/// Differences between restic's versions: docs/repository.md, Retention.
package struct RetentionRules: Sendable {
    /// A rule that counts, in restic's order.
    package enum Period: String, Hashable, Sendable, CaseIterable {
        case last, hourly, daily, weekly, monthly, yearly

        /// Equal for snapshots of one period. `last` has a period for each snapshot.
        fileprivate func bucket(_ time: Timestamp, number: Int) -> Int {
            let milliseconds = Int(time.millisecondsSinceEpoch)
            let day = floorDivide(milliseconds, 86_400_000)
            switch self {
            case .last: return number
            case .hourly: return floorDivide(milliseconds, 3_600_000)
            case .daily: return day
            // ISO weeks begin on Mondays; 1970-01-01 was a Thursday.
            case .weekly: return floorDivide(day + 3, 7)
            case .monthly:
                let date = CivilDate(daysSinceEpoch: day)
                return date.year * 12 + date.month
            case .yearly: return CivilDate(daysSinceEpoch: day).year
            }
        }
    }

    /// Why a snapshot is kept. Described in restic's words where restic has them.
    package enum Reason: Hashable, Sendable, CustomStringConvertible {
        case noRules
        case tags([String])
        /// The newest of its period.
        case rule(Period)
        /// Not the newest of its period, but the oldest of all, and the rule's number is not used up.
        case oldest(Period)
        case kept
        case pinned
        case future
        case newestWhole

        package var description: String {
            switch self {
            case .noRules: "policy is empty"
            case .tags(let tags): "has tags [\(tags.joined(separator: ", "))]"
            case .rule(let period): "\(period.rawValue) snapshot"
            case .oldest(let period): "oldest \(period.rawValue) snapshot"
            case .kept: "kept"
            case .pinned: "pinned"
            case .future: "in the future"
            case .newestWhole: "newest that misses nothing"
            }
        }

        /// Whether a rule of the policy says so.
        fileprivate var isOfPolicy: Bool {
            switch self {
            case .noRules, .tags, .rule, .oldest: true
            case .kept, .pinned, .future, .newestWhole: false
            }
        }
    }

    /// Snapshots that are counted together.
    package struct Group: Hashable, Sendable, CustomStringConvertible {
        package var source: SnapshotSource
        package var invoker: Invoker

        package init(_ summary: SnapshotSummary) {
            source = summary.source
            invoker = summary.invoker
        }

        package var description: String { "\(source) by \(invoker.kind) \(invoker.name)" }
    }

    /// What is known of a snapshot.
    package struct Subject: Hashable, Sendable {
        package var id: SnapshotID
        package var time: Timestamp
        package var group: Group
        package var tags: [String]
        package var isKept: Bool
        package var isPinned: Bool
        /// Whether documents that its plan wanted are missing.
        package var isPartial: Bool
        /// Whether something of it is known to be unreadable.
        package var isDamaged: Bool

        package init(
            summary: SnapshotSummary, tags: [String] = [], isKept: Bool = false, isPinned: Bool = false, isDamaged: Bool = false
        ) {
            id = summary.id
            time = summary.time
            group = Group(summary)
            self.tags = tags
            self.isKept = isKept
            self.isPinned = isPinned
            isPartial = summary.isPartial
            self.isDamaged = isDamaged
        }
    }

    package struct Decision: Hashable, Sendable {
        package var subject: Subject
        /// None: it is to be forgotten.
        package var reasons: [Reason]

        package var isKept: Bool { !reasons.isEmpty }
    }

    /// Numbers above 0, or -1 for all.
    private let counts: [(period: Period, count: Int)]
    /// A snapshot that has all tags of one of the lists is kept.
    private let tagLists: [[String]]

    /// - Throws: `SnapshotError(.refused)` for a number below -1 and for what cannot be a tag: restic 0.14 took both for "keep none".
    package init(_ policy: RetentionPolicy) throws(SnapshotError) {
        let given: [(period: Period, count: Int?)] = [
            (.last, policy.keepLast), (.hourly, policy.keepHourly), (.daily, policy.keepDaily), (.weekly, policy.keepWeekly),
            (.monthly, policy.keepMonthly), (.yearly, policy.keepYearly),
        ]
        if let wrong = given.first(where: { ($0.count ?? 0) < -1 }), let count = wrong.count {
            throw SnapshotError(
                .refused, "a policy cannot keep \(count) \(wrong.period.rawValue) snapshots; -1 keeps all, 0 none")
        }
        counts = given.compactMap { period, count in count.flatMap { $0 == 0 ? nil : (period, $0) } }
        var lists: [[String]] = []
        for text in policy.keepTags {
            let tags = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            if let wrong = tags.first(where: { SnapshotTag($0) == nil }) {
                throw SnapshotError(.refused, "the policy keeps the tag \"\(wrong)\", expected \(SnapshotTag.expectation)")
            }
            lists.append(tags)
        }
        tagLists = lists
    }

    package var isEmpty: Bool { counts.isEmpty && tagLists.isEmpty }

    /// - Parameter snapshots: of any number of groups, in any order.
    /// - Returns: one decision each, group by group, newest first.
    /// - Throws: `.refused` for a policy whose own rules keep nothing of a group from which snapshots would be forgotten.
    package func apply(_ snapshots: [Subject], now: Timestamp) throws(SnapshotError) -> [Decision] {
        let groups = Dictionary(grouping: snapshots, by: \.group).sorted { $0.key.description < $1.key.description }
        var decisions: [Decision] = []
        for (group, subjects) in groups {
            let decided = decide(subjects.sorted { ($0.time, $0.id) > ($1.time, $1.id) }, now: now)
            let forgotten = decided.count { !$0.isKept }
            guard forgotten == 0 || decided.contains(where: { $0.reasons.contains(where: \.isOfPolicy) }) else {
                throw SnapshotError(
                    .refused,
                    "no rule of the policy keeps any of the \(decided.count) snapshots of \(group), so nothing is forgotten: "
                        + "\(forgotten) of them would be; correct the policy, or name what is not wanted with: sheaf forget")
            }
            decisions += decided
        }
        return decisions
    }

    /// - Parameter subjects: of one group, newest first.
    private func decide(_ subjects: [Subject], now: Timestamp) -> [Decision] {
        var rules = counts.map { Counter(period: $0.period, left: $0.count) }
        let complete = subjects.filter { !$0.isPartial && $0.time <= now }
        // Where all are damaged, the newest of them is as good as any.
        let newestWhole = (complete.first { !$0.isDamaged } ?? complete.first)?.id
        let counted = subjects.filter { $0.time <= now }
        var number = 0
        return subjects.map { subject in
            var reasons: [Reason] = isEmpty ? [.noRules] : []
            reasons += tagLists.filter { Set($0).isSubset(of: subject.tags) }.map { .tags($0) }
            if subject.time > now {
                reasons.append(.future)
            } else {
                let isOldest = number == counted.count - 1
                for index in rules.indices {
                    if let reason = rules[index].take(subject.time, number: number, isOldest: isOldest) { reasons.append(reason) }
                }
                number += 1
            }
            if subject.isKept { reasons.append(.kept) }
            if subject.isPinned { reasons.append(.pinned) }
            if subject.id == newestWhole { reasons.append(.newestWhole) }
            return Decision(subject: subject, reasons: reasons)
        }
    }

    /// One rule on its way through a group.
    private struct Counter {
        let period: Period
        /// -1: without end.
        var left: Int
        var last: Int?

        mutating func take(_ time: Timestamp, number: Int, isOldest: Bool) -> Reason? {
            guard left != 0 else { return nil }
            let bucket = period.bucket(time, number: number)
            guard bucket != last || isOldest else { return nil }
            let reason: Reason = bucket == last ? .oldest(period) : .rule(period)
            last = bucket
            if left > 0 { left -= 1 }
            return reason
        }
    }
}

private func floorDivide(_ value: Int, _ divisor: Int) -> Int {
    value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
}
