import Foundation
import Runtime
import Testing

@testable import Archive

/// The stores that the contract is shown of; a new one joins by a case here.
enum StoreKind: String, CaseIterable, Sendable {
    case memory
    case local
    case s3
    case azure
    case gcs

    /// Where the server's address stands; nil for a store that needs none.
    var variable: String? {
        switch self {
        case .memory, .local: nil
        case .s3: "SHEAF_TEST_S3"
        case .azure: AzureTestServer.variable
        case .gcs: GCSTestServer.conditional.rawValue
        }
    }

    static let environment = ProcessInfo.processInfo.environment
    static let isCI = environment["CI"] == "true"

    var isRemote: Bool { variable != nil }

    var isMissing: Bool { variable.map { StoreKind.environment[$0] == nil } ?? false }

    var isPresent: Bool { StoreKind.present.contains(self) }

    /// Those whose server runs; in CI all, so that a missing one fails.
    static let present = allCases.filter { isCI || !$0.isMissing }
    static let remote = present.filter(\.isRemote)

    /// What a store is made of besides what its server has for tests.
    struct Change: Sendable {
        var prefix: String
        /// Another server's URL.
        var endpoint: String?
        var hasWrongSecret = false
        var bucket: String?

        init(prefix: String, endpoint: String? = nil, hasWrongSecret: Bool = false, bucket: String? = nil) {
            self.prefix = prefix
            self.endpoint = endpoint
            self.hasWrongSecret = hasWrongSecret
            self.bucket = bucket
        }
    }

    /// The text that no message may hold.
    static let wrongSecret = "d3Jvbmctc2VjcmV0LW9mLXRoZS10ZXN0cw=="

    func makeStore(_ change: Change, in folder: TemporaryFolder) throws -> any ObjectStore {
        switch self {
        case .memory: MemoryStore()
        case .local: try LocalStore(folder.makeFolder(change.prefix))
        case .s3: try S3TestServer.conditional.makeStore(change)
        case .azure: try AzureTestServer.makeStore(change)
        case .gcs: try GCSTestServer.conditional.makeStore(change)
        }
    }
}

/// One store for one test; what the test leaves in it goes with the fixture.
final class StoreFixture {
    let kind: StoreKind
    let folder: TemporaryFolder
    let prefix = "t-\(UUID().uuidString.lowercased())"
    let store: any ObjectStore

    init(_ kind: StoreKind) throws {
        self.kind = kind
        folder = try TemporaryFolder()
        store = try kind.makeStore(StoreKind.Change(prefix: prefix), in: folder)
    }

    /// A test that failed because its server is gone cannot clean up either.
    deinit {
        guard kind.isRemote else { return }
        try? store.forEachObject("") { (object) throws(ArchiveError) in try store.delete(object.key) }
    }

    func makeStore(_ change: (inout StoreKind.Change) -> Void) throws -> any ObjectStore {
        var made = StoreKind.Change(prefix: prefix)
        change(&made)
        return try kind.makeStore(made, in: folder)
    }
}

/// Keeps a test's fixtures until the test is over.
final class StoreFixtures {
    private var kept: [StoreFixture] = []

    func make(_ kind: StoreKind) throws -> StoreFixture {
        let fixture = try StoreFixture(kind)
        kept.append(fixture)
        return fixture
    }
}

/// Bytes of every value in no simple order, the same for the same size.
func pattern(_ size: Int) -> [UInt8] {
    let block = (0..<min(size, 65_537)).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 7) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    while bytes.count < size { bytes.append(contentsOf: block.prefix(size - bytes.count)) }
    return bytes
}

/// The code of the error that a body throws, `nil` when it throws none.
func code(_ body: () throws -> Void) -> ArchiveError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? ArchiveError)?.code
    }
}

/// The error that a body throws, which must be the archive's.
func failure(_ body: () throws -> Void) throws -> ArchiveError {
    do {
        try body()
    } catch let error as ArchiveError {
        return error
    }
    Issue.record("it did not fail")
    throw CancellationError()
}

@Suite struct StoreContractServers {
    private static let missing = StoreKind.allCases.filter(\.isMissing).compactMap(\.variable)

    @Test(.enabled(if: missing.isEmpty || StoreKind.isCI, "not shown of every store: set \(missing.joined(separator: ", "))"))
    func everyStoreIsThere() {
        #expect(StoreContractServers.missing.isEmpty)
    }
}
