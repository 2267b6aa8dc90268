import Crypto
import Elasticsearch
import Runtime

/// How documents stand in the lines that are imported; the first line tells.
enum ImportFormat: Equatable {
    /// Pairs of action and source lines, as `_bulk` and `sheaf export` have them.
    case bulk
    /// elasticdump's `{"_index":…,"_id":…,"_source":…}`, and the lines of `RejectedLine`.
    case dump
    /// Sources alone.
    case documents

    init?(firstLine line: [UInt8]) {
        let kind: ImportFormat? = line.withUnsafeBytes { bytes in
            guard let members = JSONLine(bytes) else { return nil }
            if members.members.count == 1, let name = members.names.first, let value = members[name],
                ["index", "create", "update", "delete"].contains(name), value.first == UInt8(ascii: "{"),
                JSONLine(value)?.names.allSatisfy({ Self.metadata.contains($0) }) == true
            {
                return .bulk
            }
            return members["_source"] != nil || RejectedLine.text(in: members) != nil ? .dump : .documents
        }
        guard let kind else { return nil }
        self = kind
    }

    /// What stands in an action: a document with a single object `index` is told from one by it.
    private static let metadata: Set<String> = [
        "_index", "_id", "_type", "routing", "_routing", "parent", "_parent", "version", "_version", "version_type",
        "_version_type", "if_seq_no", "if_primary_term", "pipeline", "require_alias", "dynamic_templates",
        "list_executed_pipelines",
        "retry_on_conflict",
    ]
}

/// A document on its way from a line to the index.
struct ImportedDocument {
    /// A JSON string with its quotes, like `routing`.
    var id: [UInt8]
    var routing: [UInt8]?
    /// Only makes it where the id is free.
    var isCreation = false
    var source: [UInt8]

    /// One that names no id gets one of its line's number and bytes: the same file again changes nothing, and equal lines stay apart.
    static func id(line: Int, _ bytes: [UInt8]) throws -> [UInt8] {
        let digest = try SHA256.digest(of: Array("\(line):".utf8) + bytes).hex
        return Array("\"\(digest.prefix(32))\"".utf8)
    }

    /// A string, or a number that some tools write for one; nil for null and what else cannot be an id.
    static func text(_ value: UnsafeRawBufferPointer?) -> [UInt8]? {
        guard let value, let json = try? JSONValue(parsing: Array(value)) else { return nil }
        switch json {
        case .string: return Array(value)
        case .number(let number): return Array("\"\(number)\"".utf8)
        default: return nil
        }
    }
}
