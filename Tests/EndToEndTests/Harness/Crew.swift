import Glibc
import Testing

/// The workers of one site, of which some may be killed and replaced.
actor Crew {
    private let site: Site
    private let arguments: [String]
    private(set) var workers: [ChildProcess] = []
    private var started = 0

    init(_ site: Site, _ arguments: [String]) {
        self.site = site
        self.arguments = arguments
    }

    func start(_ count: Int) async throws {
        for _ in 0..<count {
            started += 1
            workers.append(try await site.startWorker("w\(started)", arguments))
        }
    }

    /// Kills the worker at a place, counted round, and starts another one.
    func replace(_ place: Int) async throws {
        let victim = workers.remove(at: place % workers.count)
        try await victim.kill()
        try await start(1)
    }

    /// Seconds of CPU of each since its start.
    func cpuSeconds() throws -> [Double] { try workers.map { try $0.cpuSeconds() } }

    /// Lets all end what they have in hand.
    func stop() async throws {
        for worker in workers { worker.send(signal: SIGTERM) }
        for worker in workers { #expect(try await worker.exit(within: .seconds(60)) == .code(0)) }
        workers = []
    }
}
