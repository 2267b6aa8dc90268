import Foundation
import Runtime
import Testing

/// One shard of an index under writes, and the log of all that was written to it.
///
/// Nobody else writes to the shard, and one request at a time, so the shard executes the log's operations in the log's order: whatever a
/// search can see of it is the state after some prefix of the log, and nothing else.
actor MovingShard {
    struct Operation: Sendable {
        /// What the document is afterwards: the number of the operation that wrote it; nil: gone.
        let number: Int
        let document: Int
        let isDelete: Bool
        /// Seconds of the epoch at which the request was sent and answered.
        var sent = 0.0
        var acknowledged = 0.0
    }

    let number: Int
    private let index: String
    private let routing: String
    private let engine: Engine
    private var generator: SeededGenerator
    private var documents = 0
    private(set) var log: [Operation] = []

    init(_ number: Int, of index: String, routing: String, on server: TestServer, seed: UInt64) throws {
        self.number = number
        self.index = index
        self.routing = routing
        engine = try Engine(server)
        generator = SeededGenerator(seed: seed &+ UInt64(number))
    }

    /// A document of a number that no other shard has.
    private func identity(_ document: Int) -> Int { number * 10_000_000 + document }

    /// Creates documents.
    func fill(_ count: Int) async throws {
        for start in stride(from: 0, to: count, by: 1000) {
            try await write(
                (start..<min(start + 1000, count)).map { makeOperation(document: $0, isDelete: false, offset: $0 - start) })
        }
        documents = count
    }

    /// Writes on: of ten operations seven change a document, or bring it back, two delete one and one creates one.
    func write() async throws {
        var operations: [Operation] = []
        for offset in 0..<40 {
            let choice = generator.next() % 10
            if choice == 0 { documents += 1 }
            let document = choice == 0 ? documents - 1 : Int(generator.next() % UInt64(documents))
            operations.append(makeOperation(document: document, isDelete: choice > 7, offset: offset))
        }
        try await write(operations)
    }

    private func makeOperation(document: Int, isDelete: Bool, offset: Int) -> Operation {
        Operation(number: log.count + offset, document: identity(document), isDelete: isDelete)
    }

    private func write(_ operations: [Operation]) async throws {
        var lines: [UInt8] = []
        for operation in operations {
            let name = #"{"_id":"\#(operation.document)","routing":"\#(routing)"}"#
            if operation.isDelete {
                lines += Array("{\"delete\":\(name)}\n".utf8)
            } else {
                let text = String(repeating: "\(operation.number) ", count: 300 / ("\(operation.number)".utf8.count + 1))
                lines += Array(
                    "{\"index\":\(name)}\n{\"n\":\(operation.document),\"op\":\(operation.number),\"t\":\"\(text)\"}\n".utf8)
            }
        }
        let sent = Date().timeIntervalSince1970
        try await engine.bulk(index, lines)
        let acknowledged = Date().timeIntervalSince1970
        log += operations.map {
            var operation = $0
            (operation.sent, operation.acknowledged) = (sent, acknowledged)
            return operation
        }
    }
}

/// Where in a shard's log what was read of it stands.
struct ShardCut {
    /// So many of the log's operations, from its first, make up what was read.
    let operations: Int

    /// - Parameter documents: the operation that each document was written by, by the document's number.
    /// - Returns: nil when no prefix of the log leaves just these documents.
    init?(log: [MovingShard.Operation], documents: [Int: Int]) {
        var state: [Int: Int] = [:]
        // Documents in which the state after a prefix and what was read differ.
        var differences = documents.count
        var newest: Int?
        if differences == 0 { newest = 0 }
        for (place, operation) in log.enumerated() {
            let expected = documents[operation.document]
            if state[operation.document] != expected { differences -= 1 }
            state[operation.document] = operation.isDelete ? nil : operation.number
            if state[operation.document] != expected { differences += 1 }
            if differences == 0 { newest = place + 1 }
        }
        guard let newest else { return nil }
        operations = newest
    }
}
