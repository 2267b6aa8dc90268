package import Runtime

/// What requests to AWS and to S3 are signed with.
package struct AWSCredentials: Sendable, Equatable {
    package let accessKeyID: String
    package let secretAccessKey: Sensitive
    /// Of temporary credentials.
    package let sessionToken: Sensitive?

    package init(accessKeyID: String, secretAccessKey: Sensitive, sessionToken: Sensitive? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }
}

/// Where credentials come from; asked before each request, from any thread.
package protocol CredentialSource: Sendable {
    /// Credentials that are good now. May block for a request.
    func credentials() throws(ArchiveError) -> AWSCredentials
}

/// The keys of a Secret.
package struct FixedCredentials: CredentialSource {
    private let value: AWSCredentials

    package init(_ value: AWSCredentials) { self.value = value }

    package func credentials() -> AWSCredentials { value }
}
