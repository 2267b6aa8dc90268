import CCurl
import Glibc

extension HTTPClient {
    /// What libcurl's code means for the caller, in a sentence that says what to do.
    func failure(
        _ code: CURLcode, _ transfer: Transfer, _ request: HTTPRequest, _ url: RequestURL
    ) throws(HTTPError) -> HTTPError {
        let attempt = "\(request.method) \(url.printable)"
        let wasSent = try handle.hasSentRequest()
        func error(_ code: HTTPError.Code, _ cause: String) -> HTTPError {
            HTTPError(code: code, message: "\(attempt)\(cause)", wasSent: wasSent)
        }
        if transfer.wasCancelled { return error(.cancelled, " was cancelled") }
        if transfer.isTooLarge {
            return error(.tooLarge, ": the response is bigger than \(configuration.maximumBodyBytes) bytes")
        }
        let reason = handle.reason(of: code)
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            return error(.resolve, ": host \(url.host) is not known (\(reason)); check name and DNS")
        case CURLE_COULDNT_CONNECT: return error(.connect, ": \(try connectFailure(url, reason: reason))")
        case CURLE_OPERATION_TIMEDOUT:
            return error(
                .timeout,
                wasSent
                    ? ": no answer in time (\(reason)); check whether the server is overloaded"
                    : ": no connection in time (\(reason)); check address, port and firewall")
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_INVALIDCERTSTATUS, CURLE_USE_SSL_FAILED:
            if reason.contains("SSL_ERROR_SYSCALL") || reason.contains("unexpected eof") {
                return error(.transport, ": the connection ended within the TLS handshake (\(reason)); check what is in between")
            }
            return error(.tls, ": \(tlsFailure(url, reason: reason))")
        // With TLS 1.3 the server judges the client's certificate after its own handshake is done: the refusal comes when reading.
        case CURLE_RECV_ERROR where reason.contains(" alert "): return error(.tls, ": \(tlsFailure(url, reason: reason))")
        case CURLE_GOT_NOTHING where url.scheme == "http":
            return error(
                .transport,
                ": the server closed the connection without an answer; if it speaks TLS, use https:// in \(configuration.settings.url)"
            )
        // The alert that says so may be lost when the server resets the connection behind it.
        case CURLE_GOT_NOTHING,
            CURLE_RECV_ERROR where url.scheme == "https" && configuration.tls.clientCertificate == nil:
            return error(
                .transport,
                ": the server closed the connection without an answer (\(reason)); if it demands a client certificate, "
                    + configuration.settings.demandedCertificate)
        case CURLE_UNSUPPORTED_PROTOCOL where reason.contains("HTTP/0.9"):
            return error(
                .transport, ": what answers does not speak HTTP (\(reason)); check address, port and whether it needs https://")
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_FUNCTION_ARGUMENT:
            return error(.invalidRequest, ": \(reason)")
        default:
            return error(.transport, ": the transfer failed (\(reason))")
        }
    }

    private func connectFailure(_ url: RequestURL, reason: String) throws(HTTPError) -> String {
        guard try handle.systemError() == ECONNREFUSED else {
            return "no connection (\(reason)); check address, port and firewall"
        }
        return "connection refused: nothing listens at \(url.host) port \(url.port); "
            + "check address and port, and whether the server runs"
    }

    private func tlsFailure(_ url: RequestURL, reason: String) -> String {
        TLSFailure(reason).sentence(
            reason: reason, host: configuration.tls.serverName ?? url.host, certificate: handle.certificate(),
            settings: configuration.settings)
    }
}
