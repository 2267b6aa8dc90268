import CMicroHTTPD
import Glibc
import Runtime

/// Owns one libmicrohttpd daemon and what its callbacks reach.
///
/// `HTTPServer` calls `stop` exactly once; the library's functions may be called from any thread.
struct Daemon: @unchecked Sendable {
    // Unchecked is right: the pointers never change, and the library guards its own state.
    private let handle: OpaquePointer
    private let context: Unmanaged<DaemonContext>
    let port: Int

    init(address: SocketAddress, router: Router, connectionLimit: Int, idleTimeout: Duration) throws(WebServerError) {
        let context = Unmanaged.passRetained(DaemonContext(router))
        errno = 0
        let started = address.withPointer { pointer in
            sheaf_mhd_start(
                pointer, UInt32(clamping: connectionLimit), UInt32(clamping: idleTimeout.components.seconds), answer, completed,
                context.toOpaque())
        }
        guard let started else {
            let cause = errno
            context.release()
            throw Self.failure(address, cause)
        }
        handle = started
        self.context = context
        port = Int(sheaf_mhd_port(started))
    }

    func stop() {
        context.takeUnretainedValue().places.endAll()
        MHD_stop_daemon(handle)
        context.release()
    }

    private static func failure(_ address: SocketAddress, _ cause: CInt) -> WebServerError {
        let place = "\(address.host):\(address.port)"
        switch cause {
        case EADDRINUSE:
            return WebServerError(
                code: .addressInUse, message: "cannot listen on \(place): another program does; stop it or choose another port",
                isRetryable: true)
        case EACCES, EADDRNOTAVAIL, EAFNOSUPPORT:
            return WebServerError(
                code: .addressNotAllowed,
                message:
                    "cannot listen on \(place): \(errorText(cause)); choose a port above 1023 and an address of this machine",
                isRetryable: false)
        default:
            return WebServerError(
                code: .startFailed, message: "cannot listen on \(place): \(errorText(cause))", isRetryable: false)
        }
    }
}

/// What the library's callbacks are given.
private final class DaemonContext: Sendable {
    let router: Router
    let places = RestingPlaces()

    init(_ router: Router) { self.router = router }
}

/// Called by the library first for the head of a request, then for each piece of a body, then at its end, and again whenever the connection
/// has rested.
private func answer(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, _ url: UnsafePointer<CChar>?,
    _ method: UnsafePointer<CChar>?, _ version: UnsafePointer<CChar>?, _ piece: UnsafePointer<CChar>?,
    _ pieceCount: UnsafeMutablePointer<Int>?, _ state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let context, let connection, let url, let method, let state, let pieceCount else { return .NO }
    let daemon = Unmanaged<DaemonContext>.fromOpaque(context).takeUnretainedValue()
    guard let known = state.pointee else {
        let head = WebRequest(
            method: String(cString: method), path: String(cString: url), query: pairs(connection, .GET_ARGUMENT_KIND),
            headers: pairs(connection, .HEADER_KIND))
        // An answer to the head closes the connection, so that the body is not read.
        if let length = head[header: "Content-Length"], Int(length).map({ $0 > Router.bodyLimit }) ?? true {
            return queue(
                daemon.router.refusal(of: head, .tooLarge(limit: Router.bodyLimit)), on: connection, places: daemon.places)
        }
        state.pointee = Unmanaged.passRetained(PendingRequest(head, router: daemon.router, places: daemon.places)).toOpaque()
        return .YES
    }
    let pending = Unmanaged<PendingRequest>.fromOpaque(known).takeUnretainedValue()
    if pieceCount.pointee > 0 {
        defer { pieceCount.pointee = 0 }
        // One that did not say how long it is, and is too long, is cut off.
        return pending.take(UnsafeRawBufferPointer(start: piece, count: pieceCount.pointee)) ? .YES : .NO
    }
    guard let response = pending.answer(on: connection) else { return .YES }
    return queue(response, on: connection, places: daemon.places)
}

/// Called by the library once for each request that `answer` was called for.
private func completed(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, _ state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ reason: MHD_RequestTerminationCode
) {
    guard let known = state?.pointee else { return }
    state?.pointee = nil
    Unmanaged<PendingRequest>.fromOpaque(known).release()
}

private func queue(_ answer: WebResponse, on connection: OpaquePointer, places: RestingPlaces) -> MHD_Result {
    let made: OpaquePointer?
    switch answer.content {
    case .bytes(var body):
        made = body.withUnsafeMutableBytes { bytes in
            MHD_create_response_from_buffer(bytes.count, bytes.baseAddress, .RESPMEM_MUST_COPY)
        }
    case .stream(let body):
        let stream = Unmanaged.passRetained(ResponseStream(body, on: connection, places: places))
        made = MHD_create_response_from_callback(UInt64.max, 16_384, readStream, stream.toOpaque(), closeStream)
        if made == nil { closeStream(stream.toOpaque()) }
    }
    guard let made else { return .NO }
    defer { MHD_destroy_response(made) }
    for header in answer.headers {
        guard MHD_add_response_header(made, header.name, header.value) == .YES else { return .NO }
    }
    return MHD_queue_response(connection, UInt32(clamping: answer.status), made)
}

private func readStream(
    _ context: UnsafeMutableRawPointer?, _ position: UInt64, _ buffer: UnsafeMutablePointer<CChar>?, _ count: Int
) -> Int {
    guard let context, let buffer else { return sheaf_mhd_end_of_stream() }
    let stream = Unmanaged<ResponseStream>.fromOpaque(context).takeUnretainedValue()
    return stream.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: count)) ?? sheaf_mhd_end_of_stream()
}

private func closeStream(_ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    let stream = Unmanaged<ResponseStream>.fromOpaque(context).takeRetainedValue()
    stream.close()
}

private func pairs(_ connection: OpaquePointer, _ kind: MHD_ValueKind) -> [(name: String, value: String)] {
    var collected: [(name: String, value: String)] = []
    withUnsafeMutablePointer(to: &collected) { pointer in
        _ = MHD_get_connection_values(
            connection, kind,
            { context, _, name, value in
                guard let context, let name else { return .NO }
                let pairs = context.assumingMemoryBound(to: [(name: String, value: String)].self)
                pairs.pointee.append((String(cString: name), value.map { String(cString: $0) } ?? ""))
                return .YES
            }, pointer)
    }
    return collected
}
