package import Runtime

/// What Google's JSON key of a service account says of use here.
package struct ServiceAccount: Sendable, Equatable {
    package let email: String
    /// PEM.
    package let privateKey: Sensitive
    package let keyID: String?
    /// Where tokens are had.
    package let tokenAddress: String

    /// - Throws: `.invalid`, saying what the text lacks and never what it holds.
    package init(json: [UInt8]) throws(ArchiveError) {
        guard let value = try? JSONValue(parsing: json), value.members != nil else {
            throw ServiceAccount.refusal("is not JSON")
        }
        func member(_ name: String) throws(ArchiveError) -> String {
            guard let text = value[name]?.string, !text.isEmpty else { throw ServiceAccount.refusal("has no \(name)") }
            return text
        }
        if let type = value["type"]?.string, type != "service_account" {
            throw ServiceAccount.refusal("is of type \(type)")
        }
        email = try member("client_email")
        privateKey = Sensitive(try member("private_key"))
        keyID = value["private_key_id"]?.string
        tokenAddress = value["token_uri"]?.string ?? "https://oauth2.googleapis.com/token"
    }

    private static func refusal(_ cause: String) -> ArchiveError {
        ArchiveError(
            .invalid,
            "the key of the service account \(cause): take the whole JSON file that Google makes for a service account's key")
    }
}
