/// The jobs that wait for a thread, oldest first.
///
/// Each job keeps its executor alive until it has run, so an executor can be let go at any time and no job is lost.
final class JobQueue<Owner: Executor>: Sendable {
    struct Entry {
        let job: UnownedJob
        let owner: Owner
    }

    private struct State {
        var entries: [Entry] = []
        var head = 0
        var isClosed = false
    }

    private enum Next {
        case entry(Entry)
        case closed
    }

    private let state = Lock(State())

    func append(_ job: consuming ExecutorJob, owner: Owner) {
        let entry = Entry(job: UnownedJob(job), owner: owner)
        state.withLock { $0.entries.append(entry) }
        state.notify()
    }

    /// Lets the threads return once the jobs that are here have run.
    func close() {
        state.withLock { $0.isClosed = true }
        state.notifyAll()
    }

    /// Takes jobs until the queue is closed and empty; called by the dedicated threads.
    func serve(_ run: (Entry) -> Void) {
        while true {
            switch state.wait(until: Self.next) {
            case .entry(let entry): run(entry)
            case .closed: return
            }
        }
    }

    private static func next(_ state: inout State) -> Next? {
        guard state.head < state.entries.count else {
            return state.isClosed ? .closed : nil
        }
        let entry = state.entries[state.head]
        state.head += 1
        // The taken half goes at once, so an entry is moved once on average and owners are not kept alive for long.
        if state.head * 2 > state.entries.count {
            state.entries.removeFirst(state.head)
            state.head = 0
        }
        return .entry(entry)
    }
}
