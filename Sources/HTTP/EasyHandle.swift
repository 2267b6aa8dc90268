import CCurl

/// Owner of one libcurl easy handle and of the header list and error text that belong to it.
///
/// Lives on one thread at a time. `reset` keeps connections, TLS sessions and the DNS cache.
struct EasyHandle: ~Copyable {
    private let pointer: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    private var lists: [UnsafeMutablePointer<curl_slist>] = []

    /// libcurl asks for one global initialisation per process, before any thread uses it; a static is exactly that.
    private static let globalResult = sheaf_curl_global_init()

    init() throws(HTTPError) {
        guard EasyHandle.globalResult == CURLE_OK, let pointer = curl_easy_init() else {
            throw HTTPError(code: .transport, message: "cannot start the HTTP library (libcurl); is the process out of memory?")
        }
        self.pointer = pointer
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        for list in lists { curl_slist_free_all(list) }
        curl_easy_cleanup(pointer)
        errorText.deallocate()
    }

    mutating func reset() throws(HTTPError) {
        curl_easy_reset(pointer)
        for list in lists { curl_slist_free_all(list) }
        lists = []
        errorText[0] = 0
        try check(sheaf_curl_set_error_buffer(pointer, errorText), "CURLOPT_ERRORBUFFER")
    }

    func set(_ option: CURLoption, _ value: Int) throws(HTTPError) {
        try check(sheaf_curl_set_long(pointer, option, value), "option \(option.rawValue)")
    }

    func set(_ option: CURLoption, _ value: String) throws(HTTPError) {
        try check(sheaf_curl_set_string(pointer, option, value), "option \(option.rawValue)")
    }

    /// The library keeps a copy of the bytes.
    func set(_ option: CURLoption, blob: [UInt8]) throws(HTTPError) {
        let code = blob.withUnsafeBytes { sheaf_curl_set_blob(pointer, option, $0.baseAddress, $0.count) }
        try check(code, "option \(option.rawValue)")
    }

    mutating func set(_ option: CURLoption, list: [String]) throws(HTTPError) {
        var head: UnsafeMutablePointer<curl_slist>?
        for line in list {
            guard let longer = curl_slist_append(head, line) else {
                curl_slist_free_all(head)
                throw HTTPError(code: .transport, message: "out of memory while preparing a request")
            }
            head = longer
        }
        guard let head else { return }
        lists.append(head)
        try check(sheaf_curl_set_list(pointer, option, head), "option \(option.rawValue)")
    }

    /// The bytes are borrowed until `perform` returns.
    func setBody(_ bytes: UnsafeRawBufferPointer) throws(HTTPError) {
        // Without an address libcurl would ask a read callback for the body.
        let code =
            if let address = bytes.baseAddress, !bytes.isEmpty {
                sheaf_curl_set_body(pointer, address, curl_off_t(bytes.count))
            } else {
                sheaf_curl_set_body(pointer, "", 0)
            }
        try check(code, "the request body")
    }

    func setCallbacks(
        context: UnsafeMutableRawPointer, body: @escaping sheaf_curl_bytes_callback,
        header: @escaping sheaf_curl_bytes_callback, progress: @escaping sheaf_curl_progress_callback
    ) throws(HTTPError) {
        try check(sheaf_curl_set_writer(pointer, body, context), "the body callback")
        try check(sheaf_curl_set_header_writer(pointer, header, context), "the header callback")
        try check(sheaf_curl_set_progress(pointer, progress, context), "the progress callback")
        try set(CURLOPT_NOPROGRESS, 0)
    }

    func perform() -> CURLcode { curl_easy_perform(pointer) }

    func status() throws(HTTPError) -> Int {
        var status = 0
        try check(sheaf_curl_get_long(pointer, CURLINFO_RESPONSE_CODE, &status), "the status")
        return status
    }

    /// Whether the last transfer got as far as sending its request.
    func hasSentRequest() throws(HTTPError) -> Bool {
        var microseconds: curl_off_t = 0
        try check(sheaf_curl_get_offset(pointer, CURLINFO_PRETRANSFER_TIME_T, &microseconds), "the time of sending")
        return microseconds > 0
    }

    /// `errno` of a connect that failed; 0 when there was none.
    func systemError() throws(HTTPError) -> CInt {
        var number = 0
        try check(sheaf_curl_get_long(pointer, CURLINFO_OS_ERRNO, &number), "the system's error")
        return CInt(clamping: number)
    }

    /// The server's certificate; nil without TLS and on a connection that was there already.
    func certificate() -> ServerCertificate? {
        var entry = sheaf_curl_server_certificate(pointer)
        var lines: [String] = []
        while let line = entry {
            if let text = line.pointee.data { lines.append(String(cString: text)) }
            entry = UnsafePointer(line.pointee.next)
        }
        return lines.isEmpty ? nil : ServerCertificate(lines: lines)
    }

    /// libcurl's own words about the last failure.
    func reason(of code: CURLcode) -> String {
        let text = String(cString: errorText)
        return text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
    }

    private func check(_ code: CURLcode, _ what: String) throws(HTTPError) {
        guard code == CURLE_OK else {
            throw HTTPError(
                code: .invalidRequest,
                message: "libcurl refuses \(what) of a request: \(String(cString: curl_easy_strerror(code)))")
        }
    }
}
