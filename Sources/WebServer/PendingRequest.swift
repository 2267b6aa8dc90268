import CMicroHTTPD
import Runtime

/// One request on its way: its body as it comes in, then its answer as the router finds it.
///
/// The library's thread calls all but `finish` and `end`.
final class PendingRequest: Resting {
    private struct State {
        var body: [UInt8] = []
        /// The connection, while it rests for the answer.
        var resting: OpaquePointer?
        var response: WebResponse?
    }

    private let state = Lock(State())
    private let router: Router
    private let head: WebRequest
    private let places: RestingPlaces

    init(_ head: WebRequest, router: Router, places: RestingPlaces) {
        self.head = head
        self.router = router
        self.places = places
    }

    /// - Returns: false when the body is too large.
    func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        state.withLock { state in
            guard state.body.count + bytes.count <= Router.bodyLimit else { return false }
            state.body.append(contentsOf: bytes)
            return true
        }
    }

    /// The answer, or nil while the connection rests for it.
    func answer(on connection: OpaquePointer) -> WebResponse? {
        if let response = state.withLock({ $0.response }) { return response }
        guard places.add(self) else { return router.refusal(of: head, .stopping) }
        var request = head
        let response = state.withLock { state in
            guard state.response == nil else { return state.response }
            MHD_suspend_connection(connection)
            state.resting = connection
            request.body = state.body
            return nil
        }
        guard response == nil else { return response }
        let ready = request
        Task { [router] in finish(await router.response(to: ready)) }
        return nil
    }

    /// The first answer counts.
    private func finish(_ response: WebResponse) {
        places.remove(self)
        state.withLock { state in
            guard state.response == nil else { return }
            state.response = response
            guard let connection = state.resting else { return }
            state.resting = nil
            MHD_resume_connection(connection)
        }
    }

    func end() { finish(router.refusal(of: head, .stopping)) }
}
