import Messages
import Runtime

@testable import Sessions

/// A whole world for one session, in memory and without time of its own: a broker, a journal, an engine and workers that die.
///
/// Every request of every handling is one step; which handling steps next, and what goes wrong, is drawn from the seed.
struct Simulation {
    struct Faults {
        /// Chances in a thousand, at each step.
        var crash = 0
        var duplicate = 0
        var lostPutReply = 0
        var lostConnection = 0
        var lostView = 0
        var lostMessage = 0
        /// An engine that leaves a document out of a page and says nothing.
        var lostDocument = 0
        /// Somebody cancels the session: before it begins, while it runs or when it is over.
        var isCancelled = false
        /// The cancel comes within so many steps.
        var cancelWithin = 400
        /// The server takes long to create an index.
        var slowCreation = 0
        /// Every so many slices, from the first, the engine can never read one whole; 0: it can.
        var unreadable = 0
        /// A document that the target refuses.
        var refusedDocument = 0
        /// A hook or a step that fails, each time it is run.
        var failingHook = 0
    }

    /// What the session is asked for, and what the engine is.
    struct Terms {
        var allowsPartial = false
        /// There are no points in time.
        var scrolls = false
        /// Every other slice comes after the one before it.
        var isChained = false
        /// Hooks run before and after.
        var hasHooks = false
        /// Between the hooks and the work stand steps of a Task; needs `hasHooks`.
        var hasSteps = false
    }

    struct Message {
        var subject: Handling.Subject
        var attempt = 0
        var redelivered = false

        /// As its event's id: equal for equal content.
        var name: String {
            switch subject {
            case .session: "session"
            case .unit(let position): "\(position)"
            case .abort: "cancel"
            }
        }
    }

    struct Actor {
        var handling: Handling
        var message: Message
        var request: Handling.Request
        /// False once the broker gave its delivery to another: it may go on, but publishes and acknowledges nothing.
        var isConnected = true
        var view: ViewEntry?
    }

    let kind: SessionKind
    let shards: [Int]
    let window: Int
    var random: SeededGenerator
    let faults: Faults
    var journal: [EntryName: Entry] = [:]
    var queue: [Message] = []
    var actors: [Actor] = []
    var openViews: Set<String> = []
    /// Scrolls by id: how many documents each has, and how many it has given away. A page of a scroll comes once.
    var scrolls: [String: (total: Int, given: Int)] = [:]
    var terms = Terms()
    var mostOpenViews = 0
    var nonces = 0
    /// The step at which the cancel is published.
    var cancelAt: Int?
    var clock = Timestamp(millisecondsSinceEpoch: 1_764_000_000_000)

    // What is checked afterwards.
    var finalEvents: [FinalEntry] = []
    var transfers = 0
    var deliveries = 0
    var lostDocuments = 0
    /// Deliveries that nobody answered, so that their messages were handed out again.
    var losses = 0
    var rescues = 0
    /// By the nonce of the handling that wrote.
    var writesAfterFinal: [String: [EntryName]] = [:]
    /// Restore: the target's indices are there.
    var hasIndices = false
    /// What each commit that was composed would hold, slice by slice.
    var composed: [[ComposedSlice]] = []
    /// Slices at work before the one that they come after was done.
    var earlyBirds: [Int] = []
    /// Hooks that were begun, with what stood in the journal.
    var hookRuns: [HookRun] = []

    init(kind: SessionKind, shards: [Int], window: Int, seed: UInt64, faults: Faults, terms: Terms = Terms()) {
        self.kind = kind
        self.terms = terms
        self.shards = shards
        self.window = window
        self.random = SeededGenerator(seed: seed)
        self.faults = faults
        queue = [Message(subject: .session(opening))]
        if faults.isCancelled { cancelAt = random.index(below: faults.cancelWithin) }
    }

    private var opening: Opening {
        Samples.opening(timeOutSeconds: nil, kind: kind, hooks: terms.hasHooks, steps: terms.hasSteps)
    }

    /// Runs until the session is final and nothing moves. - Returns: false when it did not come to rest in `limit` steps.
    mutating func run(limit: Int = 60_000) -> Bool {
        for number in 0..<limit {
            clock = clock + .milliseconds(10)
            if number == cancelAt {
                let reason = OutcomeEntry.Abort(condition: "Cancelled", message: "enough")
                queue.append(Message(subject: .abort(reason, opening: opening)))
            }
            if actors.isEmpty && queue.isEmpty {
                if journal[.final] != nil && !finalEvents.isEmpty { return true }
                // The Scheduler's rescue: no event for long, no unit waiting.
                rescues += 1
                if rescues > 200 { return false }
                queue.append(Message(subject: .session(opening), attempt: 1))
            }
            if !queue.isEmpty, actors.count < 4, actors.isEmpty || random.chance(500) { deliver() }
            guard !actors.isEmpty else { continue }
            step(random.index(below: actors.count))
        }
        return false
    }

    private mutating func deliver() {
        // Any waiting message may come first: late and early deliveries.
        let message = queue.remove(at: random.index(below: queue.count))
        if random.chance(faults.duplicate) {
            var copy = message
            copy.redelivered = random.chance(500)
            queue.append(copy)
        }
        if random.chance(faults.lostMessage) { return }
        deliveries += 1
        var handling = handling(of: message)
        let request = handling.start()
        actors.append(Actor(handling: handling, message: message, request: request))
    }

    private mutating func handling(of message: Message) -> Handling {
        nonces += 1
        return Handling(
            kind: kind, subject: message.subject, isFresh: !message.redelivered && message.attempt == 0, nonce: "n\(nonces)",
            claimant: Claimant(message: message.name, patience: .seconds(2)))
    }

    private mutating func step(_ index: Int) {
        if random.chance(faults.crash) { return kill(index) }
        if actors[index].isConnected, random.chance(faults.lostConnection) {
            actors[index].isConnected = false
            losses += 1
            requeue(actors[index].message)
        }
        var actor = actors[index]
        var reply: Handling.Reply
        switch actor.request {
        case .read(let names):
            var entries: [EntryName: Entry] = [:]
            for name in names { entries[name] = journal[name] }
            reply = .entries(entries)
        case .put(let name, let entry):
            let result = put(entry, at: name, by: actor.handling)
            if random.chance(faults.lostPutReply) { return kill(index) }
            reply = .put(result)
        case .perform(.prepare):
            // However late the server carries it out. The worker looks afterwards, and begins anew when the session is over.
            if random.chance(faults.slowCreation) { return }
            if kind == .restore { hasIndices = true }
            guard journal[.outcome] == nil || kind == .backup else {
                actor.handling = handling(of: actor.message)
                actor.request = actor.handling.start()
                actors[index] = actor
                return
            }
            reply = .prepared
        case .perform(.transfer(let slice, _, _))
        where faults.unreadable > 0 && (slice.shard ?? 0).isMultiple(of: faults.unreadable):
            // As the worker's runner does with an error of the engine that no retry mends.
            let reason = OutcomeEntry.Abort(condition: "BackupFailed", message: "slice \(slice.shard ?? -1) cannot be read")
            guard let request = actor.handling.giveUpSlice(reason.message) ?? actor.handling.abort(reason, now: clock) else {
                return kill(index)
            }
            actor.request = request
            actors[index] = actor
            return
        case .perform(let work): reply = perform(work)
        case .publish(let publications):
            guard actor.isConnected else { return remove(index) }
            // Half of the list may be out when the worker dies.
            if random.chance(faults.crash) {
                publish(Array(publications.prefix(random.index(below: publications.count + 1))))
                return kill(index)
            }
            publish(publications)
            reply = .published
        case .settle(.retryLater):
            var again = actor.message
            (again.attempt, again.redelivered) = (again.attempt + 1, false)
            queue.append(again)
            return remove(index)
        case .settle: return remove(index)
        }
        actor.request = actor.handling.receive(reply, now: clock)
        actors[index] = actor
    }

    private mutating func put(_ entry: Entry, at name: EntryName, by handling: Handling) -> EntryPut {
        if let standing = journal[name] { return standing.nonce == entry.nonce ? .created : .existing(standing) }
        if journal[.final] != nil { writesAfterFinal[handling.nonce, default: []].append(name) }
        journal[name] = entry
        return .created
    }

    /// Points in time that the journal knows.
    var knownViews: Set<String> {
        Set(journal.values.compactMap { if case .view(let view) = $0 { view.pointInTime } else { nil } })
    }

    private mutating func publish(_ publications: [Handling.Publication]) {
        for publication in publications {
            switch publication {
            case .unit(let position, let attempt): queue.append(Message(subject: .unit(position), attempt: attempt))
            case .final(let entry): finalEvents.append(entry)
            case .running, .expired, .identifierInUse: break
            }
        }
    }

    private mutating func kill(_ index: Int) {
        if actors[index].isConnected { losses += 1 }
        let actor = actors.remove(at: index)
        if actor.isConnected { requeue(actor.message) }
    }

    private mutating func requeue(_ message: Message) {
        var again = message
        again.redelivered = true
        queue.append(again)
    }

    private mutating func remove(_ index: Int) {
        actors.remove(at: index)
    }
}

extension SnapshotSummary {
    static func simulated(documents: Int) -> SnapshotSummary {
        SnapshotSummary(
            id: SnapshotID("20261123T000000Z-abc")!, repository: "r", namespace: "n", target: "t",
            invoker: Invoker(kind: "BackupConfiguration", name: "b"), time: Timestamp(millisecondsSinceEpoch: 0),
            indices: [
                .init(
                    name: "i", shards: 1, documents: documents, bytes: 0, storedBytes: 0, segments: 0, earliestView: nil,
                    latestView: nil)
            ])
    }
}

extension StatusEvent {
    static func simulated(kind: SessionKind, succeeded: Bool) -> StatusEvent {
        StatusEvent(of: .simulated(kind: kind), phase: succeeded ? .succeeded : .failed, source: .final)
    }
}

extension SessionCommand {
    static func simulated(kind: SessionKind) -> SessionCommand {
        let target = AppBinding(
            metadata: ObjectMeta(name: "t"), spec: .init(clientConfig: .init(url: "http://127.0.0.1:9200")))
        let repository = Repository(
            metadata: ObjectMeta(name: "r"), spec: .init(backend: Backend(.local(.init(mountPath: "/tmp/r")))))
        return SessionCommand(
            kind: kind, id: SessionID("abc")!, name: "s", namespace: "n", requestedAt: Timestamp(millisecondsSinceEpoch: 0),
            target: target, repository: repository)
    }
}
