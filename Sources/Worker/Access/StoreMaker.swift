import Archive
import Messages
import Runtime

/// Turns a backend's fields, its Secret's keys and its annotations into a store, as docs/repository.md has them.
struct StoreMaker {
    /// Of the process.
    let environment: [String: String]

    /// - Throws: `WorkerError` naming Repository, Secret and key; `ArchiveError` for a local folder that is not there.
    func makeStore(_ settings: StoreSettings) throws -> any ObjectStore {
        switch settings.provider {
        case .local(let local):
            let path = [local.mountPath, local.subPath ?? ""].filter { !$0.isEmpty }.joined(separator: "/")
            return try LocalStore(path)
        case .gcs(let gcs): return try makeStore(gcs, settings)
        case .azure(let azure): return try makeStore(azure, settings)
        case .s3(let s3): return try makeStore(s3, settings)
        case .swift:
            throw refusal(
                settings, "swift",
                "use spec.backend.s3 with the S3 API of your object storage (Swift's s3api, or Ceph's RADOS gateway)")
        case .b2:
            throw refusal(
                settings, "b2", "use spec.backend.s3 with the S3 endpoint of your bucket, such as s3.us-west-004.backblazeb2.com")
        case .rest:
            throw refusal(
                settings, "rest",
                "use spec.backend.local with a mount that every worker has, or spec.backend.s3 with an S3 server")
        }
    }

    private func makeStore(_ gcs: Backend.GCS, _ settings: StoreSettings) throws -> GCSStore {
        let name = "GOOGLE_SERVICE_ACCOUNT_JSON_KEY"
        let key = try settings.required(name)
        let account = try settings.checked(name) { () throws(ArchiveError) in
            try ServiceAccount(json: Array(key.reveal().utf8))
        }
        var configuration = GCSStore.Configuration(
            bucket: gcs.bucket, account: account, credentials: settings.credentials(name))
        configuration.prefix = gcs.prefix ?? ""
        configuration.maxConnections = gcs.maxConnections
        configuration.endpoint = try settings.endpoint()
        configuration.caBundle = try settings.caBundle()
        return try settings.checked { [configuration] () throws(ArchiveError) in try GCSStore(configuration) }
    }

    private func makeStore(_ azure: Backend.Azure, _ settings: StoreSettings) throws -> AzureStore {
        let account = try settings.required("AZURE_ACCOUNT_NAME").reveal()
        let name: String
        let credential: AzureCredential
        if let signature = try settings.value("AZURE_ACCOUNT_SAS") {
            (name, credential) = ("AZURE_ACCOUNT_SAS", .signature(signature))
        } else {
            (name, credential) = (
                "AZURE_ACCOUNT_KEY", .sharedKey(try settings.required("AZURE_ACCOUNT_KEY", "AZURE_ACCOUNT_SAS"))
            )
        }
        try settings.checked(name) { () throws(ArchiveError) in try credential.check() }
        var configuration = AzureStore.Configuration(
            account: account, container: azure.container, credential: credential, credentials: settings.credentials(name))
        configuration.prefix = azure.prefix ?? ""
        configuration.maxConnections = azure.maxConnections
        configuration.endpoint = try settings.endpoint()
        configuration.caBundle = try settings.caBundle()
        return try settings.checked { [configuration] () throws(ArchiveError) in try AzureStore(configuration) }
    }

    private func refusal(_ settings: StoreSettings, _ provider: String, _ advice: String) -> WorkerError {
        WorkerError(.refused, "\(settings.repository) has spec.backend.\(provider), which Sheaf does not support; \(advice)")
    }
}
