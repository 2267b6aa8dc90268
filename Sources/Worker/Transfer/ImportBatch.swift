import Elasticsearch
import Runtime

/// Documents that go out in one call of the loader, and where each of them came from.
struct ImportBatch {
    struct Document {
        let line: Int
        let id: [UInt8]
        let routing: [UInt8]?
        let source: Range<Int>
    }

    /// The end of every action line.
    private let actionEnd: [UInt8]
    /// Bulk lines.
    private(set) var lines: [UInt8] = []
    private(set) var documents: [Document] = []
    private(set) var sourceBytes = 0

    /// - Parameter pipeline: named in every action, where it wins over the request's.
    init(pipeline: String?) {
        actionEnd = Array((pipeline.map { ",\"pipeline\":\(JSONValue.string($0).serialized())" } ?? "").utf8) + Array("}}\n".utf8)
    }

    mutating func append(_ document: ImportedDocument, line: Int) {
        lines += document.isCreation ? #"{"create":{"_id":"#.utf8 : #"{"index":{"_id":"#.utf8
        lines += document.id
        if let routing = document.routing {
            lines += #","routing":"#.utf8
            lines += routing
        }
        lines += actionEnd
        let start = lines.count
        lines += document.source
        documents.append(
            Document(line: line, id: document.id, routing: document.routing, source: start..<lines.count))
        lines.append(UInt8(ascii: "\n"))
        sourceBytes += document.source.count
    }

    mutating func removeAll() {
        lines.removeAll(keepingCapacity: true)
        documents.removeAll(keepingCapacity: true)
        sourceBytes = 0
    }

    func rejected(_ rejection: BulkRejection) -> DocumentImport.Rejected {
        let document = documents[rejection.ordinal]
        return DocumentImport.Rejected(
            line: document.line, type: rejection.type, reason: rejection.reason, status: rejection.status, id: document.id,
            routing: document.routing, source: Array(lines[document.source]))
    }
}

extension DocumentImport.Rejected {
    /// One line, which `sheaf import` reads again when its cause is mended.
    package var bytes: [UInt8] {
        RejectedLine.bytes(
            id: id, routing: routing, source: source,
            error: [
                "line": JSONValue(line), "status": JSONValue(status), "type": .string(type), "reason": .string(reason),
            ])
    }
}
