import AMQP
import HTTP
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// The stub engine is an engine to the worker: what the proofs show under load holds for whole sessions of both kinds.
    @Suite struct StubEngineTests {
        /// The slices are alike and answered at the same pace, so that the last two end together and both finish the session.
        @Test(.timeLimit(.minutes(2))) func aWorkerBacksTheStubUpAndRestoresIt() async throws {
            try await Site.use { site in
                let stub = try await site.startStub(.init(targets: 2, indices: 2, shards: 3, documents: 50, latency: 0.005))
                try site.declare(stub)
                try await site.startWorker("one")
                let connection = try await Broker.open("sheaf-e2e stub")
                let ends = try await StatusInbox.ends()
                let backup = try #require(SessionID("\(site.prefix)-out"))
                try await connection.publish(try site.backupCommand(backup, of: stub, target: 1).message())
                try await ends.ends(1, within: .seconds(60))
                #expect(try #require(ends.finals[backup]?.first).status.phase == .succeeded, "\(ends.finals)")
                for index in 0..<stub.shape.indices { #expect(try await stub.send("DELETE", "/t1/docs-\(index)").status == 200) }

                let restore = try #require(SessionID("\(site.prefix)-back"))
                try await connection.publish(try site.restoreCommand(restore, of: stub, target: 1).message())
                try await ends.ends(2, within: .seconds(60))
                #expect(try #require(ends.finals[restore]?.first).status.phase == .succeeded, "\(ends.finals)")
                let counts = try await stub.counts()
                #expect(counts.documentsRead == stub.shape.documentsOfTarget)
                #expect(counts.documentsWritten == stub.shape.documentsOfTarget)
                #expect(counts.viewsOpened == 6 && counts.viewsOpen == 0)
                #expect(counts.unknown == 0)
                await connection.close()
                try await ends.close()
            }
        }
    }
}
