import CMicroHTTPD
import Glibc
import Runtime

/// Owns one libmicrohttpd daemon and the router it calls.
///
/// `HTTPServer` calls `stop` exactly once; the library's functions may be called from any thread.
struct Daemon: @unchecked Sendable {
    // Unchecked is right: the pointers never change, and the library guards its own state.
    private let handle: OpaquePointer
    private let router: Unmanaged<Router>
    let port: Int

    init(address: SocketAddress, router: Router, connectionLimit: Int, idleTimeout: Duration) throws(WebServerError) {
        let context = Unmanaged.passRetained(router)
        errno = 0
        let started = address.withPointer { pointer in
            sheaf_mhd_start(
                pointer, UInt32(clamping: connectionLimit), UInt32(clamping: idleTimeout.components.seconds), answer,
                context.toOpaque())
        }
        guard let started else {
            let cause = errno
            context.release()
            throw Self.failure(address, cause)
        }
        handle = started
        self.router = context
        port = Int(sheaf_mhd_port(started))
    }

    func stop() {
        MHD_stop_daemon(handle)
        router.release()
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

/// Called by the library first for the head of a request, then for each piece of a body, then once more at its end.
private func answer(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, _ url: UnsafePointer<CChar>?,
    _ method: UnsafePointer<CChar>?, _ version: UnsafePointer<CChar>?, _ body: UnsafePointer<CChar>?,
    _ bodyCount: UnsafeMutablePointer<Int>?, _ state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let context, let connection, let url, let method, let state, let bodyCount else { return .NO }
    let name = String(cString: method)
    let mayHaveBody = name != "GET" && name != "HEAD"
    // A request without a body is answered at its end, since an answer to the head alone closes the connection. One
    // with a body is never taken, so the answer may come, and the connection close, before the body.
    if state.pointee == nil && !mayHaveBody {
        state.pointee = context
        return .YES
    }
    if bodyCount.pointee > 0 {
        bodyCount.pointee = 0
        return .YES
    }
    let router = Unmanaged<Router>.fromOpaque(context).takeUnretainedValue()
    let request = WebRequest(
        method: name, path: String(cString: url), query: pairs(connection, .GET_ARGUMENT_KIND),
        headers: pairs(connection, .HEADER_KIND))
    return queue(router.response(to: request), on: connection)
}

private func queue(_ answer: WebResponse, on connection: OpaquePointer) -> MHD_Result {
    var body = answer.body
    let made = body.withUnsafeMutableBytes { bytes in
        MHD_create_response_from_buffer(bytes.count, bytes.baseAddress, .RESPMEM_MUST_COPY)
    }
    guard let made else { return .NO }
    defer { MHD_destroy_response(made) }
    for header in answer.headers {
        guard MHD_add_response_header(made, header.name, header.value) == .YES else { return .NO }
    }
    return MHD_queue_response(connection, UInt32(clamping: answer.status), made)
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
