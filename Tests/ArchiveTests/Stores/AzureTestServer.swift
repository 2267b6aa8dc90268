import Crypto
import Foundation
import Runtime
import Testing

@testable import Archive

/// The azurite of `scripts/services`.
enum AzureTestServer {
    static let variable = "SHEAF_TEST_AZURE"

    static func makeStore(_ change: StoreKind.Change) throws -> AzureStore {
        let key = change.hasWrongSecret ? StoreKind.wrongSecret : try value("_KEY")
        return try makeStore(change, credential: .sharedKey(Sensitive(key)))
    }

    /// With a shared access signature for the container.
    ///
    /// - Parameter permissions: letters of Azure's `sp`, in its order: `racwdl`.
    static func makeStore(_ change: StoreKind.Change, permissions: String) throws -> AzureStore {
        let (account, container) = (try value("_ACCOUNT"), try change.bucket ?? value("_CONTAINER"))
        let (version, expiry) = ("2021-12-02", "2099-01-01T00:00:00Z")
        // The lines of "Create a service SAS" for version 2020-12-06 and later; those left empty are not asked for.
        let lines = [
            permissions, "", expiry, "/blob/\(account)/\(container)", "", "", "", version, "c", "", "", "", "", "", "", "",
        ]
        let key = try #require(Data(base64Encoded: try value("_KEY")))
        let code = try MessageAuthentication.sha256(key: Array(key), message: Array(lines.joined(separator: "\n").utf8))
        let query = PercentEncoding.encoded(query: [
            ("sp", permissions), ("se", expiry), ("sv", version), ("sr", "c"), ("sig", Data(code).base64EncodedString()),
        ])
        return try makeStore(change, credential: .signature(Sensitive(query)))
    }

    private static func makeStore(_ change: StoreKind.Change, credential: AzureCredential) throws -> AzureStore {
        var configuration = AzureStore.Configuration(
            account: try value("_ACCOUNT"), container: try change.bucket ?? value("_CONTAINER"), credential: credential,
            credentials: "AZURE_ACCOUNT_KEY in its Secret")
        configuration.endpoint = try change.endpoint ?? "\(value(""))/\(value("_ACCOUNT"))"
        configuration.prefix = change.prefix
        // Azurite and its clients are on one machine here: small blocks show what large ones would.
        configuration.blockBound = 32 << 20
        return try AzureStore(configuration)
    }

    private static func value(_ suffix: String) throws -> String {
        try #require(StoreKind.environment[variable + suffix], "set \(variable + suffix): scripts/services start")
    }
}

@Suite(.enabled(if: StoreKind.azure.isPresent, "set SHEAF_TEST_AZURE: scripts/services start azure"))
struct AzureSignatureTests {
    private let change = StoreKind.Change(prefix: "t-\(UUID().uuidString.lowercased())")

    @Test func aSharedAccessSignatureDoesAllThatAKeyDoes() throws {
        let store = try AzureTestServer.makeStore(change, permissions: "rcwdl")
        let key = try ObjectKey("a/b")
        #expect(try store.put([1, 2, 3], at: key) == .created)
        #expect(try store.put([4], at: key) == .existing)
        #expect(try store.get(key) == [1, 2, 3])
        #expect(try store.read(key, 1..<2) == [2])
        #expect(try store.list("a/", after: nil, limit: 9).map(\.key) == [key])
        let parts = try ObjectKey("parts")
        #expect(try store.putInParts([7], at: parts) == .created)
        #expect(try store.putInParts([8], at: parts) == .existing)
        _ = try store.now()
        for key in [key, parts] { try store.delete(key) }
        #expect(try store.list("", after: nil, limit: 9).isEmpty)
    }

    @Test func whatASignatureDoesNotAllowIsDenied() throws {
        let store = try AzureTestServer.makeStore(change, permissions: "rl")
        let error = try failure { _ = try store.put([1], at: ObjectKey("a")) }
        #expect(error.code == .accessDenied)
        #expect(!error.message.contains("sig="))
    }
}
