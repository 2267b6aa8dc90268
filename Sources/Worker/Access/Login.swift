import Elasticsearch
import HTTP
import Messages
import Runtime

/// Which keys of a Secret make which login, after the AppBinding's transforms.
///
/// The first of: `username` and `password` (or Stash's older `ADMIN_USERNAME` and `ADMIN_PASSWORD`), `apiKey`, `token`. With `signing` it is
/// `accessKeyID` and `secretAccessKey` (or AWS's own names) instead, whatever else the Secret holds.
struct Login {
    let signing: ClusterParameters.Signing?

    /// - Throws: `.missingHere`: another worker's Secret may have the keys.
    func credential(in secret: Secret, key: ResourceKey) throws(WorkerError) -> ClusterConfiguration.Credential {
        func value(_ names: String...) -> Sensitive? { names.lazy.compactMap { secret[$0]?.text }.first }
        let accessKey = value("accessKeyID", "AWS_ACCESS_KEY_ID")
        let secretKey = value("secretAccessKey", "AWS_SECRET_ACCESS_KEY")
        if let signing {
            guard let accessKey, let secretKey else {
                throw WorkerError(
                    .missingHere,
                    "\(key) has no accessKeyID and secretAccessKey (or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), "
                        + "which signed requests need")
            }
            return .signature(
                RequestSigner(
                    service: signing.service.rawValue, region: signing.region, accessKeyID: accessKey.reveal(),
                    secretAccessKey: secretKey, sessionToken: value("sessionToken", "AWS_SESSION_TOKEN")))
        }
        for (user, password) in [("username", "password"), ("ADMIN_USERNAME", "ADMIN_PASSWORD")] {
            if let user = value(user), let password = value(password) { return .basic(user: user.reveal(), password: password) }
        }
        if let apiKey = value("apiKey") { return .apiKey(apiKey) }
        if let token = value("token") { return .bearer(token) }
        if accessKey != nil, secretKey != nil {
            throw WorkerError(
                .missingHere,
                "\(key) has an access key, and the AppBinding does not say how to sign with it; set spec.parameters.sheaf.signing "
                    + "to {service: es, region: …}")
        }
        throw WorkerError(
            .missingHere,
            "\(key) has neither username and password, nor ADMIN_USERNAME and ADMIN_PASSWORD, nor apiKey, nor token, nor an access key"
        )
    }
}
