import Elasticsearch
import Runtime

/// Takes documents from lines of any of the formats.
struct ImportReader {
    /// A line that holds no document.
    struct Malformed: Error {
        let line: Int
        let reason: String
        let bytes: [UInt8]
    }

    private var lines: LineReader
    private var format: ImportFormat?
    private var first: [UInt8]?
    private let name: String

    /// - Throws: `TransferError(.damaged)` when the first line is no JSON object.
    init(file: CInt, name: String) throws {
        lines = LineReader(file: file, name: name)
        self.name = name
        guard let line = try Self.nextFull(&lines) else { return }
        guard let format = ImportFormat(firstLine: line) else {
            throw TransferError(
                .damaged,
                "line \(lines.number) of \(name) is no JSON object: expected bulk lines, elasticdump's lines or documents")
        }
        self.format = format
        first = line
    }

    /// Of the line that was read last, from 1.
    var line: Int { lines.number }

    /// - Returns: nil at the end.
    /// - Throws: `Malformed`, after which the next line can be read; `TransferError` when nothing can be read any more.
    mutating func next() throws -> ImportedDocument? {
        guard let format, let line = try nextLine() else { return nil }
        switch format {
        case .bulk: return try pair(action: line)
        case .dump: return try dumped(line)
        case .documents:
            return ImportedDocument(id: try ImportedDocument.id(line: lines.number, line), source: line)
        }
    }

    private mutating func nextLine() throws -> [UInt8]? {
        if let first {
            self.first = nil
            return first
        }
        return try Self.nextFull(&lines)
    }

    /// Empty lines are passed over; files of other systems end lines with CR LF.
    private static func nextFull(_ lines: inout LineReader) throws -> [UInt8]? {
        while var line = try lines.next() {
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if line.contains(where: { $0 != 0x20 && $0 != 0x09 }) { return line }
        }
        return nil
    }

    private mutating func pair(action: [UInt8]) throws -> ImportedDocument {
        let number = lines.number
        guard let json = try? JSONValue(parsing: action), let member = json.members?.first, json.members?.count == 1,
            member.value.members != nil
        else { throw Malformed(line: number, reason: "expected an action such as {\"index\":{…}}", bytes: action) }
        guard ["index", "create"].contains(member.name) else {
            throw TransferError(
                .damaged,
                "line \(number) of \(name) is an action \(member.name): only index and create bring documents; nothing after it was read"
            )
        }
        guard var source = try lines.next() else {
            throw TransferError(.damaged, "\(name) ends after the action in line \(number): its document is missing")
        }
        if source.last == UInt8(ascii: "\r") { source.removeLast() }
        func text(_ names: String...) -> [UInt8]? {
            names.compactMap { member.value[$0] }.first.flatMap { value in
                value.serializedBytes().withUnsafeBytes { ImportedDocument.text($0) }
            }
        }
        return ImportedDocument(
            id: try text("_id") ?? ImportedDocument.id(line: number, source), routing: text("routing", "_routing"),
            isCreation: member.name == "create", source: source)
    }

    private mutating func dumped(_ line: [UInt8]) throws -> ImportedDocument {
        let number = lines.number
        return try line.withUnsafeBytes { bytes in
            guard let members = JSONLine(bytes), let source = members["_source"], source.first == UInt8(ascii: "{") else {
                throw Malformed(line: number, reason: "expected an object with a _source", bytes: line)
            }
            return ImportedDocument(
                id: try ImportedDocument.text(members["_id"]) ?? ImportedDocument.id(line: number, Array(source)),
                routing: ImportedDocument.text(members["_routing"] ?? members["routing"]), source: Array(source))
        }
    }
}
