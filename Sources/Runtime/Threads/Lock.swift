import Glibc

/// A value that one thread at a time may touch, with a condition to wait for.
///
/// Backed by a pthread mutex, since ThreadSanitizer sees its order; it reports races that are none on
/// `Synchronization.Mutex`. Never hold it while blocking, and never take it twice on one thread.
package final class Lock<Value>: @unchecked Sendable {
    // Unchecked is right: `storage` is only reached between lock and unlock, the pointers never change.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var storage: Value

    package init(_ value: consuming sending Value) {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        condition = .allocate(capacity: 1)
        condition.initialize(to: pthread_cond_t())
        storage = value
        let results = (pthread_mutex_init(mutex, nil), pthread_cond_init(condition, nil))
        precondition(results == (0, 0), "the C library refused a mutex")
    }

    deinit {
        pthread_cond_destroy(condition)
        condition.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Runs the body with sole access to the value.
    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&storage)
    }

    /// Blocks the calling thread until the body answers something, asking again after each `notify`.
    ///
    /// Only for dedicated threads: a thread of Swift's own pool that waits holds up every task.
    package func wait<Result>(until body: (inout Value) -> Result?) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&storage) { return result }
            pthread_cond_wait(condition, mutex)
        }
    }

    /// Wakes one thread that waits.
    package func notify() {
        pthread_cond_signal(condition)
    }

    package func notifyAll() {
        pthread_cond_broadcast(condition)
    }
}
