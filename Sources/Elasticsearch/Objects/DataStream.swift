package import Runtime

/// A data stream and its backing indices.
package struct DataStream: Sendable, Equatable {
    package struct BackingIndex: Sendable, Equatable {
        package var name: String
        package var uuid: String
    }

    package var name: String
    package var timestampField: String
    /// The index template that it was made by; nil where the server does not say.
    package var template: String?
    /// Number of its rollovers, from 1.
    package var generation: Int
    package var isHidden: Bool
    package var allowsCustomRouting: Bool
    package var isSystem: Bool
    /// Oldest first; the last one is written to.
    package var indices: [BackingIndex]

    /// From an element of `GET _data_stream`.
    init?(listed: JSONValue) {
        guard let name = listed["name"]?.string, let indices = listed["indices"]?.array else { return nil }
        self.name = name
        timestampField = listed[path: ["timestamp_field", "name"]]?.string ?? "@timestamp"
        template = listed["template"]?.string
        generation = listed["generation"]?.int ?? indices.count
        isHidden = listed["hidden"]?.bool ?? false
        allowsCustomRouting = listed["allow_custom_routing"]?.bool ?? false
        isSystem = listed["system"]?.bool ?? false
        self.indices = indices.compactMap { index in
            index["index_name"]?.string.map { BackingIndex(name: $0, uuid: index["index_uuid"]?.string ?? "") }
        }
    }

    private init(name: String, indices: [BackingIndex]) {
        self.name = name
        timestampField = "@timestamp"
        template = nil
        generation = indices.last.flatMap { Self.number(of: $0.name) } ?? indices.count
        isHidden = false
        allowsCustomRouting = false
        isSystem = false
        self.indices = indices
    }

    /// Streams by what their backing indices say of themselves (`GET .ds-*`), oldest generation first.
    static func derived(from indices: JSONValue) -> [DataStream] {
        var streams: [String: [BackingIndex]] = [:]
        for member in indices.members ?? [] {
            guard let stream = member.value["data_stream"]?.string else { continue }
            let uuid = IndexSettings.flattened(member.value["settings"] ?? [:])["index.uuid"]?.string ?? ""
            streams[stream, default: []].append(BackingIndex(name: member.name, uuid: uuid))
        }
        return streams.map { name, indices in
            let ordered = indices.sorted { one, other in
                (number(of: one.name) ?? 0, one.name) < (number(of: other.name) ?? 0, other.name)
            }
            return DataStream(name: name, indices: ordered)
        }.sorted { $0.name < $1.name }
    }

    /// The generation that ends a backing index's name.
    private static func number(of index: String) -> Int? { index.split(separator: "-").last.flatMap { Int($0) } }
}

extension DataStream {
    /// The body of a stream's object (docs/repository-format.md).
    package var json: JSONValue {
        [
            "template": template.map { .string($0) } ?? .null, "timestampField": .string(timestampField),
            "generation": JSONValue(generation), "hidden": JSONValue(isHidden),
            "allowCustomRouting": JSONValue(allowsCustomRouting),
            "indices": .array(indices.map { ["name": .string($0.name), "uuid": .string($0.uuid)] }),
        ]
    }

    /// - Throws: `.malformedResponse` when the object is no data stream.
    package init(_ object: ClusterObject) throws(ElasticsearchError) {
        let body = try object.json()
        guard object.kind == .dataStreams, let indices = body["indices"]?.array else {
            throw ElasticsearchError(
                code: .malformedResponse, message: "\(object) does not say which indices it has", isRetryable: false)
        }
        name = object.name
        timestampField = body["timestampField"]?.string ?? "@timestamp"
        template = body["template"]?.string
        generation = body["generation"]?.int ?? indices.count
        isHidden = body["hidden"]?.bool ?? false
        allowsCustomRouting = body["allowCustomRouting"]?.bool ?? false
        isSystem = false
        self.indices = indices.compactMap { index in
            index["name"]?.string.map { BackingIndex(name: $0, uuid: index["uuid"]?.string ?? "") }
        }
    }

    /// The object that a snapshot holds.
    package var object: ClusterObject {
        var object = ClusterObject(kind: .dataStreams, name: name, json: json)
        object.isSystem = isSystem || name.hasPrefix(".")
        return object
    }
}
