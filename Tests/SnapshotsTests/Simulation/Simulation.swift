import Archive
import Crypto
import FoundationEssentials
import Messages
import Runtime
import Sessions

@testable import Snapshots

/// Fourteen days of a repository: workers, collectors, retention, marks and restores, all with the real code, against one store.
struct Simulation {
    /// What all actors share.
    struct Stage {
        let world: SimulatedWorld
        let objects: SimulatedObjects
        let oracle: SimulatedOracle
        let queue: SimulatedQueue
        let spool: Spool

        func store(of actor: SimulatedActor) -> RepositoryStore {
            RepositoryStore(SimulatedStore(world: world, objects: objects, oracle: oracle, actor: actor))
        }
    }

    struct Result {
        var violations: [String] = []
        var calls = 0
        var deletes = 0
        var crashes = 0
        var snapshots = 0
        var sessions = 0
    }

    static let days = 14

    let stage: Stage
    private let folder: TemporaryFolder

    init(seed: UInt64) throws {
        folder = try TemporaryFolder()
        let world = SimulatedWorld(seed: seed)
        let objects = SimulatedObjects()
        stage = Stage(
            world: world, objects: objects, oracle: SimulatedOracle(world, objects), queue: SimulatedQueue(),
            spool: try Spool(in: folder.makeFolder("spool"), limit: 1 << 30))
    }

    /// - Parameter flaw: of both collectors. With one, the simulation ends at the first violation.
    func run(_ flaw: CollectorFlaw? = nil) throws -> Result {
        let (world, stage) = (stage.world, stage)
        for key in ["FORMAT", "RECOVERY.md"] {
            _ = stage.objects.put(
                .init(bytes: [0], modified: Date(timeIntervalSince1970: world.storeTime.secondsSinceEpoch), put: world.time),
                at: try ObjectKey(key))
        }
        var threads: [DedicatedThread] = []
        for number in 1...3 {
            threads.append(try world.start("worker\(number)") { SimulatedWorker(stage, $0).run() })
        }
        threads.append(try world.start("cron") { SimulatedPeople(stage: stage, actor: $0).askForBackups() })
        threads.append(try world.start("retention") { SimulatedPeople(stage: stage, actor: $0).retain() })
        threads.append(try world.start("keeper") { SimulatedPeople(stage: stage, actor: $0).keep() })
        for number in 1...2 {
            threads.append(try world.start("reader\(number)") { SimulatedPeople(stage: stage, actor: $0).restore() })
            threads.append(try world.start("collector\(number)") { SimulatedPeople(stage: stage, actor: $0).collect(flaw) })
        }
        for _ in 0..<Self.days where flaw == nil || stage.oracle.violations.isEmpty { world.conduct(for: SimulatedWorld.day) }
        world.faults = .init(crash: 0, failure: 0, lostReply: 0, staleList: 0)
        world.isClosing = true
        while !world.isQuiet { world.conduct(for: SimulatedWorld.hour) }
        threads = []
        if flaw == nil { try comeToRest() }
        var result = Result(violations: stage.oracle.violations, calls: world.calls, deletes: stage.oracle.deletes)
        (result.crashes, result.snapshots, result.sessions) = (
            world.crashes, stage.oracle.commits.count, stage.oracle.finals
        )
        return result
    }

    /// Three graces on, nothing is left that nobody needs, and everything is there that somebody does.
    private func comeToRest() throws {
        let actor = stage.world.conductorActor
        actor.patience = 0
        // Restores of the last day have let go when the count of the graces begins.
        stage.world.conduct(for: 14 * SimulatedWorld.hour)
        for _ in 0..<8 {
            stage.world.conduct(for: 9 * SimulatedWorld.hour)
            let report = try Collector(stage.store(of: actor), grace: SimulatedOracle.grace).run()
            for problem in report.problems { stage.oracle.object(problem) }
        }
        try Leftovers(stage).check()
    }

    static func id(_ text: String) -> SessionID { Samples.makeID(text) }

    /// Reads every manifest and every document of a snapshot.
    static func verify(_ commit: OutcomeEntry.Commit, in store: RepositoryStore, between pause: () -> Void = {}) throws {
        if let objects = commit.objects.flatMap({ Digest(hex: $0) }) { _ = try ObjectManifestReader(store: store, id: objects) }
        for id in commit.manifests.compactMap({ Digest(hex: $0) }) {
            pause()
            let reader = try IndexManifestReader(store: store, id: id)
            while let segment = try reader.next() {
                pause()
                try SegmentReader(store: store, id: segment.id, storedBytes: segment.storedBytes).verify()
            }
        }
    }
}

/// What must be there in the end, and nothing else.
struct Leftovers {
    private let stage: Simulation.Stage
    private let oracle: SimulatedOracle
    private let store: RepositoryStore
    private let now: Timestamp

    init(_ stage: Simulation.Stage) {
        self.stage = stage
        oracle = stage.oracle
        store = RepositoryStore(PlainStore(stage.objects))
        now = stage.world.storeTime
    }

    func check() throws {
        var needed: Set<String> = ["FORMAT", "RECOVERY.md"]
        for snapshot in oracle.commits {
            let isThere = oracle.has("outcomes/\(snapshot)")
            guard isThere else {
                if !oracle.wasForgotten(snapshot) { oracle.object("\(snapshot) was never forgotten, and is gone") }
                continue
            }
            do { try Simulation.verify(SnapshotCatalog(store: store).snapshot(snapshot), in: store) } catch {
                oracle.object("\(snapshot) is not whole: \(error)")
            }
            let isFinal = snapshot.session.map { oracle.has("sessions/\($0)/final") } ?? false
            // What nobody finished is kept for 30 days, and so is what is pinned.
            guard oracle.isListed(snapshot) || oracle.isHeld(snapshot) || !isFinal else { continue }
            needed.formUnion(try keys(of: snapshot, isFinal: isFinal))
        }
        for standing in try Pins(store).all() where !standing.isPast(at: now - SimulatedOracle.grace) {
            needed.insert(standing.key.text)
            guard !standing.isPast(at: now) else { continue }
            for segment in standing.pin?.segments ?? [] { needed.formUnion(Self.keys(ofSegment: segment)) }
        }
        for key in stage.objects.keys where !needed.contains(key.text) {
            if try !isOfAborted(key) { oracle.object("\(key) is left, and nobody needs it") }
        }
        let there = Set(stage.objects.keys.map(\.text))
        for key in needed.subtracting(there).sorted() where !key.hasPrefix("inventory/") && !key.hasPrefix("segments/") {
            oracle.object("\(key) is gone, and somebody needs it")
        }
    }

    private func keys(of snapshot: SnapshotID, isFinal: Bool) throws -> Set<String> {
        guard let session = snapshot.session, let content = oracle.contents[snapshot] else { return [] }
        var keys: Set<String> = ["outcomes/\(snapshot)", "sessions/\(session)/begin"]
        if isFinal { keys.insert("sessions/\(session)/final") }
        if oracle.wasForgotten(snapshot) { keys.insert("forgotten/\(snapshot)") }
        keys.formUnion(content.manifests.map(\.text))
        for segment in content.segments { keys.formUnion(Self.keys(ofSegment: segment.hex)) }
        for key in stage.objects.keys {
            if key.text.hasPrefix("marks/\(snapshot)/") || (!isFinal && key.text.hasPrefix("sessions/\(session)/")) {
                keys.insert(key.text)
            }
        }
        return keys
    }

    private static func keys(ofSegment id: String) -> [String] {
        ["segments", "inventory"].map { "\($0)/\(id.prefix(2))/\(id)" }
    }

    /// Of an aborted session `begin`, outcome and `final` stay for 30 days; where there is no `final`, all of the journal.
    private func isOfAborted(_ key: ObjectKey) throws -> Bool {
        switch CollectorObject(key) {
        case .outcome(let snapshot): return oracle.contents[snapshot] == nil
        case .journal(let session, let part):
            guard !oracle.isOpen(session), !oracle.commits.contains(where: { $0.session == session }) else { return false }
            return part != .work || !oracle.has("sessions/\(session)/final")
        default: return false
        }
    }
}
