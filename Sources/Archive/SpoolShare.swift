import Runtime

/// The shares of one spool that are in use, by whom they are of.
final class SpoolShares: Sendable {
    private struct Entry {
        weak var share: Spool?
    }

    private let entries = Lock<[String: Entry]>([:])

    func share(of owner: String, make: () -> Spool) -> Spool {
        entries.withLock { entries in
            entries = entries.filter { $0.value.share != nil }
            if let standing = entries[owner]?.share { return standing }
            let made = make()
            entries[owner] = Entry(share: made)
            return made
        }
    }
}

extension Spool {
    /// A part of this spool that one owner may fill: all who ask for the same owner, as long as one of them holds it, have one share.
    ///
    /// - Parameters:
    ///   - owner: such as a session's id.
    ///   - limit: bytes.
    ///   - bound: what the limit is, for the error of whoever would pass it.
    package func share(of owner: String, limit: Int, bound: String) -> Spool {
        shares.share(of: owner) { Spool(shareOf: self, limit: limit, bound: bound) }
    }
}
