import FoundationEssentials
import Messages
import Runtime
import Testing

@testable import Snapshots

/// `Golden/retention.json` holds what restic 0.14 kept of three hosts' snapshots by 35 policies, written by `restic_retention.py`.
///
/// Ours says the same but for what later versions of restic do (the oldest snapshot is kept while numbers are left, -1 keeps all) and what a
/// target of backups needs: a policy that keeps nothing is refused, the newest whole snapshot stays.
@Suite struct RetentionOracleTests {
    private struct Scenario: Sendable, CustomTestStringConvertible {
        var host: String
        var policy: RetentionPolicy
        /// Oldest first.
        var snapshots: [RetentionRules.Subject]
        /// restic's reasons by time.
        var keep: [Timestamp: [String]]
        var testDescription: String { "\(host) \(policy)" }
    }

    private static let now = Timestamp(secondsSinceEpoch: 1_900_000_000)

    private static func scenarios() throws -> [Scenario] {
        let folder = #filePath.split(separator: "/").dropLast().map { "/\($0)" }.joined()
        let json = try JSONValue(parsing: [UInt8](try Data(contentsOf: URL(filePath: "\(folder)/Golden/retention.json"))))
        return try #require(json["scenarios"]?.array).map { scenario in
            let host = try #require(scenario["host"]?.string)
            let policy = try #require(scenario["policy"])
            var read = RetentionPolicy(name: "oracle", keepLast: policy["keepLast"]?.int)
            read.keepHourly = policy["keepHourly"]?.int
            read.keepDaily = policy["keepDaily"]?.int
            read.keepWeekly = policy["keepWeekly"]?.int
            read.keepMonthly = policy["keepMonthly"]?.int
            read.keepYearly = policy["keepYearly"]?.int
            read.keepTags = policy["keepTags"]?.array?.compactMap(\.string) ?? []
            var keep: [Timestamp: [String]] = [:]
            for member in try #require(scenario["keep"]?.members) {
                keep[try Timestamp(parsing: member.name)] = member.value.array?.compactMap(\.string)
            }
            let snapshots = try #require(json[path: ["snapshots", host]]?.array).enumerated().map { number, snapshot in
                let time = try Timestamp(parsing: try #require(snapshot["time"]?.string) + "Z")
                let id = SnapshotID(startedAt: time, session: Samples.makeID("s\(number)"))
                return RetentionRules.Subject(
                    summary: Samples.summary(id, at: time), tags: snapshot["tags"]?.array?.compactMap(\.string) ?? [])
            }
            return Scenario(host: host, policy: read, snapshots: snapshots, keep: keep)
        }
    }

    @Test func thereAreEnough() throws {
        #expect(try Self.scenarios().count >= 100)
    }

    @Test func weKeepWhatResticKeepsForItsReasons() throws {
        for scenario in try Self.scenarios() {
            let rules = try RetentionRules(scenario.policy)
            guard !scenario.keep.isEmpty else {
                // restic would forget all.
                let message = refusal { _ = try rules.apply(scenario.snapshots.shuffled(), now: Self.now) }
                #expect(message.contains("no rule of the policy keeps any"), "\(scenario.testDescription)")
                continue
            }
            let decisions = try rules.apply(scenario.snapshots.shuffled(), now: Self.now)
            #expect(decisions.map(\.subject) == scenario.snapshots.reversed(), "newest first")
            for decision in decisions {
                let expected = Self.expected(decision.subject, in: scenario)
                #expect(
                    decision.reasons.map(\.description) == expected,
                    "\(decision.subject.time) of \(scenario.testDescription)")
            }
        }
    }

    /// restic 0.14's reasons, those of restic 0.17 for the oldest snapshot, and ours for the newest.
    private static func expected(_ subject: RetentionRules.Subject, in scenario: Scenario) -> [String] {
        var reasons = scenario.keep[subject.time] ?? []
        if subject == scenario.snapshots.first {
            let policy = scenario.policy
            let counts = [
                ("last", policy.keepLast), ("hourly", policy.keepHourly), ("daily", policy.keepDaily),
                ("weekly", policy.keepWeekly), ("monthly", policy.keepMonthly), ("yearly", policy.keepYearly),
            ]
            let tags = reasons.filter { $0.hasPrefix("has tags") }
            reasons =
                tags
                + counts.compactMap { period, count in
                    guard let count, count != 0 else { return nil }
                    let reason = "\(period) snapshot"
                    if reasons.contains(reason) { return reason }
                    let used = scenario.keep.values.count { $0.contains(reason) }
                    return count == -1 || used < count ? "oldest \(reason)" : nil
                }
        }
        return reasons + (subject == scenario.snapshots.last ? ["newest that misses nothing"] : [])
    }
}
