import Glibc
import Runtime
import Testing

private actor Counter {
    private let executor: ThreadExecutor
    private var value = 0
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(name: String) throws {
        executor = try ThreadExecutor(name: name)
    }

    func increment() -> (value: Int, thread: pthread_t) {
        value += 1
        return (value, pthread_self())
    }
}

/// Threads of this process with that name.
private func threadCount(named name: String) throws -> Int {
    let folder = try #require(opendir("/proc/self/task"))
    defer { closedir(folder) }
    var count = 0
    while let entry = readdir(folder) {
        let task = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
            tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        guard let file = fopen("/proc/self/task/\(task)/comm", "r") else { continue }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 32)
        guard fgets(&buffer, 32, file) != nil else { continue }
        let bytes = buffer.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init(bitPattern:))
        if String(decoding: bytes, as: UTF8.self).hasPrefix(name) { count += 1 }
    }
    return count
}

@Suite struct ThreadTests {
    @Test func actorStaysOnItsOwnThread() async throws {
        let counter = try Counter(name: "t-actor")
        let results = await withTaskGroup(of: (Int, pthread_t).self) { group in
            for _ in 0..<500 { group.addTask { await counter.increment() } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(results.map(\.0)) == Set(1...500))
        #expect(Set(results.map(\.1)).count == 1)
    }

    @Test func blockingCallsRunAtTheSameTime() async throws {
        let threads = try BlockingThreads(name: "t-block", count: 8)
        let arrived = Lock(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try await threads.run {
                        // Returns only when all eight are inside at once.
                        arrived.withLock { $0 += 1 }
                        arrived.notifyAll()
                        arrived.wait { $0 == 8 ? () : nil }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(arrived.withLock { $0 } == 8)
    }

    @Test func childTasksStayOnTheBlockingThreads() async throws {
        let threads = try BlockingThreads(name: "t-child", count: 1)
        let own = try await threads.run { pthread_self() }
        let children = await withTaskGroup(of: pthread_t.self) { group in
            for _ in 0..<20 { group.addTask(executorPreference: threads) { pthread_self() } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(children.allSatisfy { $0 == own })
    }

    @Test func errorOfABlockingBodyIsThrown() async throws {
        let threads = try BlockingThreads(name: "t-throw", count: 1)
        await #expect(throws: CancellationError.self) { try await threads.run { throw CancellationError() } }
    }

    @Test(.timeLimit(.minutes(1))) func threadsEndWithTheirExecutor() async throws {
        for _ in 0..<50 {
            let threads = try BlockingThreads(name: "t-gone", count: 4)
            _ = try await threads.run { 1 }
            let counter = try Counter(name: "t-gone")
            _ = await counter.increment()
            #expect(try threadCount(named: "t-gone") > 0)
        }
        // A thread that let its own executor go is not joined, so its last steps are waited for here.
        while try threadCount(named: "t-gone") > 0 { await Task.yield() }
        #expect(try threadCount(named: "t-gone") == 0)
    }

    @Test func lockLosesNoUpdate() async {
        let total = Lock(0)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { for _ in 0..<10_000 { total.withLock { $0 += 1 } } }
            }
        }
        #expect(total.withLock { $0 } == 40_000)
    }

    @Test func lockIsFreeAgainAfterAThrow() {
        let value = Lock(1)
        #expect(throws: CancellationError.self) { try value.withLock { _ in throw CancellationError() } }
        #expect(value.withLock { $0 } == 1)
    }

    @Test func signalsOfTheProgramAreBlockedInDedicatedThreads() async throws {
        let threads = try BlockingThreads(name: "t-signal", count: 1)
        let isBlocked = try await threads.run {
            var mask = sigset_t()
            pthread_sigmask(SIG_BLOCK, nil, &mask)
            return sigismember(&mask, SIGTERM) == 1
        }
        #expect(isBlocked)
    }
}
