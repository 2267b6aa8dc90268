/// Checks that a store lists names below a prefix in the order of their bytes, since pages would miss some otherwise: a pure value.
struct ListOrder {
    /// What all names begin with: the backend's prefix, which ends in a slash, and the list's own.
    let start: String
    /// The backend's alone.
    let prefix: String
    let location: String
    private var last: String

    /// - Parameter after: the key that the list goes on after.
    init(prefix: String, of keys: String, after: ObjectKey? = nil, in location: String) {
        last = after.map { prefix + $0.text } ?? ""
        self.prefix = prefix
        start = prefix + keys
        self.location = location
    }

    /// - Returns: nil for a name that is no key: others may use the place too.
    /// - Throws: `.unsupported` for a name that is out of order or elsewhere.
    mutating func key(of name: String) throws(ArchiveError) -> ObjectKey? {
        guard name.hasPrefix(start), last.utf8.lexicographicallyPrecedes(name.utf8) else {
            throw ArchiveError(
                .unsupported,
                "cannot list \"\(start)\" in \(location): names are not listed in the order of their bytes, so pages would miss some"
            )
        }
        last = name
        let text = String(name.dropFirst(prefix.count))
        return ObjectKey.isValid(text) ? try ObjectKey(text) : nil
    }
}
