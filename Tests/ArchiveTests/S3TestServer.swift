import Foundation
import Runtime
import Testing

@testable import Archive

/// The servers of `scripts/services` that speak S3.
enum S3TestServer: String, Sendable {
    /// Checks signatures and keeps conditions.
    case conditional = "SHEAF_TEST_S3"
    /// Checks signatures and overwrites.
    case unconditional = "SHEAF_TEST_S3_UNCONDITIONAL"

    var isMissing: Bool { StoreKind.environment[rawValue] == nil }

    func configuration(_ change: StoreKind.Change) throws -> S3Configuration {
        let endpoint = try change.endpoint ?? value("")
        return S3Configuration(
            endpoint: endpoint, bucket: try change.bucket ?? value("_BUCKET"), prefix: change.prefix, maxConnections: 8)
    }

    func credentials(hasWrongSecret: Bool = false) throws -> FixedCredentials {
        let secret = hasWrongSecret ? StoreKind.wrongSecret : try value("_SECRET")
        return FixedCredentials(AWSCredentials(accessKeyID: try value("_KEY"), secretAccessKey: Sensitive(secret)))
    }

    func makeStore(_ change: StoreKind.Change) throws -> S3Store {
        try S3Store(configuration(change), credentials: credentials(hasWrongSecret: change.hasWrongSecret))
    }

    private func value(_ suffix: String) throws -> String {
        try #require(StoreKind.environment[rawValue + suffix], "set \(rawValue + suffix): scripts/services start")
    }
}
