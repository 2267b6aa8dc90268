import Archive
import Glibc
import Runtime

/// The lines of one frame at a time, in the format that was asked for.
struct ExportLines {
    private let format: SnapshotExport.Format
    /// What follows `{"index":{` in an action line.
    private let indexMember: [UInt8]
    private static let actionHead = Array(#"{"index":{"#.utf8)
    /// Of the frame that was read last.
    private(set) var bytes: [UInt8] = []
    private(set) var flattened = 0

    init(index: String, format: SnapshotExport.Format) {
        self.format = format
        indexMember = Array("\"_index\":\(JSONValue.string(index).serialized()),".utf8)
    }

    /// - Returns: how many documents the frame has.
    mutating func read(_ frame: UnsafeRawBufferPointer, of kind: SegmentKind) throws -> Int {
        bytes.removeAll(keepingCapacity: true)
        switch kind {
        case .bulk: return try readBulk(frame)
        case .exact:
            var documents = ExactDocuments(in: frame)
            var count = 0
            while let document = try documents.next() {
                try document.action.withUnsafeBytes { try append(action: $0) }
                bytes += SourceLine.flattened(document.source)
                bytes.append(UInt8(ascii: "\n"))
                flattened += 1
                count += 1
            }
            return count
        }
    }

    private mutating func readBulk(_ frame: UnsafeRawBufferPointer) throws -> Int {
        var start = 0
        var count = 0
        while start < frame.count {
            guard let actionEnd = lineEnd(frame, from: start), let end = lineEnd(frame, from: actionEnd) else {
                throw ArchiveError(.corrupt, "a frame of bulk lines ends within document \(count): read it from another copy")
            }
            try append(action: UnsafeRawBufferPointer(rebasing: frame[start..<actionEnd - 1]))
            bytes += UnsafeRawBufferPointer(rebasing: frame[actionEnd..<end])
            start = end
            count += 1
        }
        return count
    }

    /// - Parameter action: without its line feed.
    private mutating func append(action: UnsafeRawBufferPointer) throws {
        guard format == .bulk else { return }
        guard action.starts(with: Self.actionHead) else {
            throw ArchiveError(.corrupt, "an action line does not begin with \(String(decoding: Self.actionHead, as: UTF8.self))")
        }
        bytes += Self.actionHead
        bytes += indexMember
        bytes += UnsafeRawBufferPointer(rebasing: action[Self.actionHead.count...])
        bytes.append(UInt8(ascii: "\n"))
    }

    private func lineEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress,
            let found = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
        else { return nil }
        return base.distance(to: UnsafeRawPointer(found)) + 1
    }
}
