import Elasticsearch
import Glibc
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
    init(file: CInt, name: String, isStopped: @escaping @Sendable () -> Bool = { false }) throws {
        lines = LineReader(file: file, name: name, isStopped: isStopped)
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

    /// Whether there is not one line.
    var isEmpty: Bool { format == nil }

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
            let members = JSONLine(bytes)
            if let members, let source = members["_source"], source.first == UInt8(ascii: "{") {
                return try document(members, source: Array(source), number)
            }
            // A line that an earlier import refused: a document whose source was no JSON, or what its user made of it since.
            guard let members, let text = RejectedLine.text(in: members) else {
                throw Malformed(line: number, reason: "expected an object with a _source", bytes: line)
            }
            if members["_id"] != nil { return try document(members, source: text, number) }
            return try text.withUnsafeBytes { bytes in
                guard let members = JSONLine(bytes), let source = members["_source"], source.first == UInt8(ascii: "{") else {
                    throw Malformed(
                        line: number, reason: "the line that was refused before has no _source", bytes: text)
                }
                return try document(members, source: Array(source), number)
            }
        }
    }

    private func document(_ members: JSONLine, source: [UInt8], _ number: Int) throws -> ImportedDocument {
        ImportedDocument(
            id: try ImportedDocument.text(members["_id"]) ?? ImportedDocument.id(line: number, source),
            routing: ImportedDocument.text(members["_routing"] ?? members["routing"]), source: source)
    }
}

extension ImportReader {
    /// Reads a whole file and puts it back to its begin, so that what is there is replaced by what can be read alone.
    ///
    /// - Returns: how many documents it has.
    /// - Throws: `TransferError` for a file with a line that holds no document, or one that cannot be read twice.
    static func examine(file: CInt, name: String, isStopped: @escaping @Sendable () -> Bool) throws -> Int {
        let start = lseek(file, 0, SEEK_CUR)
        guard start >= 0 else {
            throw TransferError(
                .refused,
                "--conflict overwrite reads its input twice, first to see that it is whole, and \(name) can be read only once: "
                    + "write it to a file and name that")
        }
        func damaged(_ line: Int, _ reason: String) -> TransferError {
            TransferError(
                .damaged, "line \(line) of \(name) holds no document: \(reason); nothing was changed, mend the file first")
        }
        var reader = try ImportReader(file: file, name: name, isStopped: isStopped)
        var documents = 0
        do {
            while let document = try reader.next() {
                guard document.source.first(where: { !JSONLine.isSpace($0) }) == UInt8(ascii: "{"),
                    document.source.last(where: { !JSONLine.isSpace($0) }) == UInt8(ascii: "}")
                else { throw damaged(reader.line, "it is not one whole object") }
                documents += 1
            }
        } catch let error as Malformed {
            throw damaged(error.line, error.reason)
        }
        guard lseek(file, start, SEEK_SET) == start else {
            throw TransferError(.file, "\(name) cannot be read again from its begin: \(errorText(errno))")
        }
        return documents
    }
}
