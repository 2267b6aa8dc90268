import Glibc
import Runtime

/// Turns the `index` actions of bulk lines into `create` actions, under their ids or under new ones. Sources stay as they are.
package struct BulkRewriter: Sendable {
    package enum Identity: Sendable {
        case kept
        /// `<prefix>-<place>`: the same document gets the same id each time. The prefix is of letters, digits, `-` and `_`.
        case numbered(prefix: String)
    }

    private let identity: Identity

    package init(_ identity: Identity) { self.identity = identity }

    /// What `rewrite` may need for that many documents in that many bytes.
    package func capacity(bytes: Int, documents: Int) -> Int {
        switch identity {
        case .kept: bytes + documents
        case .numbered(let prefix): bytes + documents * (prefix.utf8.count + 32)
        }
    }

    /// Writes pairs of lines, rewritten.
    ///
    /// - Parameter output: with room for `capacity`.
    /// - Returns: the bytes written, and the documents.
    /// - Throws: `.badRequest` when the lines are not pairs, or an action is no `index` or `create` with an `_id`.
    package func rewrite(
        _ lines: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(ElasticsearchError) -> (bytes: Int, documents: Int) {
        var writer = Writer(output: output)
        var start = 0
        var documents = 0
        while start < lines.count {
            guard let source = lineEnd(lines, from: start), let end = lineEnd(lines, from: source) else {
                throw ElasticsearchError(
                    code: .badRequest, message: "the bulk lines end within document \(documents): the part is damaged")
            }
            try append(action: UnsafeRawBufferPointer(rebasing: lines[start..<source - 1]), place: documents, to: &writer)
            writer.append(UnsafeRawBufferPointer(rebasing: lines[source - 1..<end]))
            documents += 1
            start = end
        }
        return (writer.count, documents)
    }

    /// The id of the document at a place, as JSON text with its quotes; nil where ids are kept.
    package func id(at place: Int) -> String? {
        guard case .numbered(let prefix) = identity else { return nil }
        return "\"\(prefix)-\(place)\""
    }

    private func append(action: UnsafeRawBufferPointer, place: Int, to writer: inout Writer) throws(ElasticsearchError) {
        guard let id = BulkRewriter.idEnd(of: action) else { return try appendParsed(action: action, place: place, to: &writer) }
        writer.append(BulkRewriter.create)
        switch identity {
        case .kept: writer.append(UnsafeRawBufferPointer(rebasing: action[BulkRewriter.index.utf8CodeUnitCount..<id]))
        case .numbered(let prefix):
            writer.append("\"")
            writer.append(prefix)
            writer.append("-")
            writer.append(decimal: place)
            writer.append("\"")
        }
        writer.append(UnsafeRawBufferPointer(rebasing: action[id...]))
    }

    /// For actions that some other program wrote.
    private func appendParsed(
        action: UnsafeRawBufferPointer, place: Int, to writer: inout Writer
    ) throws(ElasticsearchError) {
        guard let parsed = try? JSONValue(parsing: Array(action)), let member = parsed.members?.first,
            ["index", "create"].contains(member.name), member.value["_id"]?.string != nil
        else {
            throw ElasticsearchError(
                code: .badRequest, message: "the action of document \(place) is no index action with an _id: the part is damaged")
        }
        var target = member.value
        if case .numbered(let prefix) = identity { target["_id"] = .string("\(prefix)-\(place)") }
        let line = JSONValue.object([.init(name: "create", value: target)]).serialized()
        // Spaces go, so it is hardly ever longer; a line that is has no room.
        guard line.utf8.count <= action.count + capacity(bytes: 0, documents: 1) else {
            throw ElasticsearchError(code: .badRequest, message: "the action of document \(place) cannot be rewritten in place")
        }
        writer.append(line)
    }

    /// Where the id ends in an action as this program writes it, its quote included; nil for any other.
    private static func idEnd(of action: UnsafeRawBufferPointer) -> Int? {
        let begin = index.utf8CodeUnitCount
        guard action.count > begin + 2, action[begin] == UInt8(ascii: "\""), let start = action.baseAddress,
            memcmp(start, index.utf8Start, begin) == 0
        else { return nil }
        var place = begin + 1
        while place < action.count, action[place] != UInt8(ascii: "\"") { place += action[place] == UInt8(ascii: "\\") ? 2 : 1 }
        // Behind it comes the end, or the routing.
        guard place + 1 < action.count, action[place + 1] == UInt8(ascii: "}") || action[place + 1] == UInt8(ascii: ",") else {
            return nil
        }
        return place + 1
    }

    private static let index: StaticString = #"{"index":{"_id":"#
    private static let create: StaticString = #"{"create":{"_id":"#

    private func lineEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress,
            let found = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
        else { return nil }
        return base.distance(to: UnsafeRawPointer(found)) + 1
    }
}

/// Appends to a block of memory that has room.
private struct Writer {
    let output: UnsafeMutableRawBufferPointer
    var count = 0

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(rebasing: output[count...]).copyMemory(from: bytes)
        count += bytes.count
    }

    mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(_ text: String) {
        for byte in text.utf8 {
            output[count] = byte
            count += 1
        }
    }

    mutating func append(decimal number: Int) {
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            output[count] = UInt8(ascii: "0") + UInt8(number / divisor % 10)
            count += 1
            divisor /= 10
        }
    }
}
