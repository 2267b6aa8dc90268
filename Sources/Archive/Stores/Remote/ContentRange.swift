import HTTP

/// What an answer of status 206 says it holds: `Content-Range: bytes 0-99/1234`.
struct ContentRange: Equatable {
    let first: Int
    let last: Int

    var count: Int { last - first + 1 }

    /// nil without the header, or for one that names no range.
    init?(_ response: HTTPResponse) {
        guard let text = response.headers["Content-Range"], text.lowercased().hasPrefix("bytes ") else { return nil }
        let bounds = text.dropFirst(6).prefix { $0 != "/" }.split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count == 2, let first = Int(bounds[0]), let last = Int(bounds[1]), first >= 0, last >= first else {
            return nil
        }
        self.first = first
        self.last = last
    }
}
