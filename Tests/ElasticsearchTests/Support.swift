import Foundation
import Testing

@testable import Elasticsearch

/// Keeps what it is given, as strings of bytes.
final class CollectingSink: HitSink {
    struct Document: Equatable {
        let id: [UInt8]
        let routing: [UInt8]?
        let source: [UInt8]
        let sort: [UInt8]
    }

    var documents: [Document] = []

    func take(
        id: UnsafeRawBufferPointer, routing: UnsafeRawBufferPointer?, source: UnsafeRawBufferPointer, sort: UnsafeRawBufferPointer
    ) {
        documents.append(Document(id: Array(id), routing: routing.map { Array($0) }, source: Array(source), sort: Array(sort)))
    }
}

/// SplitMix64: the same documents for the same seed everywhere.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

func split(_ page: [UInt8], chunk: Int = .max, into sink: CollectingSink) throws -> HitSplitter {
    var splitter = HitSplitter(sink: sink)
    try page.withUnsafeBytes { bytes in
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, chunk == .max ? .max : start + chunk)
            try splitter.feed(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            start = end
        }
    }
    return splitter
}

func expectFailure(
    _ code: ElasticsearchError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) {
    do {
        try body()
        Issue.record("did not fail", sourceLocation: sourceLocation)
    } catch let error as ElasticsearchError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
}
