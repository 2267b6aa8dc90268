import Archive
import Crypto
import Messages
import Runtime
import Sessions

@testable import Snapshots

/// What besides workers and collectors goes on in a repository: sessions asked for, retention, marks, restores.
struct SimulatedPeople {
    let stage: Simulation.Stage
    let actor: SimulatedActor
    private var world: SimulatedWorld { stage.world }
    private var store: RepositoryStore { stage.store(of: actor) }

    /// Does `work` every so many hours until the world comes to rest. What fails is left until the next time.
    private func every(_ hours: ClosedRange<Int>, _ work: (Int) throws -> Void) {
        var number = 0
        while true {
            // In steps, so that the end is noticed.
            var left = world.random.number(in: hours) * SimulatedWorld.hour + world.random.number(in: 0...SimulatedWorld.hour)
            while left > 0, !world.isClosing {
                world.pause(actor, min(left, 6 * SimulatedWorld.hour))
                left -= 6 * SimulatedWorld.hour
            }
            if world.isClosing { return }
            (actor.isCrashed, actor.patience) = (false, 10 * SimulatedWorld.hour)
            actor.isSlow = world.random.chance(150)
            number += 1
            // A call that failed, or the actor's own death: what was being done stays half done.
            do { try work(number) } catch { continue }
        }
    }

    /// Asks for backups of three targets, and now and then cancels one or loses its messages.
    func askForBackups() {
        every(3...6) { number in
            let id = Simulation.id(world.random.digits())
            var command = Samples.command()
            (command.id, command.timeOutSeconds) = (id, 12 * 3600)
            command.target.metadata.name = "t\(number % 3)"
            if world.random.chance(40) { stage.queue.lost.insert(id.text) }
            let opening = Opening(command, digest: "d")
            stage.queue.append(.init(command: command, subject: .session(opening), available: world.time))
            if world.random.chance(60) {
                let later = world.time + world.random.number(in: 0...3 * SimulatedWorld.hour)
                let reason = OutcomeEntry.Abort(condition: "Cancelled", message: "enough")
                stage.queue.append(.init(command: command, subject: .abort(reason, opening: opening), available: later))
            }
        }
    }

    private var catalog: SnapshotCatalog { SnapshotCatalog(store: store) }

    /// Keeps the newest three of each target.
    func retain() {
        every(5...9) { _ in
            let policy = RetentionPolicy(name: "three", keepLast: 3)
            _ = try Retention(policy, of: catalog).apply(run: world.random.digits(), now: world.hostTime(of: actor))
        }
    }

    /// Keeps one, also one that was forgotten, and a few times later keeps it no longer.
    func keep() {
        var kept: [SnapshotID] = []
        every(8...20) { _ in
            if kept.count > 2 {
                _ = try MarkBook(store: store).change(kept.removeFirst()) { $0.isKept = false }
                return
            }
            let all = try catalog.records(includingForgotten: true)
            guard !all.isEmpty else { return }
            let chosen = all[world.random.number(in: 0...all.count - 1)].id
            _ = try MarkBook(store: store).change(chosen) { $0.isKept = true }
            // From here on it may not go, unless it was gone before.
            if try catalog.anyRecord(chosen) != nil { kept.append(chosen) }
        }
    }

    /// Pins a snapshot and reads it whole, slowly; some documents are refused and kept.
    func restore() {
        every(6...14) { number in
            let all = try catalog.records()
            guard !all.isEmpty else { return }
            // As a restore does: what the snapshot names is known before the pin, and it may be forgotten behind that.
            let commit = all[world.random.number(in: 0...all.count - 1)].commit
            let chosen = commit.summary.id
            let pins = Pins(store)
            let length = Duration.seconds(11 * 3600)
            let name = "restore-\(actor.name)-\(number)"
            try pins.hold(chosen, name: name, for: length, reason: "a simulated restore")
            stage.oracle.accept(.init(snapshot: chosen, segments: [], until: world.storeTime + length))
            try read(commit)
            guard world.random.chance(300) else { return }
            let segment = try SimulatedSegment.make(
                documents: 1, kind: .exact, store: store, spool: stage.spool, random: &world.random)
            try pins.put(.keeping([segment.id]), name: "\(name)-rejects", for: Pins.rejects, reason: "refused documents")
            stage.oracle.accept(.init(snapshot: nil, segments: [segment.id], until: world.storeTime + Pins.rejects))
            _ = try store.upload(contentsOf: segment.file.path, at: .segment(segment.id))
        }
    }

    private func read(_ commit: OutcomeEntry.Commit) throws {
        do {
            try Simulation.verify(commit, in: store) {
                if world.random.chance(200) { world.pause(actor, world.random.number(in: 1...40) * SimulatedWorld.minute) }
            }
        } catch let error as ArchiveError where error.code == .unreachable {
            throw error
        } catch {
            stage.oracle.object("a restore of \(commit.summary.id) failed: \(error)")
        }
    }

    /// Collects garbage as a worker or a command does.
    func collect(_ flaw: CollectorFlaw?) {
        every(6...12) { _ in
            var base: any ObjectStore = SimulatedStore(
                world: world, objects: stage.objects, oracle: stage.oracle, actor: actor)
            if let flaw { base = FlawedStore(base, flaw) }
            let report = try Collector(RepositoryStore(base), grace: SimulatedOracle.grace).run()
            for problem in report.problems where problem.contains("repair") { stage.oracle.object(problem) }
            if let unknown = report.unknown.first { stage.oracle.object("\(unknown) is unknown") }
        }
    }
}
