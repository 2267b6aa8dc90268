import CMicroHTTPD
import Runtime

/// What a connection rests for: the library's thread does not wait, and must not be stopped while one rests.
protocol Resting: AnyObject, Sendable {
    /// Wakes the connection with whatever there is to say at once; it never rests again.
    func end()
}

/// Everything that may rest on one daemon's connections.
final class RestingPlaces: Sendable {
    private struct State {
        var isStopping = false
        var resting: [ObjectIdentifier: any Resting] = [:]
    }

    private let state = Lock(State())

    /// - Returns: false once the daemon stops: then nothing may rest any more.
    func add(_ one: any Resting) -> Bool {
        state.withLock { state in
            guard !state.isStopping else { return false }
            state.resting[ObjectIdentifier(one)] = one
            return true
        }
    }

    func remove(_ one: any Resting) {
        state.withLock { _ = $0.resting.removeValue(forKey: ObjectIdentifier(one)) }
    }

    func endAll() {
        let all = state.withLock { state in
            state.isStopping = true
            defer { state.resting = [:] }
            return Array(state.resting.values)
        }
        for one in all { one.end() }
    }
}
