import Archive
import Messages
import Runtime
import Sessions
import Snapshots

/// Collects garbage beside the work, on one thread of its own: one repository at a time, each not more than once an hour.
///
/// Nothing waits for it and nothing of it fails a session: what goes wrong is logged and left to the next run, here or elsewhere.
final class Upkeep: Sendable {
    private struct State {
        var waiting: [Repository] = []
        var pace = UpkeepPace()
        var isAtWork = false
        var isStopped = false
        var thread: DedicatedThread?
    }

    /// What the thread needs. It does not hold on to the upkeep itself.
    private final class Bench: Sendable {
        let repositories: RepositoryPool
        let grace: Duration
        let logger: Logger
        let state = Lock(State())

        init(repositories: RepositoryPool, grace: Duration, logger: Logger) {
            self.repositories = repositories
            self.grace = grace
            self.logger = logger
        }

        var isStopped: Bool { state.withLock { $0.isStopped } }

        /// Blocks until there is something to do; nil: stop.
        func next() -> Repository? {
            state.wait { state -> Repository?? in
                state.isAtWork = false
                if state.isStopped { return .some(nil) }
                guard !state.waiting.isEmpty else { return nil }
                state.isAtWork = true
                return state.waiting.removeFirst()
            }
        }

        func collect(_ repository: Repository) {
            let context: Logger.Metadata = ["repository": .string("\(repository.key)")]
            do {
                let opened = try repositories.open(repository, for: .collecting)
                let report = try Collector(opened.store, grace: grace, isStopped: { self.isStopped }).run()
                logger.info(
                    "garbage was collected",
                    metadata: context.merging([
                        "snapshots": .string("\(report.swept.count)"), "deleted": .string("\(report.deleted.objects)"),
                        "bytes": .string("\(report.deleted.bytes)"), "marked": .string("\(report.marked.objects)"),
                        "aborted": .string("\(report.aborted.count)"),
                    ]) { $1 })
                for problem in report.problems {
                    logger.warning(
                        "garbage could not be collected", metadata: context.merging(["error": .string(problem)]) { $1 })
                }
            } catch is CancellationError {
                logger.info("stopped while garbage was collected; the next run goes on", metadata: context)
            } catch {
                logger.warning("garbage was not collected", metadata: context.merging(["error": .string("\(error)")]) { $1 })
            }
        }
    }

    private let bench: Bench

    init(repositories: RepositoryPool, grace: Duration, logger: Logger) {
        bench = Bench(repositories: repositories, grace: grace, logger: logger)
    }

    deinit { stop() }

    /// Has the repository's garbage collected soon, unless that was begun within the hour. Returns at once.
    func request(_ repository: Repository, at now: ContinuousClock.Instant = .now) {
        let problem: RuntimeError? = bench.state.withLock { state in
            guard !state.isStopped else { return nil }
            do throws(RuntimeError) {
                if state.thread == nil { state.thread = try Self.makeThread(bench) }
            } catch {
                return error
            }
            if state.pace.begins(repository.key, at: now) { state.waiting.append(repository) }
            return nil
        }
        if let problem {
            bench.logger.warning("garbage is not collected here", metadata: ["error": .string(problem.message)])
        }
        bench.state.notify()
    }

    /// Once a backup whose policy prunes is committed and its message settled.
    func request(after command: SessionCommand, outcome: OutcomeEntry?) {
        guard command.kind == .backup, outcome?.isCommit == true, let policy = command.configuration?.spec.retentionPolicy,
            policy.prune, !policy.dryRun
        else { return }
        request(command.repository)
    }

    private static func makeThread(_ bench: Bench) throws(RuntimeError) -> DedicatedThread {
        try DedicatedThread(name: "upkeep") {
            while let repository = bench.next() { bench.collect(repository) }
        }
    }

    /// Whether something waits or is being done.
    var isBusy: Bool { bench.state.withLock { $0.isAtWork || !$0.waiting.isEmpty } }

    /// Ends the run at hand at its next object. What waits is dropped.
    func stop() {
        bench.state.withLock { state in
            state.isStopped = true
            state.waiting = []
        }
        bench.state.notifyAll()
    }
}
