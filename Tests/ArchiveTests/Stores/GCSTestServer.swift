import Foundation
import Runtime
import Testing

@testable import Archive

/// The stores of `scripts/services` that speak Google's JSON API.
enum GCSTestServer: String, Sendable {
    /// The project's own stub: checks tokens and keeps conditions.
    case conditional = "SHEAF_TEST_GCS"
    /// Asks for no token and overwrites.
    case unconditional = "SHEAF_TEST_GCS_UNCONDITIONAL"

    var isMissing: Bool { StoreKind.environment[rawValue] == nil }

    func makeStore(_ change: StoreKind.Change) throws -> GCSStore {
        let path = try GCSTestServer.conditional.value("_ACCOUNT")
        var json = try JSONValue(parsing: Array(try Data(contentsOf: URL(filePath: path))))
        if change.hasWrongSecret { json["private_key"] = .string(sampleKey) }
        var configuration = GCSStore.Configuration(
            bucket: try change.bucket ?? value("_BUCKET"), account: try ServiceAccount(json: json.serializedBytes()),
            credentials: "GOOGLE_SERVICE_ACCOUNT_JSON_KEY in its Secret")
        configuration.endpoint = try change.endpoint ?? value("")
        configuration.prefix = change.prefix
        return try GCSStore(configuration)
    }

    private func value(_ suffix: String) throws -> String {
        try #require(StoreKind.environment[rawValue + suffix], "set \(rawValue + suffix): scripts/services start")
    }
}

@Suite struct GCSProbeTests {
    @Test(.enabled(if: !GCSTestServer.unconditional.isMissing || StoreKind.isCI, "set SHEAF_TEST_GCS_UNCONDITIONAL"))
    func aGCSThatOverwritesIsRefused() throws {
        let store = try GCSTestServer.unconditional.makeStore(StoreKind.Change(prefix: "t-\(UUID().uuidString)"))
        let error = try failure { _ = try OpenRepository.create(store, protection: .none, now: Date()) }
        #expect(error.code == .unsupported)
        #expect(error.message.contains("was accepted a second time"))
        #expect(try store.list("", after: nil, limit: 9).isEmpty, "nothing is left there")
    }
}
