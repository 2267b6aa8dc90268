import Crypto
import FoundationEssentials
import HTTP
package import Runtime

/// What lets requests into an Azure storage account.
package enum AzureCredential: Sendable {
    /// The account's key, in base64 as Azure shows it.
    case sharedKey(Sensitive)
    /// A shared access signature: the query of such an address, with or without `?`.
    case signature(Sensitive)

    /// - Throws: `.invalid` for text that cannot be one; it is never quoted.
    package func check() throws(ArchiveError) {
        switch self {
        case .sharedKey(let key):
            guard let bytes = Data(base64Encoded: key.reveal()), !bytes.isEmpty else {
                throw ArchiveError(.invalid, "AZURE_ACCOUNT_KEY is not base64: copy the whole key from the account's access keys")
            }
        case .signature(let query):
            guard query.reveal().contains("sig="), query.reveal().utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw ArchiveError(
                    .invalid, "AZURE_ACCOUNT_SAS is no shared access signature: give the part of its address from sv= on")
            }
        }
    }
}

/// Signs requests as Azure's "Shared Key" demands, of service version 2015-02-21 and later: a pure value.
struct AzureSigner: Sendable {
    let account: String
    let key: [UInt8]

    /// The value of `Authorization`.
    ///
    /// - Parameters:
    ///   - path: of the URL, as it is sent.
    ///   - query: not encoded, each name once and in lower case.
    ///   - length: bytes of the body.
    func authorization(
        _ method: String, path: String, query: [(name: String, value: String)], headers: HTTPHeaders, length: Int
    ) throws(CryptoError) -> String {
        let text = text(method, path: path, query: query, headers: headers, length: length)
        let code = try MessageAuthentication.sha256(key: key, message: Array(text.utf8))
        return "SharedKey \(account):\(Data(code).base64EncodedString())"
    }

    /// What is signed.
    func text(
        _ method: String, path: String, query: [(name: String, value: String)], headers: HTTPHeaders, length: Int
    ) -> String {
        let plain = [
            "Content-Encoding", "Content-Language", "Content-Length", "Content-MD5", "Content-Type", "Date", "If-Modified-Since",
            "If-Match", "If-None-Match", "If-Unmodified-Since", "Range",
        ].map { name in name == "Content-Length" ? (length == 0 ? "" : "\(length)") : headers[name] ?? "" }
        let own = headers.map { ($0.name.lowercased(), $0.value) }.filter { $0.0.hasPrefix("x-ms-") }.sorted { $0.0 < $1.0 }
            .map { "\($0.0):\($0.1)" }
        let parameters = query.sorted { $0.name < $1.name }.map { "\($0.name):\($0.value)" }
        return ([method] + plain + own + ["/\(account)\(path)"] + parameters).joined(separator: "\n")
    }
}
