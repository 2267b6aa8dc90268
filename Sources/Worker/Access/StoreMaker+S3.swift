import Archive
import Messages
import Runtime

extension StoreMaker {
    func makeStore(_ s3: Backend.S3, _ settings: StoreSettings) throws -> S3Store {
        let caBundle = try settings.caBundle()
        let (credentials, names) = try credentials(of: s3, settings, caBundle)
        let configuration = S3Configuration(
            endpoint: s3.endpoint, bucket: s3.bucket, prefix: s3.prefix ?? "", region: s3.region,
            addressing: try settings.choice(.addressing, of: ["path": .path, "virtual-host": .virtualHost]),
            usesParts: try settings.choice(.multipart, of: ["never": false]) ?? true, caBundle: caBundle,
            insecureTLS: s3.insecureTLS,
            credentials: names)
        return try settings.checked { () throws(ArchiveError) in try S3Store(configuration, credentials: credentials) }
    }

    /// The keys of the Secret; without any, the role that Secret or environment name.
    /// - Returns: also their names, for messages.
    private func credentials(
        of s3: Backend.S3, _ settings: StoreSettings, _ caBundle: [UInt8]?
    ) throws -> (any CredentialSource, String) {
        let access = "AWS_ACCESS_KEY_ID"
        let secret = "AWS_SECRET_ACCESS_KEY"
        if try settings.value(access) == nil, try settings.value(secret) == nil, let role = try role(of: s3, settings) {
            // Amazon's own certificate stands at Amazon's address, whatever the store has.
            let own = environment[Self.tokenServiceAddress] == nil ? nil : caBundle
            return (WebIdentityCredentials(role, caBundle: own), "AWS_ROLE_ARN (\(role.name))")
        }
        let token = "AWS_SESSION_TOKEN"
        let keys = AWSCredentials(
            accessKeyID: try settings.required(access).reveal(), secretAccessKey: try settings.required(secret),
            sessionToken: try settings.value(token))
        let names = keys.sessionToken == nil ? "\(access) and \(secret)" : "\(access), \(secret) and \(token)"
        return (FixedCredentials(keys), settings.credentials(names))
    }

    private static let tokenServiceAddress = "AWS_ENDPOINT_URL_STS"

    private func role(of s3: Backend.S3, _ settings: StoreSettings) throws -> WebIdentityCredentials.Role? {
        func either(_ name: String) throws -> String? {
            try settings.value(name)?.reveal() ?? environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        guard let name = try either("AWS_ROLE_ARN"), let file = try either("AWS_WEB_IDENTITY_TOKEN_FILE") else { return nil }
        let region = s3.region ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? "us-east-1"
        let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        return WebIdentityCredentials.Role(
            name: name, tokenFile: file, endpoint: environment[Self.tokenServiceAddress] ?? "https://sts.\(region).\(domain)")
    }
}
