import Foundation
import Testing

@testable import Archive

/// What every remote store must say when something is wrong: the kind of error decides what a session does next.
@Suite struct StoreContractFailure {
    private let fixtures = StoreFixtures()

    /// Each call of the contract, as a name and what makes it.
    private func calls(_ store: any ObjectStore, _ folder: TemporaryFolder) throws -> [(name: String, call: () throws -> Void)] {
        let key = try ObjectKey("x")
        let path = try folder.write([1], to: "file")
        return [
            ("put", { _ = try store.put([1], at: key) }),
            ("upload", { _ = try store.upload(contentsOf: path, at: key) }),
            ("parts", { if try store.putInParts([1], at: key) == nil { _ = try store.put([1], at: key) } }),
            ("get", { _ = try store.get(key) }), ("read", { _ = try store.read(key, 0..<1_000) }),
            ("size", { _ = try store.size(key) }),
            ("list", { _ = try store.list("", after: nil, limit: 9) }), ("delete", { try store.delete(key) }),
        ]
    }

    private func expect(
        _ code: ArchiveError.Code, of kind: StoreKind, _ change: (inout StoreKind.Change) -> Void,
        leavingOut names: Set<String> = [],
        saying text: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let fixture = try fixtures.make(kind)
        let store = try fixture.makeStore(change)
        for (name, call) in try calls(store, fixture.folder) where !names.contains(name) {
            let error = try failure(call)
            #expect(error.code == code, "\(name): \(error)", sourceLocation: sourceLocation)
            #expect(error.message.contains(store.location), "\(name): \(error)", sourceLocation: sourceLocation)
            #expect(error.message.contains(text) || text.isEmpty, "\(name): \(error)", sourceLocation: sourceLocation)
            #expect(!error.message.contains(StoreKind.wrongSecret), "\(name): \(error)", sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: StoreKind.remote) func aServerThatIsNotThereIsUnreachable(kind: StoreKind) throws {
        // Nothing listens at a port that was free a moment ago.
        let url = try StubServer { _ in StubServer.Reply() }.url
        try expect(.unreachable, of: kind, { $0.endpoint = url })
    }

    @Test(arguments: StoreKind.remote) func aWrongSecretIsDenied(kind: StoreKind) throws {
        try expect(.accessDenied, of: kind, { $0.hasWrongSecret = true })
    }

    @Test(arguments: StoreKind.remote) func aMissingBucketIsSaid(kind: StoreKind) throws {
        try expect(.notFound, of: kind, { $0.bucket = "no-such-bucket-here" }, saying: "bucket or container is not there")
    }

    @Test(arguments: StoreKind.remote, [500, 502, 503, 504, 429]) func anOverloadedServerIsUnreachable(
        kind: StoreKind, status: Int
    ) throws {
        let server = try StubServer { _ in StubServer.Reply(status, "<html>busy</html>") }
        try expect(.unreachable, of: kind, { $0.endpoint = server.url }, saying: "status \(status)")
        #expect(server.requests.count <= 12, "a store does not repeat requests by itself")
    }

    @Test(arguments: StoreKind.remote) func anAnswerThatIsCutIsUnreachable(kind: StoreKind) throws {
        let text = String(repeating: "x", count: 1_000)
        let server = try StubServer { _ in StubServer.Reply(200, text, breakOffAfter: 100) }
        // An answer to HEAD has no body, and a store may not read those that tell nothing.
        try expect(
            .unreachable, of: kind, { $0.endpoint = server.url }, leavingOut: ["size", "put", "upload", "delete", "parts"])
    }

    @Test(arguments: StoreKind.remote, [0, 10, 40]) func aHeadThatIsCutIsUnreachable(kind: StoreKind, bytes: Int) throws {
        let server = try StubServer { _ in
            var reply = StubServer.Reply(200, "x")
            reply.breakOffHeadAfter = bytes
            return reply
        }
        try expect(.unreachable, of: kind, { $0.endpoint = server.url })
    }

    @Test(arguments: StoreKind.remote) func aListThatIsNoneIsNotAnEmptyOne(kind: StoreKind) throws {
        for page in ["", "<html><body>Please log in</body></html>", "{}", "<?xml version=\"1.0\"?><Other/>"] {
            let server = try StubServer { _ in StubServer.Reply(200, page) }
            let store = try fixtures.make(kind).makeStore { $0.endpoint = server.url }
            let error = try failure { _ = try store.list("", after: nil, limit: 9) }
            #expect([.unreachable, .unsupported].contains(error.code), "\(error)")
        }
    }

    @Test(arguments: StoreKind.remote) func aRangeThatIsNoneIsAnError(kind: StoreKind) throws {
        for (status, headers, body) in [
            (200, [:], "the whole"), (200, [:], "t"), (206, [:], "t"), (206, ["Content-Range": "bytes 4-4/9"], "t"),
            (206, ["Content-Range": "bytes 0-1/9"], "t"), (206, ["Content-Range": "bytes 0-0/9"], "th"),
        ] as [(Int, [String: String], String)] {
            let server = try StubServer { _ in StubServer.Reply(status, body, headers: headers) }
            let store = try fixtures.make(kind).makeStore { $0.endpoint = server.url }
            #expect(code { _ = try store.read(ObjectKey("x"), 0..<1) } == .unsupported, "\(status) \(headers) \(body)")
        }
    }

    @Test(arguments: StoreKind.remote) func aStoreWithoutAClockIsRefused(kind: StoreKind) throws {
        let server = try StubServer { _ in StubServer.Reply(200, "") }
        let store = try fixtures.make(kind).makeStore { $0.endpoint = server.url }
        let error = try failure { _ = try store.now() }
        #expect(error.code == .unsupported)
        #expect(error.message.contains("Date"))
    }
}
