import Crypto
package import FoundationEssentials
import HTTP
package import Runtime

/// Objects as block blobs in a container of Azure Blob Storage.
///
/// `If-None-Match: *` decides who wins, for a blob in one request as for one whose blocks are committed. Blocks that nobody committed have no
/// name; the service removes them after a week.
package struct AzureStore: ObjectStore {
    package struct Configuration: Sendable {
        package var account: String
        package var container: String
        package var prefix = ""
        package var credential: AzureCredential
        /// Where the account's containers are, if not at `https://ACCOUNT.blob.core.windows.net`; may have a path.
        package var endpoint: String?
        package var caBundle: [UInt8]?
        package var maxConnections: Int?
        /// Names the Secret in messages.
        package var credentials: String
        /// Files above so many bytes are sent in blocks of a quarter of it.
        package var blockBound = 64 << 20

        package init(account: String, container: String, credential: AzureCredential, credentials: String) {
            self.account = account
            self.container = container
            self.credential = credential
            self.credentials = credentials
        }
    }

    package let location: String
    private let prefix: String
    let blockBound: Int
    private let requests: AzureRequests
    private let markers = Lock(ListMarkers())

    /// - Throws: `.invalid` for a credential or a prefix that cannot be one.
    package init(_ configuration: Configuration, now: @escaping @Sendable () -> Timestamp = { .now() }) throws(ArchiveError) {
        try configuration.credential.check()
        prefix = try StorePrefix.checked(configuration.prefix)
        blockBound = configuration.blockBound
        requests = AzureRequests(configuration, prefix: prefix, now: now)
        location = requests.client.configuration.location
    }

    package func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult {
        try bytes.withBytes { (bytes) throws(ArchiveError) in try insert(bytes, at: key) }
    }

    package func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        let file = try MappedFile(path)
        return try file.withBytes { (bytes) throws(ArchiveError) in
            bytes.count > blockBound ? try insertBlocks(bytes, at: key) : try insert(bytes, at: key)
        }
    }

    package func putInParts(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult? {
        try bytes.withBytes { (bytes) throws(ArchiveError) in try insertBlocks(bytes, at: key) }
    }

    package func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? {
        let answer = try send("GET", key, to: "read \(key)", accepting: [200, 404])
        return try isThere(answer, "read \(key)") ? answer.body : nil
    }

    package func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] {
        let read = RangeRead(key: key, range: range, store: self)
        guard !range.isEmpty else { return try read.empty() }
        let answer = try send(
            "GET", key, to: read.action, headers: read.headers, accepting: RangeRead.statuses, limit: range.count,
            excess: read.ignored)
        guard try isThere(answer, read.action) else { throw absent(key) }
        // Azurite answers so where a range begins at the very end; the service itself has 416 for it.
        if answer.isSuccess, answer.body.isEmpty, let size = try size(key), size <= range.lowerBound {
            throw shortRead(key, range, size: size)
        }
        return try read.bytes(in: answer)
    }

    package func size(_ key: ObjectKey) throws(ArchiveError) -> Int? {
        let answer = try send("HEAD", key, to: "look at \(key)", accepting: [200, 404])
        guard try isThere(answer, "look at \(key)") else { return nil }
        guard let size = answer.headers["Content-Length"].flatMap({ Int($0) }) else {
            throw ArchiveError(
                .unreachable,
                "\(location) does not tell the size of \(key): check that it is Azure Blob Storage, and what stands between")
        }
        return size
    }

    package func delete(_ key: ObjectKey) throws(ArchiveError) {
        _ = try isThere(try send("DELETE", key, to: "delete \(key)", accepting: [200, 202, 404]), "delete \(key)")
    }

    package func now() throws(ArchiveError) -> Date {
        let query = [("comp", "list"), ("maxresults", "1"), ("restype", "container")]
        return try requests.client.date(of: try requests.send("GET", "", query, to: "ask the time", accepting: [200]))
    }

    package func removeLeftovers(olderThan age: Int) throws(ArchiveError) -> Int { 0 }

    package func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo] {
        guard ObjectKey.isValidPrefix(prefix) else { throw malformedPrefix(prefix) }
        var found: [ObjectInfo] = []
        var marker = after.flatMap { after in markers.withLock { $0.take(prefix, after: after, at: ByteRate.monotonicTime()) } }
        var order = ListOrder(prefix: self.prefix, of: prefix, after: marker == nil ? nil : after, in: location)
        while found.count < limit {
            let page = try page(prefix, marker: marker, limit: min(limit - found.count, 5_000))
            for object in page.objects {
                guard let key = try order.key(of: object.name), after.map({ $0 < key }) ?? true else { continue }
                found.append(ObjectInfo(key: key, size: object.size, modified: object.modified))
            }
            guard let next = page.next else { break }
            marker = next
            // Only where nothing of the page is left over does the marker follow the last key.
            if found.count == limit, let last = found.last {
                markers.withLock { $0.keep(next, prefix, after: last.key, at: ByteRate.monotonicTime()) }
            }
        }
        return Array(found.prefix(limit))
    }

    private func page(
        _ prefix: String, marker: String?, limit: Int
    ) throws(ArchiveError) -> (objects: [AzureBlob], next: String?) {
        let action = "list \"\(prefix)\""
        var query = [("comp", "list"), ("maxresults", "\(limit)"), ("restype", "container")]
        if !(self.prefix + prefix).isEmpty { query.append(("prefix", self.prefix + prefix)) }
        if let marker { query.append(("marker", marker)) }
        let root = try XMLElement(parsing: try requests.send("GET", "", query, to: action, accepting: [200]).body)
        guard root.name == "EnumerationResults" else {
            throw ArchiveError(.unsupported, "cannot \(action) in \(location): the answer is no list")
        }
        var objects: [AzureBlob] = []
        for blob in root["Blobs"]?.all("Blob") ?? [] {
            if let object = try AzureBlob(blob, in: location) { objects.append(object) }
        }
        return (objects, root.text(of: "NextMarker").flatMap { $0.isEmpty ? nil : $0 })
    }

    func send(
        _ method: String, _ key: ObjectKey, _ query: [(name: String, value: String)] = [], to action: String,
        headers: HTTPHeaders = [:],
        body: UnsafeRawBufferPointer? = nil, accepting statuses: Set<Int>, limit: Int = ObjectSize.small,
        excess: ArchiveError? = nil
    ) throws(ArchiveError) -> HTTPResponse {
        try requests.send(
            method, "/" + PercentEncoding.encoded(path: prefix + key.text), query, to: action, headers: headers, body: body,
            accepting: statuses, limit: limit, excess: excess)
    }

    func failure(of answer: HTTPResponse, to action: String) -> ArchiveError { requests.client.failure(of: answer, to: action) }

    /// - Returns: false for a blob that is not there.
    /// - Throws: where the container is not.
    private func isThere(_ answer: HTTPResponse, _ action: String) throws(ArchiveError) -> Bool {
        guard answer.status == 404 else { return true }
        if RemoteRefusal(answer).code == "ContainerNotFound" { throw failure(of: answer, to: action) }
        return false
    }
}
