import CZstd
package import Crypto

/// Writes the `_id`s of a segment's documents beside it, so that a lost segment does not take with it what was lost.
///
/// One zstd frame of lines, each the JSON string of `_id` as in the action line (docs/repository-format.md, section 3.5). Lines go
/// into the spool as they come: memory is the compressor's few MiB, whatever comes. After an error the writer must not be used again.
package final class InventoryWriter {
    private let spool: Spool
    private let compressor: CompressionContext
    private let stored: ByteBuffer
    private let lines: ByteBuffer
    private var count = 0
    private var file: SpooledFile?

    package init(spool: Spool) throws(ArchiveError) {
        self.spool = spool
        // Random ids gain by entropy coding alone: level 3 takes five times as long for 3 % fewer bytes.
        compressor = try CompressionContext(level: 1)
        stored = ByteBuffer(count: ZSTD_CStreamOutSize())
        lines = ByteBuffer(count: 128 << 10)
    }

    /// Takes the documents of a frame.
    package func append(frame: UnsafeRawBufferPointer, kind: SegmentKind) throws(ArchiveError) {
        switch kind {
        case .bulk:
            var start = 0
            while start < frame.count {
                let id = try Inventory.id(in: frame, from: start)
                try append(id: UnsafeRawBufferPointer(rebasing: frame[id]))
                guard let action = firstIndex(of: lineFeed, in: frame, from: id.upperBound),
                    let source = firstIndex(of: lineFeed, in: frame, from: action + 1)
                else { throw Inventory.unnamed(at: start) }
                start = source + 1
            }
        case .exact:
            var documents = ExactDocuments(in: frame)
            while let document = try documents.next() {
                try document.action.withBytes { (action) throws(ArchiveError) in try append(action: action) }
            }
        }
    }

    /// Takes one document.
    /// - Parameter action: its line, with or without what follows the action's own members.
    package func append(action: UnsafeRawBufferPointer) throws(ArchiveError) {
        try append(id: UnsafeRawBufferPointer(rebasing: action[try Inventory.id(in: action, from: 0)]))
    }

    /// Takes one `_id`.
    /// - Parameter id: its JSON string, in quotation marks.
    package func append(id: UnsafeRawBufferPointer) throws(ArchiveError) {
        if count + id.count + 1 > lines.bytes.count { try flush(ZSTD_e_continue) }
        // Of other stores' journals perhaps; engines take 512 bytes.
        guard id.count < lines.bytes.count else {
            throw ArchiveError(.invalid, "an _id of \(id.count) bytes cannot be listed: no engine takes more than 512")
        }
        UnsafeMutableRawBufferPointer(rebasing: lines.bytes[count...]).copyMemory(from: id)
        lines.bytes[count + id.count] = lineFeed
        count += id.count + 1
    }

    /// Ends the inventory and stores it; nothing happens where there was no document. The next document starts another.
    ///
    /// To be called before the segment is stored: one that is there has its inventory.
    package func store(for segment: Digest, in store: RepositoryStore) throws(ArchiveError) {
        guard count > 0 || file != nil else { return }
        try flush(ZSTD_e_end)
        guard let staged = try file?.finish() else { return }
        file = nil
        // The file goes with its last owner.
        defer { withExtendedLifetime(staged) {} }
        _ = try store.upload(contentsOf: staged.path, at: .inventory(segment))
    }

    private func flush(_ mode: ZSTD_EndDirective) throws(ArchiveError) {
        let file: SpooledFile
        if let current = self.file {
            file = current
        } else {
            file = try SpooledFile(in: spool)
            self.file = file
            _ = try checkZstd(ZSTD_CCtx_reset(compressor.pointer, ZSTD_reset_session_only), "start an inventory")
        }
        var input = ZSTD_inBuffer(src: lines.bytes.baseAddress, size: count, pos: 0)
        var remaining = 0
        repeat {
            var output = ZSTD_outBuffer(dst: stored.bytes.baseAddress, size: stored.bytes.count, pos: 0)
            remaining = try checkZstd(ZSTD_compressStream2(compressor.pointer, &output, &input, mode), "compress an inventory")
            try file.write(stored.prefix(output.pos))
        } while input.pos < input.size || (mode == ZSTD_e_end && remaining > 0)
        count = 0
    }
}

/// Reads the `_id`s of a segment's documents, one after the other, whether the segment itself is still there or not.
///
/// Memory is a window of stored bytes, one of plain bytes and zstd's own window of 8 MiB at most.
package final class Inventory {
    private let store: RepositoryStore
    private let key: ObjectKey
    private let size: Int
    private let context: DecompressionContext
    private var fetched = 0
    private var stored: [UInt8] = []
    private var storedStart = 0
    private var plain: [UInt8] = []
    private var plainStart = 0
    private var isEnded = false

    /// - Returns: `nil` where the segment has no inventory: one of refused documents, or of a writer that left it out.
    package init?(of segment: Digest, in store: RepositoryStore) throws(ArchiveError) {
        key = .inventory(segment)
        guard let size = try store.size(key) else { return nil }
        self.store = store
        self.size = size
        context = try DecompressionContext()
        _ = try checkZstd(
            ZSTD_DCtx_setParameter(context.pointer, ZSTD_d_windowLogMax, Inventory.largestWindowLog), "bound its window")
    }

    /// The `_id`s of a segment's documents by frame.
    ///
    /// - Parameter frames: how many documents each frame of the segment has; where its table is lost, all of them as one.
    /// - Returns: JSON strings as in the action lines, `nil` without an inventory.
    /// - Throws: `.corrupt` also where it names more or fewer documents.
    package static func read(
        segment: Digest, frames: [Int], in store: RepositoryStore
    ) throws(ArchiveError) -> [[String]]? {
        guard let inventory = try Inventory(of: segment, in: store) else { return nil }
        var ids: [[String]] = []
        for documents in frames {
            var frame: [String] = []
            for _ in 0..<documents {
                guard let id = try inventory.next() else {
                    throw inventory.damaged("it names fewer documents than its segment has")
                }
                frame.append(String(decoding: id, as: UTF8.self))
            }
            ids.append(frame)
        }
        guard try inventory.next() == nil else { throw inventory.damaged("it names more documents than its segment has") }
        return ids
    }

    /// The next document's `_id` as a JSON string, `nil` after the last one.
    package func next() throws(ArchiveError) -> [UInt8]? {
        var searched = plainStart
        while true {
            if let end = plain.withUnsafeBytes({ firstIndex(of: lineFeed, in: $0, from: searched) }) {
                defer { plainStart = end + 1 }
                let line = plain[plainStart..<end]
                guard line.count >= 2, line.first == quote, line.last == quote else { throw damaged("a line is no JSON string") }
                return Array(line)
            }
            plain.removeFirst(plainStart)
            plainStart = 0
            searched = plain.count
            guard searched < Inventory.longestLine else { throw damaged("a line is too long") }
            guard try decode() else {
                guard plain.isEmpty else { throw damaged("its last line has no end") }
                return nil
            }
        }
    }

    /// Appends some plain bytes.
    /// - Returns: whether there were any.
    private func decode() throws(ArchiveError) -> Bool {
        while !isEnded {
            if storedStart == stored.count {
                guard fetched < size else { throw damaged("it is cut") }
                let range = fetched..<min(fetched + Inventory.windowBytes, size)
                stored = try store.read(key, range)
                fetched = range.upperBound
                storedStart = 0
            }
            var chunk = [UInt8](repeating: 0, count: Inventory.windowBytes)
            var produced = 0
            let result = stored.withUnsafeBytes { stored in
                chunk.withUnsafeMutableBytes { chunk in
                    var input = ZSTD_inBuffer(src: stored.baseAddress, size: stored.count, pos: storedStart)
                    var output = ZSTD_outBuffer(dst: chunk.baseAddress, size: chunk.count, pos: 0)
                    let result = ZSTD_decompressStream(context.pointer, &output, &input)
                    storedStart = input.pos
                    produced = output.pos
                    return result
                }
            }
            guard ZSTD_isError(result) == 0 else { throw damaged("it does not decode") }
            if result == 0 {
                isEnded = true
                guard storedStart == stored.count, fetched == size else { throw damaged("something stands behind its frame") }
            }
            if produced > 0 {
                plain += chunk[..<produced]
                return true
            }
        }
        return false
    }

    private func damaged(_ cause: String) -> ArchiveError {
        ArchiveError(.corrupt, "\(key) in \(store.location) is damaged: \(cause); what it named cannot be told")
    }

    /// Where the JSON string of `_id` stands in an action line, which it begins (docs/repository-format.md, section 3.2).
    fileprivate static func id(in bytes: UnsafeRawBufferPointer, from start: Int) throws(ArchiveError) -> Range<Int> {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
        guard let opening = openings.first(where: { rest.starts(with: $0) }) else { throw unnamed(at: start) }
        var place = start + opening.count
        while place < bytes.count, bytes[place] != quote, bytes[place] != lineFeed {
            place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard place < bytes.count, bytes[place] == quote else { throw unnamed(at: start) }
        return (start + opening.count - 1)..<(place + 1)
    }

    fileprivate static func unnamed(at offset: Int) -> ArchiveError {
        ArchiveError(.invalid, "no action line that begins with its _id starts at byte \(offset) of a frame")
    }

    private static let openings = [Array(#"{"index":{"_id":""#.utf8), Array(#"{"create":{"_id":""#.utf8)]
    private static let windowBytes = 128 << 10
    private static let longestLine = 256 << 10
    /// Far above what level 1 uses, at which inventories are written here.
    private static let largestWindowLog: Int32 = 23
}

private let lineFeed = UInt8(ascii: "\n")
private let quote = UInt8(ascii: "\"")
