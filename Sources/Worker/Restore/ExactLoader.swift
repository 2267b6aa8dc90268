import Archive
import Elasticsearch
import Runtime

/// Loads a frame of kind `exact`, a request for each document.
struct ExactLoader {
    let client: ElasticsearchClient
    let destination: BulkDestination

    func load(_ batch: LoadBatch, refused: BulkLoader.RefusedDocument) throws -> BulkVerdict {
        var verdict = BulkVerdict()
        var documents = ExactDocuments(in: batch.lines)
        var place = 0
        while let document = try documents.next() {
            let action = try JSONValue(parsing: document.action)
            guard let kept = action[path: ["index", "_id"]] else {
                throw ArchiveError(.corrupt, "a document of an exact segment has no _id: restore it from another copy")
            }
            let id = batch.rewriter?.id(at: place) ?? kept.serialized()
            let routing = action[path: ["index", "routing"]].map { Array($0.serialized().utf8) }
            let rejection = try client.putDocument(
                to: destination, id: Array(id.utf8), routing: routing, source: document.source)
            verdict.requests += 1
            if let rejection {
                if rejection.status == 409, destination.action == .create {
                    verdict.alreadyThere += 1
                } else {
                    verdict.rejected.append(rejection)
                    document.action.withUnsafeBytes { refused(rejection, $0, document.source) }
                }
            } else {
                verdict.accepted += 1
            }
            place += 1
        }
        return verdict
    }
}
