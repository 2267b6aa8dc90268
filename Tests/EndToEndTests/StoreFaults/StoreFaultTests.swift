import Archive
import Crypto
import Foundation
import Messages
import Runtime
import Sessions
import Snapshots
import Testing

extension EndToEnd {
    /// Every call that a backup, a retention, garbage collection and a rotation of keys make of their store goes wrong once, in each way that
    /// it can.
    ///
    /// Whatever happened, the session has ended and says how, what is listed can be read whole, nothing that was wanted is gone, and the
    /// independent reader finds every invariant kept.
    @Suite(.serialized) struct StoreFaultTests {
        private static let shape = StubEngine.Shape(indices: 1, shards: 2, documents: 40, bytes: 200, pageLimit: 25)

        /// What is done with the repository, and what must be so afterwards.
        private struct Scenario {
            let name: String
            let perform: (FaultRun) throws -> Void
            /// - Returns: what is wrong.
            let judge: (FaultRun, FaultStore.Fault?) throws -> [String]
        }

        @Test(.timeLimit(.minutes(15))) func noFaultOfAStoreLosesAnything() async throws {
            let start = ContinuousClock.now
            try await Site.use { site in
                let bench = try FaultBench(folder: site.folder + "/bench", stub: try await site.startStub(Self.shape))
                let scenarios = [
                    Self.backup(), Self.retention(bench.history), Self.collection(bench.history), Self.rotation(bench.history),
                ]
                var figures: [String] = []
                var faults = 0
                var runs: [FaultRun] = []
                for scenario in scenarios {
                    let calls = try Self.undisturbed(scenario, bench, &runs)
                    figures.append("\(scenario.name) \(calls.count)")
                    for (number, call) in calls.enumerated() {
                        for fault in FaultStore.Fault.allCases where FaultStore.canHappen(fault, to: call.operation) {
                            let run = try bench.makeRun((number, fault))
                            try scenario.perform(run)
                            let found = try scenario.judge(run, fault) + Self.damage(run)
                            #expect(
                                found.isEmpty,
                                "\(scenario.name), call \(number) (\(call)), \(fault): \(found.joined(separator: "; ")) after \(run.errors)"
                            )
                            faults += 1
                            runs.append(run)
                        }
                    }
                }
                let objects = try await Self.readIndependently(runs, site)
                print(
                    "FIGURE store-faults: \(figures.joined(separator: ", ")) calls x \(FaultStore.Fault.allCases.count) kinds: \(faults) faults, "
                        + "\(runs.count) repositories and \(objects) objects read by recover.py, 0 lost, \((ContinuousClock.now - start).inSeconds.rounded()) s"
                )
                #expect(faults > 300)
            }
        }

        /// - Returns: the calls of the scenario where nothing goes wrong.
        private static func undisturbed(
            _ scenario: Scenario, _ bench: FaultBench, _ runs: inout [FaultRun]
        ) throws -> [FaultStore.Call] {
            let run = try bench.makeRun(nil)
            try scenario.perform(run)
            let found = try scenario.judge(run, nil)
            try #require(found.isEmpty, "\(scenario.name) without a fault: \(found) after \(run.errors)")
            runs.append(run)
            return run.store.calls
        }

        // MARK: - Scenarios

        private static func backup() -> Scenario {
            Scenario(name: "backup") { run in
                // Whatever is told of the end is told again by the journal, which `judge` reads.
                _ = try run.backUp("faulty")
            } judge: { run, fault in
                let catalog = SnapshotCatalog(store: try run.openPlainly().store)
                // What the store spoiled or cut may end the session; nothing else may.
                let mayFail = fault == .bitFlip || fault == .torn
                guard run.store.spoiled == nil else { return [] }
                let again = try run.backUp("faulty")
                let snapshots = try catalog.snapshots().map(\.summary.id)
                guard let again else { return ["the session has no end"] }
                var found: [String] = []
                if again.phase == .succeeded {
                    let made = again.snapshot.map { snapshots.contains($0) } ?? false
                    if !made { found.append("the session has succeeded without a snapshot") }
                } else {
                    if !mayFail { found.append("the session has failed: \(again.error ?? "without a word")") }
                    if again.error == nil { found.append("the session has failed without a word") }
                    if snapshots.count != run.bench.history.count { found.append("the session has failed and left a snapshot") }
                }
                if !Set(run.bench.history).isSubset(of: snapshots) { found.append("an older snapshot is gone") }
                return found
            }
        }

        private static func retention(_ history: [SnapshotID]) -> Scenario {
            let policy = RetentionPolicy(name: "newest", keepLast: 1)
            return Scenario(name: "retention") { run in
                run.persist { repository in
                    _ = try Retention(policy, of: SnapshotCatalog(store: repository.store)).apply(run: "retention")
                }
            } judge: { run, fault in
                guard try listed(run).contains(history[2]) else { return ["the newest snapshot is gone"] }
                // A run that met a snapshot which it could not read has left it and counted without it; the next one counts it.
                if fault != nil { _ = try Retention(policy, of: SnapshotCatalog(store: try run.openPlainly().store)).apply() }
                let left = try listed(run)
                return left == [history[2]] ? [] : ["\(left) are left of \(history)"]
            }
        }

        private static func collection(_ history: [SnapshotID]) -> Scenario {
            Scenario(name: "gc") { run in
                // The oldest was forgotten long ago, and somebody's segment was never named.
                let plain = try run.openPlainly()
                _ = try Forgetting(store: plain.store).forget(history[0], reason: "old")
                _ = try plain.store.put(Array("nobody's".utf8), at: ObjectKey("manifests/\(String(repeating: "0", count: 64))"))
                try run.bench.age(run.path)
                run.persist { repository in _ = try Collector(repository.store, grace: .zero).run() }
            } judge: { run, fault in
                var found: [String] = []
                let left = try listed(run)
                if left != Array(history.dropFirst()) { found.append("\(left) are left of \(history)") }
                // A run that met single objects which it could not delete says so, and the next one goes on.
                if fault != nil { _ = try Collector(try run.openPlainly().store, grace: .zero).run() }
                let plain = try run.openPlainly().store
                if try plain.size(ObjectKey("manifests/\(String(repeating: "0", count: 64))")) != nil {
                    found.append("garbage is left")
                }
                if try plain.size(ObjectKey("outcomes/\(history[0])")) != nil { found.append("a forgotten snapshot is left") }
                return found
            }
        }

        private static func rotation(_ history: [SnapshotID]) -> Scenario {
            let cost = ScryptCost(logN: 10, r: 8, p: 1)
            return Scenario(name: "rotation") { run in
                run.persist { repository in
                    let keys = try KeyMaintenance(repository, cost: cost)
                    // A try that failed may have got so far.
                    if try !keys.list().keys.contains(where: { $0.epochs.contains(nil) }) {
                        _ = try keys.rotate(Sensitive("next password"), label: "next", now: Date())
                    }
                    _ = try KeyMaintenance(try FaultRun.open(run.store, "next password"), cost: cost).add(
                        Sensitive(FaultBench.password), label: "again", now: Date())
                }
                guard run.store.spoiled == nil else { return }
                // What is stored now is of the new epoch.
                _ = try Forgetting(store: try run.openPlainly().store).forget(history[0], reason: "old")
            } judge: { run, _ in
                guard run.store.spoiled == nil else { return try listed(run) == history ? [] : ["a spoiled key hides snapshots"] }
                let keys = try KeyMaintenance(try run.openPlainly(), cost: cost).list().keys
                var found: [String] = []
                if !keys.contains(where: { $0.holdsNewest && ($0.epochs.last ?? 0) ?? 0 >= 2 }) {
                    found.append("there is no newer epoch")
                }
                if try listed(run) != Array(history.dropFirst()) { found.append("a snapshot is gone") }
                return found
            }
        }

        private static func listed(_ run: FaultRun) throws -> [SnapshotID] {
            try SnapshotCatalog(store: try run.openPlainly().store).snapshots().map(\.summary.id)
        }

        /// What Sheaf's own verification finds, but for an object that the store spoiled: that one it must find where anything names it.
        private static func damage(_ run: FaultRun) throws -> [String] {
            guard run.store.spoiled == nil else { return [] }
            return try run.verify().findings.map { "\($0)" }
        }

        /// Has recover.py check every repository whole.
        ///
        /// - Returns: how many objects it looked at.
        private static func readIndependently(_ runs: [FaultRun], _ site: Site) async throws -> Int {
            let list = runs.map { "\($0.path)\t\($0.store.spoiled?.text ?? "")" }.joined(separator: "\n")
            try Data(list.utf8).write(to: URL(filePath: "\(site.folder)/repositories"))
            try Data(FaultBench.password.utf8).write(to: URL(filePath: "\(site.folder)/password"))
            let process = try await ChildProcess.start(
                "check", "/usr/bin/env",
                [
                    "python3", Surroundings.packageFolder + "/Tests/Interop/check_many.py", "\(site.folder)/repositories",
                    "\(site.folder)/password",
                ],
                environment: ["PATH": Surroundings.environment["PATH"] ?? "/usr/bin:/bin", "HOME": site.folder])
            let status = try await process.exit(within: .seconds(300))
            let lines = process.output.elements
            #expect(status == .code(0), "\(lines.joined(separator: "\n"))")
            return try #require(lines.last.flatMap { Int($0) }, "recover.py's check ended without its figure")
        }
    }
}
