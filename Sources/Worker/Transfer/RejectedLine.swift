import Elasticsearch
import Runtime

/// A document that was refused, on a line that `sheaf import` reads: elasticdump's members and the error.
///
/// What is no JSON object, a malformed line or a source with comments, stands as text in `line`.
enum RejectedLine {
    /// - Parameters:
    ///   - id: a JSON string with its quotes, like `routing`; nil for a line that could not be read.
    ///   - error: an object with `status`, `type` and `reason`.
    static func bytes(id: [UInt8]?, routing: [UInt8]?, source: [UInt8], error: JSONValue) -> [UInt8] {
        var bytes = Array("{".utf8)
        if let id { bytes += "\"_id\":".utf8 + id + ",".utf8 }
        if let routing { bytes += "\"_routing\":".utf8 + routing + ",".utf8 }
        bytes += "\"error\":\(error.serialized()),".utf8
        // Comments are fine for the engines and for nobody else.
        if let json = try? JSONValue(parsing: source), json.members != nil {
            bytes += "\"_source\":".utf8 + source
        } else {
            bytes += "\"line\":\(JSONValue.string(String(decoding: source, as: UTF8.self)).serialized())".utf8
        }
        return bytes + Array("}\n".utf8)
    }

    /// The text of a line of that kind without a `_source`; nil for every other, also for documents that have an error and a line of their own.
    static func text(in members: JSONLine) -> [UInt8]? {
        guard members.names.allSatisfy({ ["_id", "_routing", "error", "line"].contains($0) }), let line = members["line"],
            let error = members["error"].flatMap({ try? JSONValue(parsing: Array($0)) }),
            error["status"]?.int != nil, error["type"]?.string != nil, error["reason"]?.string != nil,
            let text = (try? JSONValue(parsing: Array(line)))?.string
        else { return nil }
        return Array(text.utf8)
    }
}
