/// Runs services together and stops them together.
///
/// They start in order and stop in reverse, each one after the one before has ended. SIGTERM, SIGINT or the end of a service
/// begins the stop; when the grace time is over, what still runs is cancelled; a second signal ends the process at once.
package final class ServiceGroup: Service {
    package enum EndOfService: Sendable {
        /// A service that returns by itself has failed: `run` throws `.serviceFinished`.
        case isFailure
        /// The work is done: the others are stopped and `run` returns.
        case stopsGroup
        case isExpected
    }

    package struct Entry: Sendable {
        package let service: any Service
        package let whenFinished: EndOfService

        package init(_ service: any Service, whenFinished: EndOfService = .isFailure) {
            self.service = service
            self.whenFinished = whenFinished
        }
    }

    /// Why the services were stopped.
    package enum Ending: Sendable, Equatable {
        case finished
        case requested
        case signal(CInt)
    }

    private enum Event: Sendable {
        case ended(Int, (any Error)?)
        case stop(Ending)
        case graceTimeOver
        case nothing
    }

    private let entries: [Entry]
    private let graceTime: Duration
    private let signals: [TerminationSignal]
    private let clock: any Clock<Duration>
    private let request = GracefulShutdown()

    /// - Parameter signals: none for a group inside another, which gets its stop from there.
    package init(
        _ entries: [Entry], graceTime: Duration = .seconds(30), signals: [TerminationSignal] = TerminationSignal.allCases,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.entries = entries
        self.graceTime = graceTime
        self.signals = signals
        self.clock = clock
    }

    package convenience init(services: [any Service], graceTime: Duration = .seconds(30)) {
        self.init(services.map { Entry($0) }, graceTime: graceTime)
    }

    /// Begins the stop, as a signal would; before `run` it makes that return at once.
    package func triggerGracefulShutdown() {
        request.trigger()
    }

    package func run() async throws {
        _ = try await runUntilStopped()
    }

    /// Runs until every service has ended.
    /// - Throws: the first error of a service, `.serviceFinished`, or `CancellationError`.
    package func runUntilStopped() async throws -> Ending {
        let received = try TerminationSignal.received(signals)
        let request = request
        return try await withGracefulShutdownHandler {
            await withTaskGroup(of: Event.self) { group in
                let shutdowns = entries.map { _ in GracefulShutdown() }
                for (index, entry) in entries.enumerated() {
                    let shutdown = shutdowns[index]
                    group.addTask { await Self.run(entry.service, index, shutdown) }
                }
                group.addTask {
                    do { try await request.wait() } catch { return .nothing }
                    return .stop(.requested)
                }
                group.addTask {
                    for await signal in received { return .stop(.signal(signal.rawValue)) }
                    return .nothing
                }
                defer { group.cancelAll() }
                return await supervise(&group, shutdowns)
            }
        } onGracefulShutdown: {
            request.trigger()
        }.get()
    }

    private static func run(_ service: any Service, _ index: Int, _ shutdown: GracefulShutdown) async -> Event {
        do {
            try await GracefulShutdown.$current.withValue(shutdown) { try await service.run() }
            return .ended(index, nil)
        } catch {
            return .ended(index, error)
        }
    }

    private func supervise(_ group: inout TaskGroup<Event>, _ shutdowns: [GracefulShutdown]) async -> Result<Ending, any Error> {
        var plan = ShutdownPlan(count: entries.count)
        var ending: Ending?
        var failure: (any Error)?
        var isGraceTimeOver = false
        if entries.isEmpty { return .success(.finished) }
        while let event = await group.next() {
            var actions: [ShutdownPlan.Action] = []
            switch event {
            case .ended(let index, let error):
                if failure == nil {
                    let isCut = isGraceTimeOver && error is CancellationError
                    failure = isCut ? cutShort(index) : error ?? unexpectedEnd(of: index, isStopping: ending != nil)
                }
                let keepsOthers = error == nil && entries[index].whenFinished == .isExpected
                if ending == nil && !keepsOthers { ending = .finished }
                actions = plan.serviceEnded(index, keepsOthersRunning: keepsOthers)
            case .stop(let reason):
                ending = ending ?? reason
                actions = plan.requestShutdown()
            case .graceTimeOver:
                isGraceTimeOver = true
                actions = plan.graceTimeOver()
            case .nothing: break
            }
            for action in actions {
                switch action {
                case .shutDown(let index): shutdowns[index].trigger()
                case .startGraceTime: startGraceTime(&group)
                case .cancelAll: group.cancelAll()
                case .end:
                    if let failure { return .failure(failure) }
                    return .success(ending ?? .finished)
                }
            }
        }
        return .failure(CancellationError())
    }

    private func startGraceTime(_ group: inout TaskGroup<Event>) {
        let (clock, graceTime) = (clock, graceTime)
        group.addTask {
            do { try await clock.sleep(for: graceTime) } catch { return .nothing }
            return .graceTimeOver
        }
    }

    private func unexpectedEnd(of index: Int, isStopping: Bool) -> RuntimeError? {
        guard !isStopping, entries[index].whenFinished == .isFailure else { return nil }
        return RuntimeError(
            code: .serviceFinished, message: "service \(name(of: index)) ended although nobody asked it to; see its log")
    }

    private func cutShort(_ index: Int) -> RuntimeError {
        let limit = graceTime.shortText
        return RuntimeError(
            code: .graceTimeOver, message: "service \(name(of: index)) did not stop within \(limit) and was cancelled")
    }

    private func name(of index: Int) -> String {
        String(describing: type(of: entries[index].service))
    }
}
