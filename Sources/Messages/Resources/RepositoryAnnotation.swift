/// The annotations of a Repository that have a meaning, as docs/repository.md has them.
package enum RepositoryAnnotation: String, CaseIterable, Sendable {
    case encryption = "sheaf.dev/encryption"
    case endpoint = "sheaf.dev/endpoint"
    case addressing = "sheaf.dev/addressing"
    case multipart = "sheaf.dev/multipart"
    case maxBytesPerSecond = "sheaf.dev/max-bytes-per-second"

    /// What every name of Sheaf's own begins with.
    package static let prefix = "sheaf.dev/"

    /// The backends that it says something to.
    package var backends: [Backend.ProviderName] {
        switch self {
        case .encryption, .maxBytesPerSecond: Backend.ProviderName.allCases
        case .endpoint: [.gcs, .azure]
        case .addressing, .multipart: [.s3]
        }
    }

    /// The values that it may have; nil where they are no fixed words.
    package var words: [String]? {
        switch self {
        case .encryption: ["none"]
        case .addressing: ["path", "virtual-host"]
        case .multipart: ["never"]
        case .endpoint, .maxBytesPerSecond: nil
        }
    }
}
