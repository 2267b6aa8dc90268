import Glibc
import Testing

@testable import Runtime

private struct Failure: Error, Equatable {}

/// Runs until told to stop and writes down what happened.
private struct Recorder: Service {
    let name: String
    let journal: Lock<[String]>
    var started: (@Sendable () -> Void)?

    func run() async throws {
        journal.withLock { $0.append("start \(name)") }
        started?()
        do {
            try await gracefulShutdown()
            journal.withLock { $0.append("stop \(name)") }
        } catch {
            journal.withLock { $0.append("cancel \(name)") }
            throw error
        }
    }
}

private struct Task1: Service {
    let body: @Sendable () async throws -> Void

    func run() async throws {
        try await body()
    }
}

/// Counts down and then runs its action, so that a test acts once all services are up.
private final class Gate: Sendable {
    private let missing: Lock<Int>
    private let action: @Sendable () -> Void

    init(_ count: Int, action: @escaping @Sendable () -> Void) {
        missing = Lock(count)
        self.action = action
    }

    func arrive() {
        let isLast = missing.withLock { missing in
            missing -= 1
            return missing == 0
        }
        if isLast { action() }
    }
}

@Suite(.timeLimit(.minutes(1))) struct ServiceGroupTests {
    @Test func servicesStopInReverseOrder() async throws {
        let journal = Lock<[String]>([])
        let box = Lock<ServiceGroup?>(nil)
        let gate = Gate(3) { box.withLock { $0 }?.triggerGracefulShutdown() }
        let services = ["a", "b", "c"].map { ServiceGroup.Entry(Recorder(name: $0, journal: journal) { gate.arrive() }) }
        let group = ServiceGroup(services, signals: [])
        box.withLock { $0 = group }
        #expect(try await group.runUntilStopped() == .requested)
        #expect(journal.withLock { $0.filter { $0.hasPrefix("stop") } } == ["stop c", "stop b", "stop a"])
        box.withLock { $0 = nil }
    }

    @Test func errorOfOneServiceStopsTheOthersAndIsThrown() async {
        let journal = Lock<[String]>([])
        let (up, isUp) = AsyncStream.makeStream(of: Void.self)
        let group = ServiceGroup(
            [
                .init(Recorder(name: "a", journal: journal) { isUp.finish() }),
                .init(
                    Task1 {
                        for await _ in up {}
                        throw Failure()
                    }),
            ], signals: [])
        await #expect(throws: Failure.self) { try await group.run() }
        #expect(journal.withLock { $0 } == ["start a", "stop a"])
    }

    @Test func serviceThatReturnsEarlyIsAFailure() async {
        let group = ServiceGroup([.init(Recorder(name: "a", journal: Lock([]))), .init(Task1 {})], signals: [])
        let error = await #expect(throws: RuntimeError.self) { try await group.run() }
        #expect(error?.code == .serviceFinished)
        #expect(error?.message.contains("Task1") == true)
    }

    @Test func finishedWorkStopsTheGroup() async throws {
        let journal = Lock<[String]>([])
        let group = ServiceGroup(
            [.init(Recorder(name: "a", journal: journal)), .init(Task1 {}, whenFinished: .stopsGroup)], signals: [])
        #expect(try await group.runUntilStopped() == .finished)
        #expect(journal.withLock { $0.last } == "stop a")
    }

    @Test func expectedEndLeavesTheOthersRunning() async throws {
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        let group = ServiceGroup(
            [
                .init(Task1 { end.finish() }, whenFinished: .isExpected),
                .init(Task1 { for await _ in ended {} }, whenFinished: .stopsGroup),
            ], signals: [])
        #expect(try await group.runUntilStopped() == .finished)
    }

    @Test func whatStillRunsAfterTheGraceTimeIsCancelled() async throws {
        let journal = Lock<[String]>([])
        let stubborn = Task1 {
            do { try await Task.sleep(for: .seconds(3600)) } catch { journal.withLock { $0.append("cancelled") } }
        }
        let group = ServiceGroup([.init(stubborn)], graceTime: .zero, signals: [])
        group.triggerGracefulShutdown()
        #expect(try await group.runUntilStopped() == .requested)
        #expect(journal.withLock { $0 } == ["cancelled"])
    }

    @Test func serviceThatIsCutShortIsNamed() async {
        let group = ServiceGroup([.init(Task1 { try await Task.sleep(for: .seconds(3600)) })], graceTime: .zero, signals: [])
        group.triggerGracefulShutdown()
        let error = await #expect(throws: RuntimeError.self) { try await group.run() }
        #expect(error?.code == .graceTimeOver)
    }

    @Test func stopOfTheOuterGroupStopsTheInnerOne() async throws {
        let journal = Lock<[String]>([])
        let inner = ServiceGroup([.init(Recorder(name: "in", journal: journal))], signals: [])
        let outer = ServiceGroup([.init(inner)], signals: [])
        outer.triggerGracefulShutdown()
        #expect(try await outer.runUntilStopped() == .requested)
        #expect(journal.withLock { $0 } == ["start in", "stop in"])
    }

    @Test func cancelledGroupEnds() async {
        let task = Task { try await ServiceGroup([.init(Recorder(name: "a", journal: Lock([])))], signals: []).run() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func signalBeginsTheStop() async throws {
        let journal = Lock<[String]>([])
        let service = Recorder(name: "a", journal: journal) { kill(getpid(), SIGTERM) }
        let group = ServiceGroup([.init(service)])
        #expect(try await group.runUntilStopped() == .signal(SIGTERM))
        #expect(journal.withLock { $0 } == ["start a", "stop a"])
        #expect(TerminationSignal.interrupt.exitStatus == 130)
        #expect(TerminationSignal.terminate.exitStatus == 143)
    }

    @Test func operationIsCancelledOnShutdown() async throws {
        let shutdown = GracefulShutdown()
        let (up, isUp) = AsyncStream.makeStream(of: Void.self)
        async let result: Bool = GracefulShutdown.$current.withValue(shutdown) {
            try await cancelWhenGracefulShutdown {
                isUp.finish()
                do { try await Task.sleep(for: .seconds(3600)) } catch { return Task.isShuttingDownGracefully }
                return false
            }
        }
        for await _ in up {}
        shutdown.trigger()
        #expect(try await result)
    }

    @Test func handlerRunsAtOnceWhenShutdownCameFirst() async {
        let shutdown = GracefulShutdown()
        shutdown.trigger()
        let calls = Lock(0)
        await GracefulShutdown.$current.withValue(shutdown) {
            await withGracefulShutdownHandler {
                #expect(Task.isShuttingDownGracefully)
            } onGracefulShutdown: {
                calls.withLock { $0 += 1 }
            }
        }
        #expect(calls.withLock { $0 } == 1)
    }

    @Test func planAsksOneServiceAfterTheOther() {
        var plan = ShutdownPlan(count: 3)
        #expect(plan.serviceEnded(2, keepsOthersRunning: true) == [])
        #expect(plan.requestShutdown() == [.startGraceTime, .shutDown(1)])
        #expect(plan.requestShutdown() == [])
        #expect(plan.serviceEnded(0, keepsOthersRunning: false) == [])
        #expect(plan.graceTimeOver() == [.cancelAll])
        #expect(plan.serviceEnded(1, keepsOthersRunning: false) == [.end])
        #expect(plan.graceTimeOver() == [])
    }
}
