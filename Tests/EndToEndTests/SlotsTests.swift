import Bus
import Foundation
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// Many plans at one slot, each of a target of its own: all are published within the slot's minute, by a Scheduler that stays small.
    ///
    /// `SHEAF_TEST_SLOTS` sets the number of plans.
    @Suite struct SlotsTests {
        private static let plans = Surroundings.number("SHEAF_TEST_SLOTS", default: 500)
        private static let mostMemory = 100.0

        @Test(.requiresReleaseBuild, .timeLimit(.minutes(5)))
        func allPlansOfASlotArePublishedWithinItsMinute() async throws {
            try await Site.use { site in
                try declarePlans(at: site)
                let tap = try await Tap()
                let scheduler = try await site.startScheduler()

                // The first minute that begins after all plans were read. No worker takes anything away.
                let found = Feed<(plan: String, arrival: Timestamp, command: SessionCommand)>()
                _ = try await tap.messages.first("a session of each plan", within: .seconds(150)) { message in
                    guard let command = message.event(.backupSession, SessionCommand.self) else { return false }
                    found.append((command.invoker.name, .now(), command))
                    return found.elements.count == Self.plans
                }
                let sessions = found.elements
                #expect(Set(sessions.map(\.plan)).count == Self.plans, "a plan was published twice before another was once")
                let first = try #require(sessions.map(\.command.requestedAt).min()).millisecondsSinceEpoch
                let slot = Timestamp(millisecondsSinceEpoch: first / 60_000 * 60_000)
                let seconds = try #require(sessions.map { $0.arrival - slot }.max()).seconds
                #expect(seconds < 60)
                #expect(sessions.allSatisfy { $0.command.notAfter == slot + .seconds(60) }, "they are of several slots")
                let mebibytes = Double(try scheduler.mostResidentMemory()) / 1_048_576
                #expect(mebibytes < Self.mostMemory)
                print(
                    String(
                        format:
                            "FIGURE slots: %d plans of one slot published %.1f s after it, the Scheduler's memory %.1f MiB at most",
                        Self.plans, seconds, mebibytes))
                await tap.close()
            }
        }

        /// A file a resource, as `sheaf apply` writes them.
        private func declarePlans(at site: Site) throws {
            try site.declareRepository(at: site.repository, isEncrypted: false, to: [site.schedulerResources])
            for number in 0..<Self.plans {
                let binding: JSONValue = ["type": "elasticsearch", "clientConfig": ["url": "http://127.0.0.1:9"]]
                try site.write(
                    site.manifest("appcatalog.appscode.com/v1alpha1", "AppBinding", "es-\(number)", "spec", binding),
                    "cluster-\(number)", to: [site.schedulerResources])
                try site.declarePlan("plan-\(number)", indices: "*", cluster: "es-\(number)", schedule: "* * * * *")
            }
        }
    }
}
