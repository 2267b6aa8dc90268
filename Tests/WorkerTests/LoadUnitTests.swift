import Archive
import Crypto
import Elasticsearch
import Foundation
import Messages
import Runtime
import Sessions
import Testing

@testable import Worker

/// A unit of a restore against a cluster that misbehaves: every document of its part is decided, and nothing is left out between parts.
@Suite struct LoadUnitTests {
    let fixture: LoadFixture

    init() throws { fixture = try LoadFixture() }

    @Test func everyDocumentArrivesByteForByte() throws {
        try fixture.fill(documents: 200)
        let server = try BulkServer()
        let part = try fixture.run(server)
        #expect(part.end == nil && part.documents == 200 && part.bytes == fixture.plainBytes && part.rejected == nil)
        #expect(part.segments.isEmpty)
        #expect(server.stored.mapValues(\.source) == fixture.documents)
        #expect(server.requests.allSatisfy { $0.path == "/load/_bulk" && $0.target.contains("require_alias=true") })
        // Frames of 400 bytes are joined, up to what a body may have.
        #expect(server.requests.count < 5)
    }

    @Test func aFrameThatIsBiggerThanABodyIsCut() throws {
        try fixture.fill(documents: 40, frameBytes: 100_000)
        let server = try BulkServer()
        let part = try fixture.run(server, gate: BulkGate(bodyBytes: 300))
        #expect(part.documents == 40)
        #expect(server.stored.count == 40)
        #expect(server.requests.allSatisfy { $0.body.count <= 300 })
    }

    @Test func severalClientsPostAtOnce() throws {
        try fixture.fill(documents: 400)
        let together = Lock(0)
        let server = try BulkServer { number, _ in
            // The first request is answered once there is a second one: nothing else lets either go on.
            if number > 1 { return nil }
            together.withLock { $0 += 1 }
            together.notifyAll()
            _ = together.wait { $0 >= 2 ? true : nil }
            return nil
        }
        let part = try fixture.run(server, gate: BulkGate(bodyBytes: 400))
        #expect(part.documents == 400 && server.mostInFlight >= 2)
    }

    @Test func aBurstOf429LosesNothing() throws {
        try fixture.fill(documents: 300)
        let refused = Lock<[String: Int]>([:])
        let server = try BulkServer(
            { number, _ in number < 3 ? StubServer.Reply(429, #"{"error":{"type":"full"}}"#) : nil },
            fate: { id, _ in
                // Every third document is refused twice.
                guard let number = Int(id), number.isMultiple(of: 3) else { return nil }
                let times = refused.withLock { refused in
                    refused[id, default: 0] += 1
                    return refused[id, default: 0]
                }
                return times <= 2 ? (429, "es_rejected_execution_exception", "queue is full") : nil
            })
        let part = try fixture.run(server, gate: BulkGate(bodyBytes: 1_000))
        #expect(part.documents == 300 && part.rejected == nil && part.end == nil)
        #expect(server.stored.mapValues(\.source) == fixture.documents)
    }

    @Test func aServerThatStaysBusyEndsTheUnitAndNothingCounts() throws {
        try fixture.fill(documents: 100)
        let server = try BulkServer { number, _ in number == 0 ? nil : StubServer.Reply(429, #"{"error":{"type":"full"}}"#) }
        let error = #expect(throws: ElasticsearchError.self) { try fixture.run(server, gate: BulkGate(bodyBytes: 500)) }
        #expect(error?.code == .tooManyRequests && error?.isRetryable == true)
    }

    @Test func bodiesShrinkToWhatTheServerTakes() throws {
        try fixture.fill(documents: 300)
        let server = try BulkServer { _, request in request.body.count > 700 ? StubServer.Reply(413, "too big") : nil }
        let part = try fixture.run(server)
        #expect(part.documents == 300 && server.stored.count == 300)
    }

    @Test func aConnectionThatBreaksInTheMiddleIsTriedAgain() throws {
        try fixture.fill(documents: 100)
        let server = try BulkServer { number, _ in
            number.isMultiple(of: 2) && number < 6
                ? StubServer.Reply(200, #"{"errors":false,"items":[]}"#, breakOffAfter: 5) : nil
        }
        let part = try fixture.run(server, gate: BulkGate(bodyBytes: 800))
        #expect(part.documents == 100 && server.stored.mapValues(\.source) == fixture.documents)
    }

    @Test func aLoadAliasThatIsGoneEndsTheSession() throws {
        try fixture.fill(documents: 300)
        let server = try BulkServer(fate: { id, _ in
            (Int(id) ?? 0) < 50 ? nil : (404, "index_not_found_exception", "no such index [load] and [require_alias] is [true]")
        })
        let error = #expect(throws: WorkerError.self) { try fixture.run(server, gate: BulkGate(bodyBytes: 400)) }
        #expect(error?.code == .sessionEnded)
    }

    @Test func aDeliveryThatIsNotOursAnyMoreStopsAllClients() throws {
        try fixture.fill(documents: 300)
        let isOurs = Lock(true)
        let server = try BulkServer { _, _ in
            isOurs.withLock { $0 = false }
            return .silence
        }
        #expect(throws: (any Error).self) {
            try fixture.run(server, gate: BulkGate(bodyBytes: 400), isOurs: { isOurs.withLock { $0 } })
        }
        #expect(server.stored.isEmpty)
    }

    @Test func partsFollowEachOtherWithoutAGap() throws {
        try fixture.fill(documents: 120)
        let server = try BulkServer()
        var cursors: [String?] = [nil]
        var documents = 0
        repeat {
            let part = try fixture.run(server, cursor: cursors.last ?? nil, unitBytes: 900)
            #expect(part.begin == cursors.last ?? nil)
            documents += part.documents
            cursors.append(part.end)
        } while cursors.last != .some(nil) && cursors.count < 100
        #expect(documents == 120 && cursors.count > 5 && server.stored.count == 120)
    }

    @Test func documentsThatABulkLineCannotHoldGoOneByOne() throws {
        try fixture.fill(documents: 10, source: { "{\n\"n\":\($0)}" })
        let server = try BulkServer()
        let part = try fixture.run(server)
        #expect(part.documents == 10 && server.stored.mapValues(\.source) == fixture.documents)
        #expect(server.requests.allSatisfy { $0.method == "PUT" && $0.target.contains("require_alias=true") })
    }

    @Test func appendingTwiceChangesNothing() throws {
        try fixture.fill(documents: 90, routing: "r")
        fixture.plan.indices[0].placement = .append
        let server = try BulkServer()
        #expect(try fixture.run(server).documents == 90)
        let first = server.stored
        #expect(first.count == 90 && Set(first.keys).isDisjoint(with: fixture.documents.keys))
        #expect(
            first.values.allSatisfy { $0.action.hasPrefix(#"{"create":{"_id":""#) && $0.action.hasSuffix(#","routing":"r"}}"#) })
        #expect(first.values.map(\.source).sorted() == fixture.documents.values.sorted())
        // What is there already counts, and has the ids of the first time, however bodies are cut.
        #expect(try fixture.run(server, gate: BulkGate(bodyBytes: 300)).documents == 90)
        #expect(server.stored.count == 90)
    }

    @Test func exactDocumentsAreAppendedUnderNewIdsToo() throws {
        try fixture.fill(documents: 6, source: { "{\n\"n\":\($0)}" })
        fixture.plan.indices[0].placement = .append
        let server = try BulkServer()
        for _ in 0..<2 { #expect(try fixture.run(server).documents == 6) }
        #expect(server.stored.count == 6 && Set(server.stored.keys).isDisjoint(with: fixture.documents.keys))
        #expect(server.stored.values.map(\.source).sorted() == fixture.documents.values.sorted())
    }

    @Test func aStreamIsFilledThroughItsName() throws {
        try fixture.fill(documents: 30)
        fixture.plan.indices[0].stream = StreamGeneration(name: "logs-app", ordinal: 0)
        let server = try BulkServer()
        for _ in 0..<2 { #expect(try fixture.run(server).documents == 30) }
        #expect(server.stored.mapValues(\.source) == fixture.documents)
        #expect(server.requests.allSatisfy { $0.path == "/logs-app/_bulk" && !$0.target.contains("require_alias") })
        #expect(server.stored.values.allSatisfy { $0.action.hasPrefix(#"{"create":{"_id":""#) })
    }

    @Test func aRateBoundsTheUnit() throws {
        try fixture.fill(documents: 60)
        fixture.plan.maxBytesPerSecond = fixture.plainBytes
        let server = try BulkServer()
        let begun = ContinuousClock.now
        #expect(try fixture.run(server).documents == 60)
        // A second's worth of bytes, of which the first quarter may pass at once.
        #expect(ContinuousClock.now - begun >= .milliseconds(700))
    }
}
