import Crypto
import FoundationEssentials
import HTTP
import Runtime

/// Addresses and authorises the requests to one container.
struct AzureRequests: Sendable {
    private static let version = "2021-12-02"

    let client: RemoteClient
    /// The container's URL.
    private let container: String
    /// Its path: `/` and the container, behind whatever path the endpoint has.
    private let path: String
    private let signer: AzureSigner?
    /// The query of a shared access signature.
    private let signature: Sensitive?
    private let now: @Sendable () -> Timestamp

    /// - Parameter prefix: checked.
    init(_ configuration: AzureStore.Configuration, prefix: String, now: @escaping @Sendable () -> Timestamp) {
        let endpoint = configuration.endpoint ?? "https://\(configuration.account).blob.core.windows.net"
        let root = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
        let name = PercentEncoding.encoded(configuration.container)
        container = "\(root)/\(name)"
        let authority = root.split(separator: "/", omittingEmptySubsequences: false).prefix(3).joined(separator: "/")
        path = "\(root.dropFirst(authority.count))/\(name)"
        switch configuration.credential {
        case .sharedKey(let key):
            signer = AzureSigner(account: configuration.account, key: Data(base64Encoded: key.reveal()).map { Array($0) } ?? [])
            signature = nil
        case .signature(let query):
            signer = nil
            signature = Sensitive(query.reveal().hasPrefix("?") ? String(query.reveal().dropFirst()) : query.reveal())
        }
        var remote = RemoteClient.Configuration(
            location: prefix.isEmpty ? container : "\(container)/\(prefix.dropLast())", credentials: configuration.credentials,
            caBundle: configuration.caBundle)
        if let maxConnections = configuration.maxConnections { remote.maxConnections = maxConnections }
        client = RemoteClient(remote)
        self.now = now
    }

    /// - Parameters:
    ///   - target: empty for the container, or a slash and a blob's name, encoded.
    ///   - query: not encoded, names in lower case.
    func send(
        _ method: String, _ target: String, _ query: [(name: String, value: String)], to action: String,
        headers: HTTPHeaders = [:],
        body: UnsafeRawBufferPointer? = nil, accepting statuses: Set<Int>, limit: Int = ObjectSize.small,
        excess: ArchiveError? = nil
    ) throws(ArchiveError) -> HTTPResponse {
        var headers = headers
        headers["x-ms-version"] = Self.version
        headers["x-ms-date"] = HTTPDate.text(now())
        if let signer {
            headers["Authorization"] = try digesting { () throws(CryptoError) in
                try signer.authorization(method, path: path + target, query: query, headers: headers, length: body?.count ?? 0)
            }
        }
        let parameters = [PercentEncoding.encoded(query: query.map { ($0.name, $0.value) }), signature?.reveal() ?? ""]
            .filter { !$0.isEmpty }.joined(separator: "&")
        let url = "\(container)\(target)\(parameters.isEmpty ? "" : "?")\(parameters)"
        let request = HTTPRequest(method: method, url: url, headers: headers, body: body.map { .borrowed($0) } ?? .none)
        return try client.send(
            request, to: action, accepting: statuses, limit: limit, excess: excess, expecting: excess == nil ? 0 : limit)
    }
}
