import Crypto

/// Finds a store that would let one writer overwrite another, before anything is kept in it: each way to store an object is used twice on
/// one name.
enum StoreProbe {
    /// - Throws: `.unsupported`, saying what the store did.
    static func check(_ store: any ObjectStore) throws(ArchiveError) {
        try check(store, "put") { (bytes, key) throws(ArchiveError) in try store.put(bytes, at: key) }
        try check(store, "upload in parts") { (bytes, key) throws(ArchiveError) in
            try store.putInParts(bytes, at: key)
        }
    }

    private static func check(
        _ store: any ObjectStore, _ manner: String, _ write: ([UInt8], ObjectKey) throws(ArchiveError) -> PutResult?
    ) throws(ArchiveError) {
        let key = try ObjectKey("probe/\(digesting { () throws(CryptoError) in try randomBytes(16) }.hex)")
        let first = Array("first".utf8)
        // The store writes in no such manner.
        guard let result = try write(first, key) else { return }
        let second = try write(Array("second".utf8), key)
        let kept = try store.get(key)
        try store.delete(key)
        guard result == .created else { throw refusal(store, manner, "said that a new name was taken") }
        guard second == .existing else { throw refusal(store, manner, "was accepted a second time") }
        guard kept == first else { throw refusal(store, manner, "changed the object that was there") }
    }

    private static func refusal(_ store: any ObjectStore, _ manner: String, _ finding: String) -> ArchiveError {
        ArchiveError(
            .unsupported,
            "\(store.location) cannot hold a repository: a conditional \(manner) \(finding), so two workers could overwrite each other; "
                + "use a store that keeps the condition\(manner == "put" ? "" : ", or annotate the Repository sheaf.dev/multipart: never")"
        )
    }
}
