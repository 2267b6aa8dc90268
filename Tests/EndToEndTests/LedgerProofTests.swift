import Bus
import Foundation
import Glibc
import Messages
import Runtime
import Scheduler
import Testing

extension EndToEnd {
    /// The Scheduler is killed at its steps and at any moment under a load of triggers and schedules; then its ledger is deleted.
    ///
    /// `SHEAF_TEST_SEED` repeats the choices of an earlier run, `SHEAF_TEST_LEDGER` says how often it is killed.
    @Suite struct LedgerProofTests {
        private static let seed = Surroundings.number("SHEAF_TEST_SEED", default: Int.random(in: 1...1_000_000))
        private static let kills = Surroundings.number("SHEAF_TEST_LEDGER", default: 16)
        private static let plans = ["one", "two", "three", "four"]
        private static let steps: [Failpoint.Step] = [.schedulerPublish, .schedulerRecord, .schedulerReply, .schedulerAck]

        @Test(.requiresReleaseBuild, .requires(.defaultEngine), .timeLimit(.minutes(8)))
        func whateverIsKilledOrLostTheLedgerIsWhatTheJournalsSay() async throws {
            print("ledger: SHEAF_TEST_SEED=\(Self.seed) SHEAF_TEST_LEDGER=\(Self.kills)")
            let engine = try Engine(.defaultEngine)
            try await Site.use { site in
                let indices = Self.plans.map { "\(site.prefix)-\($0)" }
                try await engine.use(indices) {
                    try site.declare(.defaultEngine, isEncrypted: false)
                    for (plan, index) in zip(Self.plans, indices) {
                        try await engine.fill(index, documents: 60, filling: 60)
                        // A target of its own, so that plans do not wait for each other; the last one's backups fail.
                        let url = try TestServer.defaultEngine.url()
                        let binding: JSONValue = ["type": "elasticsearch", "clientConfig": ["url": .string(url)]]
                        try site.write(
                            site.manifest("appcatalog.appscode.com/v1alpha1", "AppBinding", "es-\(plan)", "spec", binding),
                            "cluster-\(plan)", to: [site.schedulerResources, site.workerResources])
                        try site.declarePlan(
                            plan, indices: plan == "four" ? "\(site.prefix)-none" : index, cluster: "es-\(plan)",
                            schedule: plan == "one" ? "* * * * *" : "59 23 31 12 *")
                    }
                    try await site.startWorker("one")
                    try await site.startWorker("two")
                    let asked = try await killAgainAndAgain(site)
                    try await holdLedger(of: site, asked: asked)
                }
            }
        }

        /// - Returns: the sessions that were asked for and not skipped, by what followers heard.
        private func killAgainAndAgain(_ site: Site) async throws -> Tap {
            var generator = SeededGenerator(seed: UInt64(Self.seed))
            let tap = try await Tap()
            let outside = try await OutsideSystem("shop")
            for kill in 0..<Self.kills {
                // Half of them at a step, half at a moment.
                let step = Self.steps.randomElement(using: &generator) ?? .schedulerAck
                let moment = Failpoint.Moment.allCases.randomElement(using: &generator) ?? .after
                let passes = Int.random(in: 1...(step == .schedulerAck ? 12 : 2), using: &generator)
                let messages = Int.random(in: 1...20, using: &generator)
                let isStep = kill % 2 == 0
                let scheduler = try await site.startScheduler(
                    arguments: ["--rescue-after", "5s"],
                    failpoint: isStep ? "\(Failpoint(step, moment)):\(passes)" : "scheduler.ack.after:100000")
                for plan in Self.plans.shuffled(using: &generator).prefix(3) {
                    try await outside.publish(
                        .trigger, OutsideSystem.backup(plan), to: Topology.trigger, key: "trigger.backup.\(plan)",
                        replyTo: outside.queue)
                }
                if isStep {
                    await wait { _ = try await scheduler.exit(within: .seconds(4)) }
                } else {
                    let goal = tap.messages.elements.count + messages
                    await wait {
                        _ = try await tap.messages.first("message \(goal)", within: .seconds(3)) { _ in
                            tap.messages.elements.count >= goal
                        }
                    }
                }
                scheduler.send(signal: SIGKILL)
                #expect(try await scheduler.exit(within: .seconds(20)) == .signal(SIGKILL))
            }
            return tap
        }

        /// Not all that is waited for comes: a step that is not reached again does not kill.
        private func wait(for event: () async throws -> Void) async {
            do { try await event() } catch { print("ledger: killed without \(error)") }
        }

        private func holdLedger(of site: Site, asked tap: Tap) async throws {
            let start = ContinuousClock.now
            // Paused, so that nothing begins while it is compared; what is due is done before.
            let scheduler = try await site.startScheduler(arguments: ["--rescue-after", "5s"])
            let page = try await site.api(of: scheduler)
            try await settle(site)
            try pause(site)
            try await settle(site)
            let finals = try LedgerView.finals(site)
            let sessions = try await LedgerView.sessions(site)
            let told = sessions.filter { $0.source == .final }
            #expect(Set(told.map(\.id)) == Set(finals.keys) && told.count == finals.count)
            for session in told {
                let final = try #require(finals[session.id])
                #expect(
                    session.phase == final.phase && session.startedAt == final.startedAt && session.finishedAt == final.finishedAt
                )
                #expect(session.snapshot == final.snapshot?.text && session.error == final.error)
                #expect(session.documents == final.indices.reduce(0) { $0 + $1.documents })
                #expect(session.storedBytes == final.indices.reduce(0) { $0 + $1.storedBytes })
            }
            #expect(sessions.allSatisfy { $0.phase.isFinal }, "something stays \(sessions.map(\.phase))")
            // Whatever was published has come to its end.
            let published = Set(tap.messages.elements.compactMap { $0.event(.backupSession, SessionCommand.self)?.id.text })
            #expect(published.isSubset(of: Set(sessions.map(\.id))))
            let before = try await view(site, page)
            #expect(before.nextRuns.count == Self.plans.count - 1, "\(before.nextRuns)")

            try await scheduler.kill()
            let again = try await site.startScheduler()
            let afterKill = try await view(site, try await site.api(of: again))
            #expect(afterKill == before, "after a kill")

            try await again.kill()
            try site.deleteLedger()
            let rebuilt = try await site.startScheduler()
            let rebuiltPage = try await site.api(of: rebuilt)
            try await site.waitForRebuild(on: rebuiltPage)
            var expected = before
            // What the Scheduler alone decided is not in any journal.
            expected.sessions.removeAll { $0.source != .final }
            let afterRebuild = try await view(site, rebuiltPage)
            #expect(afterRebuild.sessions == expected.sessions, "after the rebuild")
            #expect(afterRebuild.metrics == expected.metrics && afterRebuild.nextRuns == expected.nextRuns, "after the rebuild")
            #expect(try LedgerView.finals(site).count == finals.count, "a rebuild started sessions")
            await tap.close()
            print(
                """
                FIGURE ledger: \(Self.kills) kills, \(finals.count) sessions of journals and \(sessions.count - told.count) others each once, \
                none runs on; deleted and rebuilt to the same; compared in \(Int((ContinuousClock.now - start).inSeconds)) s, seed \(Self.seed)
                """)
        }

        /// Once the page was made anew and shows each plan's last session.
        private func view(_ site: Site, _ page: SchedulerAPI) async throws -> LedgerView {
            let start = Timestamp.now()
            try await site.wait("a page of all plans", on: page) { lines in
                let tick = lines.first { $0.hasPrefix("stash_scheduler_last_tick_time_seconds ") }
                return (tick?.split(separator: " ").last.flatMap { Double($0) } ?? 0) > start.secondsSinceEpoch
                    && lines.count { $0.hasPrefix("stash_backup_session_success{") } == Self.plans.count
            }
            return try await LedgerView.read(site, page)
        }

        private func settle(_ site: Site) async throws {
            let deadline = ContinuousClock.now + .seconds(90)
            try await Broker.drained(within: .seconds(60))
            while true {
                let open = try await LedgerView.sessions(site).filter { !$0.phase.isFinal }
                if open.isEmpty { return }
                try #require(.now < deadline, "sessions stay open: \(open)")
                await Task.yield()
            }
        }

        private func pause(_ site: Site) throws {
            let path = "\(site.schedulerResources)/plan-one.json"
            var plan = try JSONValue(parsing: Array(Data(contentsOf: URL(filePath: path))))
            plan["spec"]?["paused"] = true
            try Data(plan.serializedBytes(pretty: true)).write(to: URL(filePath: path))
        }
    }
}
