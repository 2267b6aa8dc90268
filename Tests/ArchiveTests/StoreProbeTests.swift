import Foundation
import Testing

@testable import Archive

/// Servers that answer a second conditional write with success, and overwrite: no repository is made there.
@Suite struct StoreProbeTests {
    private let fixtures = StoreFixtures()

    @Test(.enabled(if: !S3TestServer.unconditional.isMissing || StoreKind.isCI, "set SHEAF_TEST_S3_UNCONDITIONAL"))
    func anS3ThatOverwritesIsRefused() throws {
        let change = StoreKind.Change(prefix: "t-\(UUID().uuidString)")
        let store = try S3TestServer.unconditional.makeStore(change)
        let error = try failure { _ = try OpenRepository.create(store, protection: .none, now: Date()) }
        #expect(error.code == .unsupported)
        #expect(error.message.contains("a conditional put was accepted a second time"))
        #expect(try store.list("", after: nil, limit: 9).isEmpty, "nothing is left there")
    }

    @Test func partsThatOverwriteAreFound() throws {
        let error = try failure { _ = try OpenRepository.create(MemoryStore(.overwritesInParts), protection: .none, now: Date()) }
        #expect(error.code == .unsupported)
        #expect(error.message.contains("upload in parts") && error.message.contains("sheaf.dev/multipart: never"))
    }

    @Test(arguments: StoreKind.present) func aStoreThatKeepsTheContractIsTaken(kind: StoreKind) throws {
        let store = try fixtures.make(kind).store
        _ = try OpenRepository.create(store, protection: .none, now: Date())
        #expect(try store.list("probe/", after: nil, limit: 9).isEmpty)
    }

    /// nanio checks signatures: whoever signs wrongly is refused there.
    @Test(.enabled(if: !S3TestServer.unconditional.isMissing || StoreKind.isCI, "set SHEAF_TEST_S3_UNCONDITIONAL"))
    func itsSignaturesAreOurs() throws {
        let folder = try TemporaryFolder()
        let change = StoreKind.Change(prefix: "t-\(UUID().uuidString)")
        let store = try S3TestServer.unconditional.makeStore(change)
        let bytes = pattern((33 << 20) + 7)
        let path = try folder.write(bytes, to: "file")
        #expect(try store.put([1, 2, 3], at: ObjectKey("a-b")) == .created)
        #expect(try store.upload(contentsOf: path, at: ObjectKey("a/b")) == .created)
        #expect(try store.get(ObjectKey("a/b")) == bytes)
        #expect(
            try store.read(ObjectKey("a/b"), (16 << 20) - 3..<(16 << 20) + 3) == Array(bytes[(16 << 20) - 3..<(16 << 20) + 3]))
        #expect(try store.size(ObjectKey("a/b")) == bytes.count)
        #expect(try store.get(ObjectKey("absent")) == nil)
        #expect(try store.list("a", after: nil, limit: 9).map(\.key.text) == ["a-b", "a/b"])
        for object in try store.list("", after: nil, limit: 9) { try store.delete(object.key) }
        let wrong = try S3TestServer.unconditional.makeStore(
            StoreKind.Change(prefix: change.prefix, hasWrongSecret: true))
        #expect(code { _ = try wrong.put([1], at: ObjectKey("x")) } == .accessDenied)
    }
}
