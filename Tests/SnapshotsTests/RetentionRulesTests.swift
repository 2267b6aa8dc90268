import Messages
import Runtime
import Sessions
import Testing

@testable import Snapshots

/// What retention does that restic does not.
@Suite struct RetentionRulesTests {
    private let now = Samples.time

    private func subject(
        _ session: String, hoursAgo: Int, tags: [String] = [], invoker: String = "nightly", target: String = "es",
        isKept: Bool = false, isPinned: Bool = false, isPartial: Bool = false, isDamaged: Bool = false
    ) -> RetentionRules.Subject {
        let time = now - .seconds(3600 * hoursAgo)
        let id = SnapshotID(startedAt: time, session: Samples.makeID(session))
        return RetentionRules.Subject(
            summary: Samples.summary(id, at: time, target: target, invoker: invoker, isPartial: isPartial), tags: tags,
            isKept: isKept, isPinned: isPinned, isDamaged: isDamaged)
    }

    private func policy(last: Int? = nil, tags: [String] = []) -> RetentionPolicy {
        var policy = RetentionPolicy(name: "p", keepLast: last)
        policy.keepTags = tags
        return policy
    }

    private func reasons(_ policy: RetentionPolicy, _ subjects: [RetentionRules.Subject]) throws -> [String] {
        try RetentionRules(policy).apply(subjects, now: now)
            .map { $0.reasons.map(\.description).joined(separator: ", ") }
    }

    @Test func aPolicyWithoutRulesKeepsAll() throws {
        let found = try reasons(policy(), [subject("a", hoursAgo: 2), subject("b", hoursAgo: 1)])
        #expect(found == ["policy is empty, newest that misses nothing", "policy is empty"])
        #expect(try reasons(policy(last: 0), [subject("a", hoursAgo: 2)]) == ["policy is empty, newest that misses nothing"])
    }

    @Test func keptAndPinnedSnapshotsStayAndAreCounted() throws {
        let found = try reasons(
            policy(last: 1),
            [
                subject("a", hoursAgo: 1), subject("b", hoursAgo: 2, isKept: true), subject("c", hoursAgo: 3, isPinned: true),
                subject("d", hoursAgo: 4),
            ])
        #expect(found == ["last snapshot, newest that misses nothing", "kept", "pinned", ""])
    }

    @Test func theNewestThatMissesNothingStays() throws {
        let found = try reasons(
            policy(last: 2),
            [
                subject("a", hoursAgo: 1, isPartial: true), subject("b", hoursAgo: 2, isPartial: true), subject("c", hoursAgo: 3),
                subject("d", hoursAgo: 4),
            ])
        #expect(found == ["last snapshot", "last snapshot", "newest that misses nothing", ""])
    }

    @Test func aDamagedOneIsNotTheNewestThatMissesNothing() throws {
        let damaged = subject("a", hoursAgo: 1, isDamaged: true)
        let found = try reasons(policy(last: 1), [damaged, subject("b", hoursAgo: 2), subject("c", hoursAgo: 3)])
        #expect(found == ["last snapshot", "newest that misses nothing", ""])
        let all = try reasons(policy(last: 1), [damaged, subject("b", hoursAgo: 2, isDamaged: true)])
        #expect(all == ["last snapshot, newest that misses nothing", ""])
    }

    @Test func snapshotsOfTheFutureStayAndUseUpNothing() throws {
        let found = try reasons(
            policy(last: 1),
            [subject("a", hoursAgo: -2), subject("b", hoursAgo: -1), subject("c", hoursAgo: 0), subject("d", hoursAgo: 1)])
        #expect(found == ["in the future", "in the future", "last snapshot, newest that misses nothing", ""])
    }

    @Test func eachTargetAndInvokerIsCountedByItself() throws {
        let subjects = [
            subject("a", hoursAgo: 1), subject("b", hoursAgo: 2), subject("c", hoursAgo: 3, invoker: "weekly"),
            subject("d", hoursAgo: 4, target: "other"), subject("e", hoursAgo: 5, target: "other"),
        ]
        let decisions = try RetentionRules(policy(last: 1)).apply(subjects, now: now)
        #expect(decisions.filter(\.isKept).map { $0.subject.id } == [subjects[0], subjects[2], subjects[3]].map(\.id))
        #expect(decisions.map(\.subject.group.description).first == "demo/es by BackupConfiguration nightly")
    }

    @Test func aPolicyThatKeepsNothingByItselfIsRefused() throws {
        let subjects = [subject("a", hoursAgo: 1), subject("b", hoursAgo: 2)]
        let message = refusal { _ = try reasons(policy(tags: ["wekly"]), subjects) }
        #expect(
            message.contains("no rule of the policy keeps any of the 2 snapshots of demo/es") && message.contains("1 of them"))
        // Nothing would go: there is nothing to refuse.
        #expect(try reasons(policy(tags: ["wekly"]), [subjects[0]]) == ["newest that misses nothing"])
    }

    @Test func oneGroupThatWouldLoseAllStopsTheOthersToo() {
        let subjects = [
            subject("a", hoursAgo: 1, tags: ["w"]), subject("b", hoursAgo: 2), subject("c", hoursAgo: 1, target: "z"),
            subject("d", hoursAgo: 2, target: "z"),
        ]
        #expect(refusal { _ = try reasons(policy(tags: ["w"]), subjects) }.contains("snapshots of demo/z"))
    }

    @Test(arguments: [-2, -100]) func numbersBelowAllAreRefused(_ count: Int) {
        #expect(refusal { _ = try RetentionRules(policy(last: count)) }.contains("cannot keep \(count) last snapshots"))
    }

    /// restic issue 4568: an invalid tag must not forget all.
    @Test(arguments: ["", ",", "a,", "a b", "a, b"]) func whatCannotBeATagIsRefused(_ tag: String) {
        #expect(refusal { _ = try RetentionRules(policy(tags: [tag])) }.contains("expected a tag"))
    }

    @Test func nothingIsDecidedOfNothing() throws {
        #expect(try reasons(policy(last: 1), []).isEmpty)
        #expect(try reasons(policy(tags: ["x"]), []).isEmpty)
    }

    @Test func snapshotsBeforeTheEpochHaveTheirDays() throws {
        var policy = RetentionPolicy(name: "p")
        policy.keepDaily = 2
        let times = ["1970-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "1969-12-31T00:00:00Z", "1969-12-30T23:59:59Z"]
        let subjects = try times.enumerated().map { number, text in
            let time = try Timestamp(parsing: text)
            let id = SnapshotID(startedAt: time, session: Samples.makeID("s\(number)"))
            return RetentionRules.Subject(summary: Samples.summary(id, at: time))
        }
        #expect(
            try reasons(policy, subjects)
                == ["daily snapshot, newest that misses nothing", "daily snapshot", "", ""])
    }
}

/// The policy carried out.
@Suite struct RetentionTests {
    let repository: SnapshotFolder
    let ids: [SnapshotID]
    private let policy = RetentionPolicy(name: "keep-2", keepLast: 2)

    init() throws {
        let repository = try SnapshotFolder()
        self.repository = repository
        ids = try (0..<5).map { try repository.add("a\($0)", after: $0 * 60) }
    }

    private func retention(_ policy: RetentionPolicy? = nil) throws -> Retention {
        try Retention(policy ?? self.policy, of: repository.catalog)
    }

    @Test func whatNoRuleKeepsIsForgotten() throws {
        let report = try retention().apply(run: "r1")
        #expect(report.forgotten == Array(ids[0..<3]) && report.keptCount == 2 && !report.isDryRun)
        #expect(try repository.catalog.snapshots().map(\.summary.id) == Array(ids[3...]))
        let entry = try #require(try repository.forgetting.entry(of: ids[0]))
        #expect(entry.policy == "keep-2" && entry.run == "r1" && entry.reason == "no rule of retention policy keep-2 keeps it")
    }

    /// A message that is handed out again must tell the same.
    @Test func aRepetitionTellsWhatTheRunHasForgotten() throws {
        let before = try Forgetting(store: repository.store).forget(ids[0], reason: "r", policy: "keep-2", run: "r1")
        #expect(before)
        #expect(try retention().apply(run: "r1").forgotten == Array(ids[0..<3]))
        #expect(try retention().apply(run: "r1").forgotten == Array(ids[0..<3]))
        #expect(try retention().apply(run: "r2").forgotten.isEmpty)
        #expect(try repository.keys("forgotten/").count == 3)
    }

    @Test func aDryRunChangesNothing() throws {
        var dry = policy
        dry.dryRun = true
        for report in [try retention(dry).apply(run: "r1"), try retention().apply(run: "r1", isDryRun: true)] {
            #expect(report.forgotten == Array(ids[0..<3].reversed()) && report.isDryRun)
        }
        #expect(try repository.keys("forgotten/").isEmpty)
    }

    @Test func keptPinnedAndOthersSnapshotsStay() throws {
        try repository.keep(ids[0])
        try repository.pin(ids[1], until: .now() + .seconds(600))
        let other = try repository.add("b0", after: 0, by: "other-plan")
        let report = try retention().apply(run: "r1") { $0.invoker.name == "nightly" }
        #expect(report.forgotten == [ids[2]])
        #expect(try repository.catalog.snapshots().map(\.summary.id).contains(other))
        #expect(!report.decisions.contains { $0.subject.id == other })
    }

    @Test func aRefusedPolicyForgetsNothing() throws {
        var wrong = RetentionPolicy(name: "tags")
        wrong.keepTags = ["wekly"]
        #expect(refusal { _ = try retention(wrong).apply(run: "r1") }.contains("nothing is forgotten"))
        #expect(try repository.keys("forgotten/").isEmpty)
    }
}
