import CMicroHTTPD
import Runtime

/// The body of an answer that goes on: hands the library what a stream brings, and lets the connection rest in between.
final class ResponseStream: Resting {
    /// Bytes that may wait for a slow client.
    static let limit = 1 << 20

    private struct State {
        var waiting: [UInt8] = []
        var sent = 0
        var isOver = false
        /// The connection, while it is suspended.
        var resting: OpaquePointer?
        var feed: Task<Void, Never>?
    }

    private let state = Lock(State())
    private let connection: Connection
    private let places: RestingPlaces

    /// The library's pointer, which outlives the answer that it is used for.
    private struct Connection: @unchecked Sendable {
        // Unchecked is right: it is only handed back to the library, whose functions for it may be called from any thread.
        let pointer: OpaquePointer
    }

    init(_ pieces: AsyncStream<[UInt8]>, on connection: OpaquePointer, places: RestingPlaces) {
        self.connection = Connection(pointer: connection)
        self.places = places
        guard places.add(self) else {
            state.withLock { $0.isOver = true }
            return
        }
        let feed = Task { [weak self] in
            // Until it is cancelled, also when no more is wanted: that is how the stream's source is told.
            for await piece in pieces { self?.take(piece) }
            self?.end()
        }
        state.withLock { $0.feed = feed }
    }

    private func take(_ piece: [UInt8]) {
        state.withLock { state in
            guard !state.isOver else { return }
            state.waiting += piece
            if state.waiting.count - state.sent > Self.limit { state.isOver = true }
            Self.wake(&state)
        }
    }

    /// Called by the library: copies what waits, or rests.
    ///
    /// - Returns: bytes copied; nil at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        state.withLock { state in
            let count = min(buffer.count, state.waiting.count - state.sent)
            guard count > 0 else {
                if state.isOver { return nil }
                MHD_suspend_connection(connection.pointer)
                state.resting = connection.pointer
                return 0
            }
            buffer.copyBytes(from: state.waiting[state.sent..<state.sent + count])
            state.sent += count
            if state.sent == state.waiting.count {
                state.waiting.removeAll(keepingCapacity: true)
                state.sent = 0
            }
            return count
        }
    }

    func end() {
        state.withLock { state in
            state.isOver = true
            Self.wake(&state)
        }
    }

    /// Called when the client is gone or all is sent.
    func close() {
        places.remove(self)
        let feed = state.withLock { state in
            state.isOver = true
            return state.feed
        }
        feed?.cancel()
    }

    private static func wake(_ state: inout State) {
        guard let resting = state.resting else { return }
        state.resting = nil
        MHD_resume_connection(resting)
    }
}
