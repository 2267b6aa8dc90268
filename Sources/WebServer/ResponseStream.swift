import CMicroHTTPD
import Runtime

/// Where the body of an answer that goes on is written to.
package struct WebStream: Sendable {
    let response: ResponseStream

    /// Returns once there is room for more: what is written waits for a slow client, and is not piled up.
    ///
    /// - Returns: false when the client is gone or the server stops: nothing more is wanted.
    package func write(_ bytes: [UInt8]) async -> Bool { await response.write(bytes) }
}

/// The body of an answer that goes on: hands the library what is written, and lets the connection rest in between.
final class ResponseStream: Resting {
    /// Bytes that may wait for the client before the writer has to.
    private static let limit = 64 << 10

    private struct State {
        var waiting: [UInt8] = []
        var sent = 0
        var isOver = false
        /// The connection, while it is suspended.
        var resting: OpaquePointer?
        /// The writer, while it waits for room.
        var writer: CheckedContinuation<Void, Never>?
        var work: Task<Void, Never>?

        var hasRoom: Bool { isOver || waiting.count - sent < ResponseStream.limit }

        /// The connection and the writer, each to be woken if it rests.
        mutating func wake() {
            if let resting {
                self.resting = nil
                MHD_resume_connection(resting)
            }
            if hasRoom, let writer {
                self.writer = nil
                writer.resume()
            }
        }
    }

    private let state = Lock(State())
    private let connection: Connection
    private let places: RestingPlaces

    /// The library's pointer, which outlives the answer that it is used for.
    private struct Connection: @unchecked Sendable {
        // Unchecked is right: it is only handed back to the library, whose functions for it may be called from any thread.
        let pointer: OpaquePointer
    }

    init(_ body: @escaping @Sendable (WebStream) async -> Void, on connection: OpaquePointer, places: RestingPlaces) {
        self.connection = Connection(pointer: connection)
        self.places = places
        guard places.add(self) else {
            state.withLock { $0.isOver = true }
            return
        }
        let work = Task {
            await body(WebStream(response: self))
            end()
        }
        state.withLock { $0.work = work }
    }

    fileprivate func write(_ bytes: [UInt8]) async -> Bool {
        state.withLock { state in
            guard !state.isOver else { return }
            state.waiting += bytes
            guard let resting = state.resting else { return }
            state.resting = nil
            MHD_resume_connection(resting)
        }
        await withCheckedContinuation { continuation in
            let hasRoom = state.withLock { state in
                guard !state.hasRoom else { return true }
                state.writer = continuation
                return false
            }
            if hasRoom { continuation.resume() }
        }
        return state.withLock { !$0.isOver }
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
            if state.hasRoom, let writer = state.writer {
                state.writer = nil
                writer.resume()
            }
            return count
        }
    }

    func end() {
        state.withLock { state in
            state.isOver = true
            state.wake()
        }
    }

    /// Called when the client is gone or all is sent.
    func close() {
        places.remove(self)
        let work = state.withLock { state in
            state.isOver = true
            // The library is done with the connection.
            state.resting = nil
            state.wake()
            return state.work
        }
        work?.cancel()
    }
}
