import Archive
import Crypto
import Messages
import Runtime
import Sessions

@testable import Snapshots

/// The broker: messages that wait, with the time from which they are handed out.
final class SimulatedQueue: @unchecked Sendable {
    struct Message {
        var command: SessionCommand
        var subject: Handling.Subject
        var attempt = 0
        var redelivered = false
        var available: Int
    }

    private(set) var messages: [Message] = []
    /// Sessions whose messages are lost: nobody goes on with them.
    var lost: Set<String> = []

    func append(_ message: Message) { messages.append(message) }

    func take(at time: Int) -> Message? {
        guard let index = messages.firstIndex(where: { $0.available <= time }) else { return nil }
        return messages.remove(at: index)
    }
}

/// Takes messages through the real session protocol, with the real journal, segments and manifests; of the engine there is only a count.
final class SimulatedWorker {
    private let world: SimulatedWorld
    private let actor: SimulatedActor
    private let store: RepositoryStore
    private let queue: SimulatedQueue
    private let spool: Spool
    private var nonces = 0

    init(_ stage: Simulation.Stage, _ actor: SimulatedActor) {
        world = stage.world
        self.actor = actor
        store = stage.store(of: actor)
        queue = stage.queue
        spool = stage.spool
    }

    func run() {
        while true {
            actor.isCrashed = false
            guard let message = queue.take(at: world.time) else {
                if world.isClosing, queue.messages.isEmpty { return }
                world.pause(actor, world.random.number(in: 5...15) * SimulatedWorld.minute)
                continue
            }
            actor.patience = 10 * SimulatedWorld.hour
            actor.session = message.command.id.text
            var isOurs = true
            actor.lostConnection = { [world, queue] in
                guard isOurs, world.random.chance(500) else { return }
                isOurs = false
                queue.append(again(message))
            }
            do {
                try handle(message) { isOurs }
            } catch {
                if isOurs { queue.append(again(message)) }
                // A new process takes its time.
                world.pause(actor, world.random.number(in: 1...30) * SimulatedWorld.minute)
            }
            actor.lostConnection = nil
            actor.session = nil
        }
        func again(_ message: SimulatedQueue.Message) -> SimulatedQueue.Message {
            var message = message
            message.redelivered = true
            message.available = world.time + world.random.number(in: 1...10) * SimulatedWorld.minute
            return message
        }
    }

    private func handle(_ message: SimulatedQueue.Message, isOurs: () -> Bool) throws {
        let journal = ArchiveJournal(store: store, session: message.command.id)
        var handling = Handling(
            kind: .backup, subject: message.subject, isFresh: message.attempt == 0 && !message.redelivered, nonce: nonce(),
            claimant: Claimant(message: "none has a hook", patience: .zero))
        var request = handling.start()
        while true {
            let reply: Handling.Reply
            switch request {
            case .read(let names): reply = .entries(try journal.read(names))
            case .put(let name, let entry): reply = .put(try journal.put(entry, at: name))
            case .perform(let work): reply = try perform(work, message.command, journal, handling.begin)
            case .publish(let publications):
                guard isOurs() else { return }
                for case .unit(let position, let attempt) in publications {
                    queue.append(
                        .init(command: message.command, subject: .unit(position), attempt: attempt, available: world.time))
                }
                reply = .published
            case .settle: return
            }
            // Somebody lost the message for good: the session stays as it is.
            if queue.lost.contains(message.command.id.text), world.random.chance(150) { return }
            request = handling.receive(reply, now: world.hostTime(of: actor))
        }
    }

    private func nonce() -> String {
        nonces += 1
        return "\(actor.name)-\(nonces)"
    }

    // MARK: - Effects

    private func perform(
        _ work: Handling.Work, _ command: SessionCommand, _ journal: ArchiveJournal, _ begin: BeginEntry?
    ) throws -> Handling.Reply {
        switch work {
        case .plan: return .planned(try plan(command))
        case .run: throw SnapshotError(.refused, "the simulated sessions have no hooks")
        case .prepare: return .prepared
        case .openView(let slice):
            return .opened(
                ViewEntry(
                    nonce: nonce(), pointInTime: nonce(), shards: 1, documents: slice.documents,
                    openedAt: world.hostTime(of: actor)))
        case .closeView: return .closed
        case .dropIndices: return .dropped
        case .transfer(let slice, let position, _): return .transferred(try transfer(slice, position))
        case .compose(let plan, let epochs):
            guard let begin else { throw SnapshotError(.refused, "no begin") }
            return .composed(try compose(command, begin, plan, epochs, journal))
        case .finish(let outcome, _, _):
            let status = StatusEvent(of: command, phase: outcome.isCommit ? .succeeded : .failed, source: .final)
            return .finished(FinalEntry(nonce: nonce(), status: status))
        }
    }

    /// The same objects and the same empty index in each session: manifests of two sessions must not be one.
    private func plan(_ command: SessionCommand) throws -> PlanEntry {
        let objects = try ObjectManifestWriter.write(
            [StoredObject(kind: "scripts", name: "s", body: "{}")],
            header: ObjectManifest(distribution: "elasticsearch", serverVersion: "8.19.21", session: command.id.text),
            spool: spool)
        _ = try store.upload(contentsOf: objects.path, at: .manifest(objects.digest))
        let documents = [world.random.number(in: 1...5), world.random.number(in: 0...3)]
        let indices = [("full", 2), ("empty", 0)].map {
            PlannedIndex(name: $0.0, targetName: $0.0, uuid: $0.0, shards: $0.1, documents: 0, definition: "{}")
        }
        var plan = PlanEntry(
            nonce: nonce(), indices: indices,
            slices: documents.enumerated().map { Slice(index: 0, shard: $0.offset, documents: $0.element, bytes: 0) }, window: 1,
            snapshot: nil, plannedAt: world.hostTime(of: actor), notes: [])
        plan.objects = objects.digest.hex
        return plan
    }

    /// A segment of up to three documents, behind its inventory.
    private func transfer(_ slice: Slice, _ position: UnitPosition) throws -> PartEntry {
        let first = position.cursor.flatMap { Int($0) } ?? 0
        let count = min(3, slice.documents - first)
        var part = PartEntry(
            nonce: nonce(), worker: actor.name, begin: position.cursor,
            end: first + count < slice.documents ? "\(first + count)" : nil, documents: count, bytes: 0, storedBytes: 0,
            segments: [], finishedAt: world.hostTime(of: actor))
        guard count > 0 else { return part }
        let segment = try SimulatedSegment.make(documents: count, kind: .bulk, store: store, spool: spool, random: &world.random)
        _ = try store.put([0], at: SimulatedSegment.inventory(of: segment.id))
        _ = try store.upload(contentsOf: segment.file.path, at: .segment(segment.id))
        part.segments = [
            StoredSegment(
                id: segment.id.hex, kind: "bulk", documents: count, bytes: segment.plainBytes, storedBytes: segment.storedBytes)
        ]
        (part.bytes, part.storedBytes) = (segment.plainBytes, segment.storedBytes)
        return part
    }

    private func compose(
        _ command: SessionCommand, _ begin: BeginEntry, _ plan: PlanEntry, _ epochs: [Int], _ journal: ArchiveJournal
    ) throws -> OutcomeEntry.Commit {
        var manifests: [String] = []
        var summaries: [SnapshotSummary.Index] = []
        for (position, index) in plan.indices.enumerated() {
            var references: [SegmentReference] = []
            for slice in plan.slices.indices where plan.slices[slice].index == position {
                references += try segments(of: slice, epoch: epochs[slice], journal)
            }
            let documents = references.reduce(0) { $0 + $1.documents }
            let bytes = references.reduce(0) { $0 + $1.plainBytes }
            let writer = try IndexManifestWriter(
                spool: spool,
                header: IndexManifest(
                    name: index.name, uuid: index.uuid, shards: index.shards, definition: "{}", documents: documents,
                    plainBytes: bytes, views: [], session: command.id.text))
            for reference in references { try writer.append(reference) }
            let file = try writer.finish()
            _ = try store.upload(contentsOf: file.path, at: .manifest(file.digest))
            manifests.append(file.digest.hex)
            summaries.append(
                .init(
                    name: index.name, shards: index.shards, documents: documents, bytes: bytes, storedBytes: 0,
                    segments: references.count, earliestView: nil, latestView: nil))
        }
        let summary = SnapshotSummary(
            id: SnapshotID(startedAt: begin.startedAt, session: command.id), repository: "r", namespace: "n",
            target: command.target.metadata.name, invoker: command.invoker, time: begin.startedAt, indices: summaries)
        var commit = OutcomeEntry.Commit(summary: summary, manifests: manifests, partsByWorker: [:])
        commit.objects = plan.objects
        return commit
    }

    private func segments(of slice: Int, epoch: Int, _ journal: ArchiveJournal) throws -> [SegmentReference] {
        var references: [SegmentReference] = []
        var number = 0
        while true {
            let name = EntryName.part(slice: slice, epoch: epoch, number: number)
            guard case .part(let part)? = try journal.read([name])[name] else {
                throw SnapshotError(.notFound, "\(name) is gone")
            }
            references += part.segments.compactMap { segment in
                Digest(hex: segment.id).map {
                    SegmentReference(
                        id: $0, kind: .bulk, slice: slice, shard: slice, documents: segment.documents, plainBytes: segment.bytes,
                        storedBytes: segment.storedBytes)
                }
            }
            if part.endsSlice { return references }
            number += 1
        }
    }
}

/// Small segments whose salts come of the seed.
enum SimulatedSegment {
    static func make(
        documents: Int, kind: SegmentKind, store: RepositoryStore, spool: Spool, random: inout SeededGenerator
    ) throws -> StagedSegment {
        var settings = SegmentSettings()
        (settings.level, settings.frameBytes) = (1, 1024)
        let salt = (0..<4).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
        let writer = try SegmentWriter(store: store, spool: spool, kind: kind, settings: settings) { () throws(CryptoError) in
            salt
        }
        for number in 0..<documents {
            try Array(#"{"index":{"_id":"\#(number)"}}"#.utf8).withUnsafeBytes { action in
                try Array(#"{"n":\#(number)}"#.utf8).withUnsafeBytes { try writer.append(action, $0) }
            }
        }
        guard let segment = try writer.finish() else { throw SnapshotError(.refused, "a segment without documents") }
        return segment
    }

    static func inventory(of id: Digest) throws -> ObjectKey { try ObjectKey("inventory/\(id.hex.prefix(2))/\(id.hex)") }
}
