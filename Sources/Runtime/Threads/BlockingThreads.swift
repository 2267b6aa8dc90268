/// A task executor of dedicated threads, for calls that block: HTTP, object stores, files.
///
/// Use it with `withTaskExecutorPreference` or `addTask(executorPreference:)`: child tasks and `@concurrent` functions
/// stay on it, an unstructured `Task {}` does not. The threads end when the last reference and the last job are gone.
package final class BlockingThreads: TaskExecutor {
    private let jobs: JobQueue<BlockingThreads>
    private let threads: [DedicatedThread]

    /// - Parameter count: how many calls may block at the same time, at least one.
    package init(name: String, count: Int) throws(RuntimeError) {
        let jobs = JobQueue<BlockingThreads>()
        var threads: [DedicatedThread] = []
        do {
            for number in 0..<max(1, count) {
                threads.append(try DedicatedThread(name: "\(name)-\(number)") { jobs.serve(Self.run) })
            }
        } catch {
            jobs.close()
            throw error
        }
        self.jobs = jobs
        self.threads = threads
    }

    deinit {
        jobs.close()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        jobs.append(job, owner: self)
    }

    /// Runs one blocking body on a thread of this executor.
    @concurrent
    package func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withTaskExecutorPreference(self) { try body() }
    }

    private static func run(_ entry: JobQueue<BlockingThreads>.Entry) {
        entry.job.runSynchronously(on: entry.owner.asUnownedTaskExecutor())
    }
}
