/// The prefix of a Repository's backend, below which a bucket or container holds the repository's keys.
package enum StorePrefix {
    /// - Returns: nothing, or the prefix with one slash at its end and none at its start.
    /// - Throws: `.invalid` for one that servers would spell in another way.
    package static func checked(_ prefix: String) throws(ArchiveError) -> String {
        let components = prefix.split(separator: "/", omittingEmptySubsequences: false)
        let inner = components.drop { $0.isEmpty }.reversed().drop { $0.isEmpty }.reversed()
        guard inner.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }),
            prefix.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }), prefix.utf8.count <= 512
        else {
            throw ArchiveError(
                .invalid,
                "\"\(prefix)\" cannot be a Repository's prefix: use names joined by single slashes, none of them . or .., 512 bytes at most"
            )
        }
        return inner.map { "\($0)/" }.joined()
    }
}
