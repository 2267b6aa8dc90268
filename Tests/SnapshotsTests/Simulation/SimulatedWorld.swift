import Archive
import Runtime

/// One thread of the simulation. It runs only while it has the baton.
final class SimulatedActor {
    let name: String
    /// When it goes on, in milliseconds of true time.
    fileprivate(set) var wake: Int
    fileprivate(set) var isFinished = false
    fileprivate let turn = Lock(false)
    /// Its process is gone: every call fails until its thread has unwound.
    var isCrashed = false
    /// What its host's clock is off by, in milliseconds.
    var hostOffset = 0
    /// Milliseconds that long delays of the operation at hand may still take: readers and workers are not slower than a grace.
    var patience = 0
    /// Its host has hardly any time for it: most calls take seconds, many minutes.
    var isSlow = false
    /// The session that it works for.
    var session: String?
    /// Told when a call takes so long that the broker gives the delivery to another.
    var lostConnection: (() -> Void)?

    init(_ name: String, wake: Int) {
        self.name = name
        self.wake = wake
    }
}

/// Time, chance and turns: exactly one actor runs at any moment, and the seed decides which one is next.
///
/// Unchecked is right: only the actor that has the baton touches it, and the baton goes from thread to thread through a lock.
final class SimulatedWorld: @unchecked Sendable {
    struct Faults {
        /// Chances in ten thousand, at each call of the store.
        var crash = 20
        var failure = 20
        var lostReply = 20
        var staleList = 1500
    }

    static let second = 1000
    static let minute = 60_000
    static let hour = 3_600_000
    static let day = 86_400_000

    var random: SeededGenerator
    var faults = Faults()
    /// True time, in milliseconds.
    private(set) var time = 1_764_000_000_000
    /// What the store's clock is off by.
    private(set) var storeOffset = 0
    private var actors: [SimulatedActor] = []
    private let conductor: SimulatedActor
    private var nextStep: Int
    var calls = 0
    private(set) var crashes = 0
    /// The world comes to rest: what is begun is ended, nothing new begins.
    var isClosing = false

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        conductor = SimulatedActor("conductor", wake: time)
        nextStep = time
        actors = [conductor]
    }

    var storeTime: Timestamp { Timestamp(millisecondsSinceEpoch: Int64(time + storeOffset)) }

    func hostTime(of actor: SimulatedActor) -> Timestamp { Timestamp(millisecondsSinceEpoch: Int64(time + actor.hostOffset)) }

    // MARK: - Turns

    /// Adds an actor that runs `body` on a thread of its own, from its first turn on.
    func start(_ name: String, _ body: @escaping (SimulatedActor) -> Void) throws -> DedicatedThread {
        let actor = SimulatedActor(name, wake: time + random.number(in: 1...Self.hour))
        actors.append(actor)
        let task = Task(actor: actor, body: body)
        return try DedicatedThread(name: name) { [self] in
            wait(for: task.actor)
            task.body(task.actor)
            task.actor.isFinished = true
            handOver(from: nil)
        }
    }

    private struct Task: @unchecked Sendable {
        let actor: SimulatedActor
        let body: (SimulatedActor) -> Void
    }

    /// Lets others run for so many milliseconds.
    func pause(_ actor: SimulatedActor, _ milliseconds: Int) {
        actor.wake = time + max(1, milliseconds)
        handOver(from: actor)
    }

    /// The thread of the test waits, so that the others run.
    func conduct(for milliseconds: Int) { pause(conductor, milliseconds) }

    var conductorActor: SimulatedActor { conductor }

    var isQuiet: Bool { actors.allSatisfy { $0.isFinished || $0 === conductor } }

    private func handOver(from actor: SimulatedActor?) {
        // The conductor is never finished, so there is always one.
        var next = conductor
        for other in actors where !other.isFinished && other.wake < next.wake { next = other }
        time = max(time, next.wake)
        moveClocks()
        if next === actor { return }
        next.turn.withLock { $0 = true }
        next.turn.notify()
        if let actor { wait(for: actor) }
    }

    private func wait(for actor: SimulatedActor) {
        let _: Void = actor.turn.wait { isMine -> Void? in
            guard isMine else { return nil }
            isMine = false
            return ()
        }
    }

    /// Clocks of hosts jump by minutes; the store's is stepped, never more than three minutes back from where it has been.
    private func moveClocks() {
        guard time >= nextStep else { return }
        nextStep = time + random.number(in: 2 * Self.hour...12 * Self.hour)
        storeOffset = random.number(in: -90...90) * Self.second
        for actor in actors where random.chance(300) { actor.hostOffset = random.number(in: -600...600) * Self.second }
    }

    // MARK: - Chance

    func happens(_ perTenThousand: Int) -> Bool { random.number(in: 0...9999) < perTenThousand }

    /// How long a call takes: mostly moments, sometimes minutes, rarely hours.
    func latency(of actor: SimulatedActor) -> Int {
        let dice = random.number(in: (actor.isSlow ? 9000 : 0)...9999)
        switch dice {
        case ..<9000: return random.number(in: 2...200)
        case ..<9850: return random.number(in: 1...60) * Self.second
        case ..<9960: return long(random.number(in: 1...20) * Self.minute, actor)
        default: return long(random.number(in: 1...6) * Self.hour, actor)
        }
    }

    private func long(_ milliseconds: Int, _ actor: SimulatedActor) -> Int {
        guard actor.patience >= milliseconds else { return 10 }
        actor.patience -= milliseconds
        if milliseconds >= 20 * Self.minute { actor.lostConnection?() }
        return milliseconds
    }

    func crash(_ actor: SimulatedActor) {
        actor.isCrashed = true
        crashes += 1
    }
}
