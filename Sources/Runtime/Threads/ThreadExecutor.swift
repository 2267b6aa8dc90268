/// A serial executor that owns one thread, for actors over C handles that must stay on theirs (librabbitmq, sqlite).
///
/// The actor keeps it and answers it as its executor:
///
///     actor Connection {
///         private let executor: ThreadExecutor
///         nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
///     }
///
/// A hop between two such actors costs about 6 µs: batch, never one hop a document. The thread ends when the last
/// reference and the last job are gone.
package final class ThreadExecutor: SerialExecutor {
    private let jobs: JobQueue<ThreadExecutor>
    private let thread: DedicatedThread

    package init(name: String) throws(RuntimeError) {
        let jobs = JobQueue<ThreadExecutor>()
        self.jobs = jobs
        thread = try DedicatedThread(name: name) { jobs.serve(Self.run) }
    }

    deinit {
        jobs.close()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        jobs.append(job, owner: self)
    }

    private static func run(_ entry: JobQueue<ThreadExecutor>.Entry) {
        entry.job.runSynchronously(on: entry.owner.asUnownedSerialExecutor())
    }
}
