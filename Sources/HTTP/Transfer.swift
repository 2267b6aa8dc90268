import CCurl

/// What libcurl's callbacks fill while one request runs; used by one thread, within one `send`.
final class Transfer {
    /// Takes the bytes of a successful response; nil collects them.
    typealias Sink = (UnsafeRawBufferPointer) throws -> Void

    private let sink: Sink?
    private let isCancelled: @Sendable () -> Bool
    private let maximumBodyBytes: Int
    private let cutsBody: Bool
    private(set) var status = 0
    private(set) var headers = HTTPHeaders()
    /// The empty line behind the headers came.
    private(set) var isHeadComplete = false
    private(set) var body: [UInt8] = []
    /// What the sink threw; the transfer was aborted for it.
    private(set) var sinkError: (any Error)?
    private(set) var isTooLarge = false
    private(set) var wasCancelled = false

    init(sink: Sink?, isCancelled: @escaping @Sendable () -> Bool, maximumBodyBytes: Int, cutsBody: Bool = false) {
        self.cutsBody = cutsBody
        self.sink = sink
        self.isCancelled = isCancelled
        self.maximumBodyBytes = maximumBodyBytes
    }

    /// - Returns: false aborts the transfer.
    func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if let sink, (200..<300).contains(status) {
            do {
                try sink(bytes)
                return true
            } catch {
                sinkError = error
                return false
            }
        }
        guard body.count + bytes.count <= maximumBodyBytes else {
            isTooLarge = true
            if cutsBody { body.append(contentsOf: bytes.prefix(maximumBodyBytes - body.count)) }
            return false
        }
        body.append(contentsOf: bytes)
        return true
    }

    /// Status lines start a new response: those of 100 Continue and of proxies come first.
    func takeHeader(_ line: String) {
        if line.hasPrefix("HTTP/") {
            headers = HTTPHeaders()
            isHeadComplete = false
            status = line.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap { Int($0) } ?? 0
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            headers.append(name: String(line[..<colon]), value: Transfer.trimmingEnd(value))
        } else if line.allSatisfy(\.isNewline) {
            isHeadComplete = true
        }
    }

    /// - Returns: true aborts the transfer.
    func poll() -> Bool {
        if isCancelled() { wasCancelled = true }
        return wasCancelled
    }

    private static func trimmingEnd(_ text: Substring) -> String {
        var text = text
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    static let bodyCallback: sheaf_curl_bytes_callback = { bytes, size, count, context in
        guard let bytes, let transfer = Transfer.from(context) else { return 0 }
        return transfer.take(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
    }

    static let headerCallback: sheaf_curl_bytes_callback = { bytes, size, count, context in
        guard let bytes, let transfer = Transfer.from(context) else { return 0 }
        let line = String(decoding: UnsafeRawBufferPointer(start: bytes, count: size * count), as: UTF8.self)
        transfer.takeHeader(line)
        return size * count
    }

    static let progressCallback: sheaf_curl_progress_callback = { context, _, _, _, _ in
        Transfer.from(context)?.poll() ?? true ? 1 : 0
    }
}
