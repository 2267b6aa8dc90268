import Foundation
import Messages
import Runtime
import Testing

@testable import Worker

/// What an import may delete, and what it leaves when it ends early.
@Suite struct ImportSafetyTests {
    private struct Ended {
        var error: TransferError?
        var report: DocumentImport.Report?
        /// Requests that change the cluster.
        var changes: [String] = []
        var bodies: [String] = []
    }

    private func load(
        _ text: String, into server: ImportServer, conflict: ConflictPolicy, allowsEmpty: Bool = false,
        isStopped: @escaping @Sendable () -> Bool = { false }
    ) throws -> Ended {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/lines"
        try Data(text.utf8).write(to: URL(filePath: path))
        let handle = try FileHandle(forReadingFrom: URL(filePath: path))
        defer { handle.closeFile() }
        return load(handle.fileDescriptor, into: server, conflict: conflict, allowsEmpty: allowsEmpty, isStopped: isStopped)
    }

    private func load(
        _ file: CInt, into server: ImportServer, conflict: ConflictPolicy, allowsEmpty: Bool = false,
        isStopped: @escaping @Sendable () -> Bool = { false }
    ) -> Ended {
        var ended = Ended()
        do {
            ended.report = try server.load(
                file, conflict: conflict, allowsEmpty: allowsEmpty, isStopped: isStopped,
                requests: { requests in
                    let changes = requests.filter { ["PUT", "DELETE", "POST"].contains($0.method) }
                    ended.changes = changes.map { "\($0.method) \($0.path)" }
                    ended.bodies = changes.map(\.text)
                }
            ).report
        } catch let error as TransferError {
            ended.error = error
        } catch {
            Issue.record(error)
        }
        return ended
    }

    @Test(arguments: [
        ("{\"index\":{\"_id\":\"1\"}}\n{}\n{\"index\":{\"_id\":\"2\"}}\n", "its document is missing"),
        ("{\"index\":{\"_id\":\"1\"}}\n{}\n{\"delete\":{\"_id\":\"2\"}}\n", "is an action delete"),
        ("{\"_id\":\"1\",\"_source\":{}}\n{\"_id\":\"2\",\"_sou", "line 2 of lines holds no document"),
        ("{\"a\":1}\n{\"a\":", "line 2 of lines holds no document"), ("", "has no documents"), ("\n\n", "has no documents"),
        ("nonsense\n", "is no JSON object"),
    ])
    func aBadFileReplacesNothing(text: String, complaint: String) throws {
        let ended = try load(text, into: ImportServer(exists: true), conflict: .overwrite, allowsEmpty: true)
        #expect(ended.error?.message.contains(complaint) == true, "\(ended)")
        #expect(ended.changes == [])
    }

    @Test func aGoodFileReplacesWhatIsThere() throws {
        let ended = try load("{\"a\":1}\n{\"a\":2}\n", into: ImportServer(exists: true), conflict: .overwrite)
        #expect(ended.report == .init(accepted: 2, rejected: 0, bytes: 14))
        #expect(ended.changes == ["DELETE /new", "PUT /new", "POST /new/_bulk", "POST /new/_refresh"])
    }

    @Test func whatCanBeReadOnceReplacesNothing() {
        let pipe = Pipe()
        let ended = load(pipe.fileHandleForReading.fileDescriptor, into: ImportServer(exists: true), conflict: .overwrite)
        #expect(ended.error?.code == .refused && ended.error?.message.contains("write it to a file") == true, "\(ended)")
        #expect(ended.changes == [])
    }

    @Test func aLaterFailureTellsThatTheFormerIndexIsGone() throws {
        let server = ImportServer(exists: true) { _ in StubServer.Reply(500, #"{"error":{"type":"x","reason":"full"}}"#) }
        let ended = try load("{\"a\":1}\n", into: server, conflict: .overwrite)
        #expect(ended.error?.message.contains("the former index new was deleted") == true, "\(ended)")
        #expect(ended.error?.message.contains("that was made has been deleted again") == true, "\(ended)")
        #expect(ended.changes.last == "DELETE /new")
    }

    @Test func refusedDocumentsOfAReplacedIndexTellToo() throws {
        let ended = try load("{\"a\":\"bad\"}\n", into: ImportServer(exists: true), conflict: .overwrite)
        #expect(ended.report?.rejected == 1)
        #expect(ended.report?.notes.contains { $0.contains("former index new was deleted") } == true)
    }

    @Test func anEmptyFileMakesAnIndexOnlyWhereThatIsAskedFor() throws {
        let refused = try load("\n", into: ImportServer(), conflict: .fail)
        #expect(refused.error?.message.contains("--allow-empty") == true && refused.changes == [], "\(refused)")
        let made = try load("", into: ImportServer(), conflict: .fail, allowsEmpty: true)
        #expect(made.report == .init() && made.changes.first == "PUT /new", "\(made)")
    }

    @Test func anIndexIsMadeAsTheClusterMakesIt() throws {
        let ended = try load("{\"a\":1}\n", into: ImportServer(), conflict: .fail)
        #expect(ended.changes == ["PUT /new", "POST /new/_bulk", "POST /new/_refresh"])
        #expect(try JSONValue(parsing: Array(ended.bodies[0].utf8)) == ["settings": [:], "mappings": [:]])
    }

    @Test func anIndexThatVanishesMeanwhileIsNoSuccessAndNotDeleted() throws {
        let server = ImportServer { delete in
            delete()
            return nil
        }
        let ended = try load("{\"a\":1}\n", into: server, conflict: .fail)
        #expect(ended.error?.message.contains("was deleted by something else") == true, "\(ended)")
        #expect(!ended.changes.contains("DELETE /new"))
    }

    @Test func aStopLeavesWhatWasThereAndDeletesWhatWasMade() throws {
        let made = try load("{\"a\":1}\n", into: ImportServer(), conflict: .fail, isStopped: Self.after(2))
        #expect(made.error?.code == .interrupted && made.error?.message.contains("deleted again") == true, "\(made)")
        #expect(made.changes == ["PUT /new", "DELETE /new"])
        let added = try load("{\"a\":1}\n", into: ImportServer(exists: true), conflict: .append, isStopped: Self.after(2))
        #expect(added.error?.code == .interrupted && added.changes == [], "\(added)")
    }

    @Test func aStopIsHeededWhileAPipeIsSilent() throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("{\"a\":1}\n".utf8))
        let ended = load(
            pipe.fileHandleForReading.fileDescriptor, into: ImportServer(), conflict: .fail, isStopped: Self.after(3))
        #expect(ended.error?.code == .interrupted, "\(ended)")
        #expect(ended.changes == ["PUT /new", "DELETE /new"])
    }

    /// Stops at the question of that number.
    private static func after(_ count: Int) -> @Sendable () -> Bool {
        let asked = Lock(0)
        return {
            asked.withLock {
                $0 += 1
                return $0 >= count
            }
        }
    }
}
