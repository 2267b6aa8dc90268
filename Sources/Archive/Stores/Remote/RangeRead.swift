import HTTP

/// One read of some bytes of an object, by a request with the header `Range`.
struct RangeRead {
    let key: ObjectKey
    let range: Range<Int>
    let store: any ObjectStore

    var action: String { "read bytes \(range.lowerBound)..<\(range.upperBound) of \(key)" }

    var headers: HTTPHeaders { ["Range": "bytes=\(range.lowerBound)-\(range.upperBound - 1)"] }

    static let statuses: Set = [200, 206, 404, 416]

    /// Something on the way does not know ranges.
    var ignored: ArchiveError {
        ArchiveError(
            .unsupported,
            "cannot \(action) in \(store.location): the answer is not that range; check what stands between this worker and the store"
        )
    }

    /// Nothing, where the object reaches as far as an empty range does: servers know no such ranges.
    func empty() throws(ArchiveError) -> [UInt8] {
        guard let size = try store.size(key) else { throw store.absent(key) }
        guard range.upperBound <= size else { throw store.shortRead(key, range, size: size) }
        return []
    }

    /// - Parameter answer: of status 206 or 416; every other one is none.
    func bytes(in answer: HTTPResponse) throws(ArchiveError) -> [UInt8] {
        if answer.status == 416 { throw store.shortRead(key, range, size: try store.size(key) ?? 0) }
        guard answer.status == 206, let part = ContentRange(answer), part.first == range.lowerBound,
            part.count == answer.body.count
        else { throw ignored }
        guard part.count == range.count else { throw store.shortRead(key, range, size: range.lowerBound + part.count) }
        return answer.body
    }
}
