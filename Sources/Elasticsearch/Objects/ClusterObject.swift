package import Runtime

/// One object of a cluster that is no index.
package struct ClusterObject: Sendable, Equatable {
    package var kind: ObjectKind
    package var name: String
    /// JSON text that the server takes to make the object, without what it alone sets: kept as text so that no number is re-encoded.
    /// Of a cluster setting its value, of a data stream what `DataStream.json` says.
    package var body: String
    /// Made by the product for itself: marked as managed, or named with a leading dot. Not known of objects of a snapshot.
    package var isSystem = false

    package init(kind: ObjectKind, name: String, body: String) {
        self.kind = kind
        self.name = name
        self.body = body
    }

    init(kind: ObjectKind, name: String, json: JSONValue) {
        self.init(kind: kind, name: name, body: json.serialized())
    }

    /// - Throws: `.malformedResponse` when the body is no JSON, which no server and no manifest makes.
    package func json() throws(ElasticsearchError) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue(parsing: Array(body.utf8))
        } catch {
            throw ElasticsearchError(
                code: .malformedResponse, message: "\(self) has a body that is \(error.description)", isRetryable: false)
        }
    }
}

extension ClusterObject: CustomStringConvertible {
    /// For messages: `ingestPipelines:logs`, as the task parameter `objects` selects it.
    package var description: String { "\(kind.rawValue):\(name)" }
}

/// What a cluster has of some kinds of objects.
package struct ObjectCatalog: Sendable, Equatable {
    /// Kinds in the order of `ObjectKind`, names by their bytes.
    package var objects: [ClusterObject] = []
    /// Kinds that the server does not know.
    package var absent: Set<ObjectKind> = []
    /// Kinds that the user may not read, with the server's reason.
    package var unreadable: [ObjectKind: String] = [:]

    package init() {}

    package func object(_ kind: ObjectKind, _ name: String) -> ClusterObject? {
        objects.first { $0.kind == kind && $0.name == name }
    }

    /// A sentence for each kind that could not be read.
    package var notes: [String] {
        ObjectKind.allCases.compactMap { kind in unreadable[kind].map { "\(kind.title) could not be read: \($0)" } }
    }
}
