import Crypto
package import FoundationEssentials
import HTTP

/// Objects in a bucket of Amazon S3 or of what speaks its language (MinIO, Ceph, R2…), below a prefix that belongs to the repository.
///
/// Put-if-absent is `If-None-Match: *`, on a put and on the completion of a multipart upload. Missing objects are told from forbidden ones
/// only to those who may list the bucket, so the credentials need that right too.
package struct S3Store: ObjectStore {
    /// Files of this size and above are uploaded in parts.
    static let partsFrom = 32 << 20
    /// Bytes of a part; S3 takes 5 MiB...5 GiB and 10,000 parts.
    static let partSize = 16 << 20
    /// Bytes that one request can store.
    static let largestPut = 5 << 30

    package let location: String
    let address: S3Address
    let client: RemoteClient
    private let configuration: S3Configuration
    private let credentials: any CredentialSource

    /// Does not talk to the store.
    package init(_ configuration: S3Configuration, credentials: any CredentialSource) throws(ArchiveError) {
        address = try S3Address(configuration)
        location = address.location
        client = RemoteClient(
            RemoteClient.Configuration(
                location: location, credentials: configuration.credentials, caBundle: configuration.caBundle,
                insecureTLS: configuration.insecureTLS, maxConnections: configuration.maxConnections))
        self.configuration = configuration
        self.credentials = credentials
    }

    package func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult {
        try put(.bytes(bytes), at: key)
    }

    package func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        let file = try MappedFile(path)
        guard file.count < S3Store.partsFrom || !configuration.usesParts else {
            return try file.withBytes { (bytes) throws(ArchiveError) in try uploadParts(of: bytes, at: key) }
        }
        guard file.count <= S3Store.largestPut else {
            throw ArchiveError(
                .invalid,
                "cannot store \(key) in \(location): it has \(file.count) bytes, and one request takes 5 GiB; allow parts")
        }
        return try file.withBytes { (bytes) throws(ArchiveError) in try put(.borrowed(bytes), at: key) }
    }

    package func putInParts(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult? {
        guard configuration.usesParts else { return nil }
        return try bytes.withBytes { (bytes) throws(ArchiveError) in try uploadParts(of: bytes, at: key) }
    }

    package func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? {
        let response = try send("GET", address.url(of: key), to: "read \(key)", accepting: [200, 404])
        guard response.status == 404 else { return response.body }
        try checkAbsent(response, key)
        return nil
    }

    package func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] {
        let read = RangeRead(key: key, range: range, store: self)
        guard !range.isEmpty else { return try read.empty() }
        let response = try send(
            "GET", address.url(of: key), read.headers, to: read.action, accepting: RangeRead.statuses, limit: range.count,
            excess: read.ignored, expecting: range.count)
        guard response.status != 404 else {
            try checkAbsent(response, key)
            throw absent(key)
        }
        return try read.bytes(in: response)
    }

    package func size(_ key: ObjectKey) throws(ArchiveError) -> Int? {
        let action = "look at \(key)"
        let response = try head(key, to: action)
        guard response.status == 404 else {
            guard let size = response.headers["Content-Length"].flatMap({ Int($0) }) else {
                throw ArchiveError(.unsupported, "cannot \(action) in \(location): the answer does not tell its size")
            }
            return size
        }
        // Whether it is the bucket that is missing.
        let reason = try askWhy(key, to: action)
        guard reason.status == 404 else {
            throw ArchiveError(.unreachable, "cannot \(action) in \(location): it was stored at this moment; try again")
        }
        try checkAbsent(reason, key)
        return nil
    }

    package func delete(_ key: ObjectKey) throws(ArchiveError) {
        let response = try send("DELETE", address.url(of: key), to: "delete \(key)", accepting: [200, 204, 404])
        if response.status == 404 { try checkAbsent(response, key) }
    }

    package func now() throws(ArchiveError) -> Date {
        try client.date(of: head(.format, to: "ask for the time"))
    }

    /// - Returns: an answer with status 200 or 404.
    private func head(_ key: ObjectKey, to action: String) throws(ArchiveError) -> HTTPResponse {
        let response = try send("HEAD", address.url(of: key), to: action, accepting: [200, 301, 400, 403, 404])
        guard response.status != 200, response.status != 404 else { return response }
        _ = try askWhy(key, to: action)
        throw client.failure(of: response, to: action)
    }

    /// An answer to HEAD has no words: why it is not 200 is told to a GET alone, which throws what is neither there nor missing.
    private func askWhy(_ key: ObjectKey, to action: String) throws(ArchiveError) -> HTTPResponse {
        try send(
            "GET", address.url(of: key), ["Range": "bytes=0-0"], to: action, accepting: [200, 206, 404, 416], limit: .max)
    }

    private func put(_ body: HTTPRequest.Body, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        let response = try send(
            "PUT", address.url(of: key), ["If-None-Match": "*"], body, to: "store \(key)", accepting: [200, 412])
        return response.status == 412 ? .existing : .created
    }

    /// Of a 404: passes for a missing object, throws for a missing bucket.
    private func checkAbsent(_ response: HTTPResponse, _ key: ObjectKey) throws(ArchiveError) {
        guard let code = RemoteRefusal(response).code, code != "NoSuchKey" else { return }
        throw client.failure(of: response, to: "find \(key)")
    }

    /// Signs and sends a request.
    func send(
        _ method: String, _ url: String, _ headers: HTTPHeaders = [:], _ body: HTTPRequest.Body = .none, to action: String,
        accepting statuses: Set<Int>, limit: Int = ObjectSize.small, excess: ArchiveError? = nil, expecting expected: Int = 0
    ) throws(ArchiveError) -> HTTPResponse {
        let credentials = try credentials.credentials()
        let signer = RequestSigner(
            service: "s3", region: address.region, accessKeyID: credentials.accessKeyID,
            secretAccessKey: credentials.secretAccessKey, sessionToken: credentials.sessionToken)
        let request: HTTPRequest
        do throws(HTTPError) {
            request = try signer.signed(HTTPRequest(method: method, url: url, headers: headers, body: body))
        } catch {
            throw ArchiveError(.invalid, "cannot \(action) in \(location): \(error.message)")
        }
        return try client.send(
            request, to: action, accepting: statuses, limit: limit, excess: excess, expecting: expected)
    }
}
