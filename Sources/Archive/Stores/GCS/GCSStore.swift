import Crypto
package import FoundationEssentials
import HTTP
package import Runtime

/// Objects in a bucket of Google Cloud Storage, by its JSON API with the tokens of a service account.
///
/// A put is one media upload with `ifGenerationMatch=0`, which takes 5 TiB: an upload in pieces would cost requests and give nothing, since what
/// fails is sent again as a whole. What arrived is compared by MD5.
package struct GCSStore: ObjectStore {
    package struct Configuration: Sendable {
        package var bucket: String
        package var prefix = ""
        package var account: ServiceAccount
        /// Scheme and host of another than Google's own.
        package var endpoint: String?
        package var caBundle: [UInt8]?
        package var maxConnections: Int?
        /// Names the Secret in messages.
        package var credentials: String

        package init(bucket: String, account: ServiceAccount, credentials: String) {
            self.bucket = bucket
            self.account = account
            self.credentials = credentials
        }
    }

    package let location: String
    private let prefix: String
    private let client: RemoteClient
    private let tokens: TokenSource
    /// Where the bucket's objects are, and where they are uploaded.
    private let objects: String
    private let uploads: String

    /// Does not talk to the store.
    /// - Throws: `.invalid` for a prefix that cannot be one.
    package init(_ configuration: Configuration, now: @escaping @Sendable () -> Timestamp = { .now() }) throws(ArchiveError) {
        prefix = try StorePrefix.checked(configuration.prefix)
        location = "gs://\(configuration.bucket)\(prefix.isEmpty ? "" : "/\(prefix.dropLast())")"
        let endpoint = configuration.endpoint ?? "https://storage.googleapis.com"
        let path = "storage/v1/b/\(PercentEncoding.encoded(configuration.bucket))/o"
        objects = "\(endpoint)/\(path)"
        uploads = "\(endpoint)/upload/\(path)"
        var remote = RemoteClient.Configuration(
            location: location, credentials: configuration.credentials, caBundle: configuration.caBundle)
        if let maxConnections = configuration.maxConnections { remote.maxConnections = maxConnections }
        client = RemoteClient(remote)
        remote.maxConnections = 1
        tokens = TokenSource(account: configuration.account, client: RemoteClient(remote), now: now)
    }

    package func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult {
        try bytes.withBytes { (bytes) throws(ArchiveError) in try insert(bytes, at: key) }
    }

    package func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        let file = try MappedFile(path)
        return try file.withBytes { (bytes) throws(ArchiveError) in try insert(bytes, at: key) }
    }

    package func putInParts(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult? { nil }

    package func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? {
        let answer = try send("GET", "\(address(of: key))?alt=media", to: "read \(key)", accepting: [200, 404])
        return answer.status == 404 ? nil : answer.body
    }

    package func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] {
        let read = RangeRead(key: key, range: range, store: self)
        guard !range.isEmpty else { return try read.empty() }
        let answer = try send(
            "GET", "\(address(of: key))?alt=media", to: read.action, headers: read.headers, accepting: RangeRead.statuses,
            limit: range.count, excess: read.ignored)
        guard answer.status != 404 else { throw absent(key) }
        return try read.bytes(in: answer)
    }

    package func size(_ key: ObjectKey) throws(ArchiveError) -> Int? {
        let action = "look at \(key)"
        let answer = try send("GET", "\(address(of: key))?fields=name,size,updated", to: action, accepting: [200, 404])
        return answer.status == 404 ? nil : try GCSObject(try json(answer, action), in: location).size
    }

    package func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo] {
        guard ObjectKey.isValidPrefix(prefix) else { throw malformedPrefix(prefix) }
        let action = "list \"\(prefix)\""
        var order = ListOrder(prefix: self.prefix, of: prefix, in: location)
        var query = [("prefix", self.prefix + prefix), ("fields", "kind,items(name,size,updated),nextPageToken")]
        // Inclusive, so the key itself comes once more.
        if let after { query.append(("startOffset", self.prefix + after.text)) }
        var found: [ObjectInfo] = []
        var page: String?
        while found.count < limit {
            var asked = query + [("maxResults", "\(min(limit - found.count + 1, 1_000))")]
            if let page { asked.append(("pageToken", page)) }
            let url = "\(objects)?\(PercentEncoding.encoded(query: asked))"
            let answer = try json(try send("GET", url, to: action, accepting: [200]), action)
            guard answer["kind"]?.string == "storage#objects" else {
                throw ArchiveError(.unsupported, "cannot \(action) in \(location): the answer is no list")
            }
            for item in answer["items"]?.array ?? [] {
                let object = try GCSObject(item, in: location)
                guard let key = try order.key(of: object.name), after.map({ $0 < key }) ?? true else { continue }
                found.append(ObjectInfo(key: key, size: object.size, modified: object.modified))
            }
            page = answer["nextPageToken"]?.string
            if page == nil { break }
        }
        return Array(found.prefix(limit))
    }

    package func delete(_ key: ObjectKey) throws(ArchiveError) {
        _ = try send("DELETE", address(of: key), to: "delete \(key)", accepting: [200, 204, 404])
    }

    package func now() throws(ArchiveError) -> Date {
        try client.date(of: try send("GET", "\(objects)?maxResults=1&fields=kind", to: "ask the time", accepting: [200]))
    }

    /// An upload that broke off leaves nothing.
    package func removeLeftovers(olderThan age: Int) throws(ArchiveError) -> Int { 0 }

    private func address(of key: ObjectKey) -> String { "\(objects)/\(PercentEncoding.encoded(prefix + key.text))" }

    private func insert(_ bytes: UnsafeRawBufferPointer, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        let name = PercentEncoding.encoded(prefix + key.text)
        let answer = try send(
            "POST", "\(uploads)?uploadType=media&name=\(name)&ifGenerationMatch=0", to: "store \(key)",
            headers: ["Content-Type": "application/octet-stream"], body: .borrowed(bytes), accepting: [200, 412])
        guard answer.status == 200 else { return .existing }
        try check(try json(answer, "store \(key)"), is: bytes, at: key)
        return .created
    }

    /// What arrived otherwise than it was sent must not keep the name.
    private func check(_ stored: JSONValue, is bytes: UnsafeRawBufferPointer, at key: ObjectKey) throws(ArchiveError) {
        let size = try GCSObject(stored, in: location).size
        let isSame =
            if let sum = stored["md5Hash"]?.string, let own = MD5.digest(of: bytes) {
                sum == Data(own).base64EncodedString()
            } else {
                true
            }
        if size == bytes.count && isSame { return }
        let generation = stored["generation"]?.string.map { "?ifGenerationMatch=\(PercentEncoding.encoded($0))" } ?? ""
        _ = try send("DELETE", address(of: key) + generation, to: "delete \(key)", accepting: [200, 204, 404, 412])
        throw ArchiveError(
            .unreachable,
            "\(key) arrived in \(location) otherwise than it was sent, and was deleted again: check what stands in between")
    }

    private func json(_ answer: HTTPResponse, _ action: String) throws(ArchiveError) -> JSONValue {
        guard let value = try? JSONValue(parsing: answer.body) else {
            throw ArchiveError(
                .unreachable, "cannot \(action) in \(location): the answer is not JSON; check what stands in between")
        }
        return value
    }

    /// With a token; one that is refused is replaced once.
    private func send(
        _ method: String, _ url: String, to action: String, headers: HTTPHeaders = [:], body: HTTPRequest.Body = .none,
        accepting statuses: Set<Int>, limit: Int = ObjectSize.small, excess: ArchiveError? = nil
    ) throws(ArchiveError) -> HTTPResponse {
        func attempt(_ token: Sensitive) throws(ArchiveError) -> HTTPResponse {
            var request = HTTPRequest(method: method, url: url, headers: headers, body: body)
            request.headers["Authorization"] = "Bearer \(token.reveal())"
            return try client.send(
                request, to: action, accepting: statuses.union([401, 404]), limit: limit, excess: excess,
                expecting: excess == nil ? 0 : limit)
        }
        let token = try tokens.token()
        var answer = try attempt(token)
        if answer.status == 401 {
            tokens.refuse(token)
            answer = try attempt(try tokens.token())
        }
        // Google has one code for objects and buckets that are not there, and tells them apart in words alone.
        if answer.status == 404, let message = RemoteRefusal(answer).message, message.contains("bucket does not exist") {
            throw RemoteRefusal(status: 404, code: "NoSuchBucket", message: message).error(to: action, in: client.configuration)
        }
        guard statuses.contains(answer.status) else { throw client.failure(of: answer, to: action) }
        return answer
    }
}
