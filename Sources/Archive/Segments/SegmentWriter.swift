package import Crypto

/// How a segment is cut.
package struct SegmentSettings: Hashable, Sendable {
    /// Of zstd: 1 is fast, 3 the default, above 9 rarely worth its time.
    package var level = 3
    /// Plain bytes a frame holds at most, unless one document is larger.
    package var frameBytes = 1 << 20
    /// Plain bytes after which a segment counts as full. Plain, because that is what a restore must load again after a crash.
    package var segmentBytes = 64 << 20
    /// Whether the `_id`s of a backup's documents are kept beside their segment (docs/repository-format.md, section 3.5), so that a repair can
    /// name what is lost.
    package var keepsInventory = true

    package init() {}
}

/// A segment in the spool, ready for `store.upload(contentsOf: segment.file.path, at: .segment(segment.id))`.
package struct StagedSegment: Sendable {
    package let file: StagedFile
    package let kind: SegmentKind
    package let documents: Int
    package let plainBytes: Int
    package let frames: Int

    package var id: Digest { file.digest }
    package var storedBytes: Int { file.bytes }
}

/// Packs documents into segments, one after the other, in the order they come.
///
/// A document is copied once, into the frame buffer; one larger than a frame is not even copied. Memory stays under 8 MiB
/// whatever comes. After an error the writer refuses to go on, since what it had taken is lost: cut the unit again.
package final class SegmentWriter {
    package let kind: SegmentKind
    package let settings: SegmentSettings
    private let store: RepositoryStore
    private let spool: Spool
    private let makeSalt: () throws(CryptoError) -> [UInt8]
    private let packer: FramePacker
    private let frameWriter: FrameWriter
    private let buffer: ByteBuffer
    private var bufferedBytes = 0
    private var bufferedDocuments = 0
    private var current: Segment?
    private var hasFailed = false

    private struct Segment {
        let file: SpooledFile
        let cipher: SegmentCipher?
        var layout: SegmentLayout
        var plainBytes = 0
    }

    /// - Parameters:
    ///   - store: where the segments will be stored; it says whether they are sealed, and under which epoch.
    ///   - salt: 32 bytes that no other segment has, so that no two segments share a name even if their documents do, nor a key.
    package init(
        store: RepositoryStore, spool: Spool, kind: SegmentKind, settings: SegmentSettings = SegmentSettings(),
        salt: @escaping () throws(CryptoError) -> [UInt8] = { () throws(CryptoError) in try randomBytes(32) }
    ) throws(ArchiveError) {
        self.store = store
        self.spool = spool
        self.kind = kind
        self.settings = settings
        makeSalt = salt
        packer = try FramePacker(level: settings.level)
        frameWriter = try FrameWriter()
        buffer = ByteBuffer(count: settings.frameBytes)
    }

    /// Plain bytes taken since the last `finish`.
    package var plainBytes: Int { current?.plainBytes ?? 0 }

    /// Whether it is time to `finish`; `append` keeps working.
    package var isFull: Bool { plainBytes >= settings.segmentBytes }

    /// Takes one document.
    /// - Parameters:
    ///   - action: a line such as `{"index":{"_id":"7"}}`, without its line feed.
    ///   - source: the document's bytes as the engine sent them; of the kind that `SegmentKind.required(for:)` says.
    package func append(_ action: UnsafeRawBufferPointer, _ source: UnsafeRawBufferPointer) throws(ArchiveError) {
        try check(action, source)
        var length: [UInt8] = []
        var line = action
        if kind == .exact {
            length = Array(",\"length\":\(source.count)}".utf8)
            line = UnsafeRawBufferPointer(rebasing: action.dropLast())
        }
        try guarding { () throws(ArchiveError) in
            let bytes = line.count + length.count + source.count + 2
            if current == nil { current = try start() }
            if bufferedBytes + bytes > settings.frameBytes { try flush() }
            current?.plainBytes += bytes
            if bytes > settings.frameBytes {
                try [UInt8](length + [lineFeed]).withBytes { (end) throws(ArchiveError) in
                    try [lineFeed].withBytes { (last) throws(ArchiveError) in
                        try pack([line, end, source, last], documents: 1)
                    }
                }
            } else {
                copy(line)
                length.withUnsafeBytes(copy)
                copy(lineFeed)
                copy(source)
                copy(lineFeed)
                bufferedDocuments += 1
            }
        }
    }

    /// Takes a whole frame: documents one after the other as `append` would have written them, which are not copied.
    ///
    /// - Throws: `.invalid` when the bytes cannot be so many documents of the writer's kind.
    package func append(frame: UnsafeRawBufferPointer, documents: Int) throws(ArchiveError) {
        try kind.checkPlausibility(of: frame, count: documents)
        try guarding { () throws(ArchiveError) in
            if current == nil { current = try start() }
            try flush()
            current?.plainBytes += frame.count
            try pack([frame], documents: documents)
        }
    }

    /// Takes a frame that was compressed already.
    ///
    /// - Throws: `.invalid` when it is of another kind.
    package func append(_ frame: CompressedFrame) throws(ArchiveError) {
        guard frame.kind == kind else {
            throw ArchiveError(.invalid, "a frame of kind \(frame.kind.rawValue) cannot go to a segment of kind \(kind.rawValue)")
        }
        try guarding { () throws(ArchiveError) in
            if current == nil { current = try start() }
            try flush()
            current?.plainBytes += frame.plainBytes
            try store(documents: frame.documents, plainBytes: frame.plainBytes) { (write) throws(ArchiveError) in
                try write(frame.bytes)
            }
        }
    }

    /// Ends the segment; the next document starts another.
    /// - Returns: `nil` when there was no document.
    package func finish() throws(ArchiveError) -> StagedSegment? {
        try guarding { () throws(ArchiveError) in
            guard current != nil else { return nil }
            try flush()
            guard let segment = current else { return nil }
            try segment.file.write(try segment.layout.trailer(sealedBy: segment.cipher))
            let staged = StagedSegment(
                file: try segment.file.finish(), kind: kind, documents: segment.layout.documents,
                plainBytes: segment.layout.plainBytes, frames: segment.layout.frames.count)
            current = nil
            return staged
        }
    }

    private func start() throws(ArchiveError) -> Segment {
        let salt = try digesting(makeSalt)
        guard salt.count == SegmentLayout.saltLength else {
            throw ArchiveError(.invalid, "a segment's salt has \(salt.count) bytes: give \(SegmentLayout.saltLength)")
        }
        let cipher = try store.cipher(sealing: kind, salt: salt)
        let segment = Segment(
            file: try SpooledFile(in: spool), cipher: cipher,
            layout: SegmentLayout(kind: kind, salt: salt, epoch: cipher?.epoch))
        try segment.file.write(segment.layout.header)
        return segment
    }

    private func flush() throws(ArchiveError) {
        guard bufferedDocuments > 0 else { return }
        try pack([buffer.prefix(bufferedBytes)], documents: bufferedDocuments)
        bufferedBytes = 0
        bufferedDocuments = 0
    }

    private func pack(_ pieces: [UnsafeRawBufferPointer], documents: Int) throws(ArchiveError) {
        let plainBytes = pieces.reduce(0) { $0 + $1.count }
        try store(documents: documents, plainBytes: plainBytes) { (write) throws(ArchiveError) in
            try packer.pack(pieces, write)
        }
    }

    /// Adds the frame that `produce` writes.
    private func store(
        documents: Int, plainBytes: Int, _ produce: (_ write: FrameWriter.Write) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        guard let segment = current else { return }
        let offset = segment.file.bytes
        let digest = try frameWriter.write(
            frame: segment.layout.frames.count, sealedBy: segment.cipher, into: segment.file, produce)
        current?.layout.frames.append(
            SegmentFrame(
                offset: offset, storedBytes: segment.file.bytes - offset, plainBytes: plainBytes, documents: documents,
                digest: digest))
    }

    private func copy(_ bytes: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[bufferedBytes...]).copyMemory(from: bytes)
        bufferedBytes += bytes.count
    }

    private func copy(_ byte: UInt8) {
        buffer.bytes[bufferedBytes] = byte
        bufferedBytes += 1
    }

    private func check(_ action: UnsafeRawBufferPointer, _ source: UnsafeRawBufferPointer) throws(ArchiveError) {
        guard action.first == UInt8(ascii: "{"), action.last == UInt8(ascii: "}"),
            firstIndex(of: lineFeed, in: action) == nil
        else {
            throw ArchiveError(.invalid, "a document's action is not one line of JSON: give {\"index\":{…}} without a line feed")
        }
        guard !source.isEmpty, kind == .exact || SegmentKind.required(for: source) == .bulk else {
            throw ArchiveError(
                .invalid,
                "a source of \(source.count) bytes cannot be a line of a bulk segment: it is empty or needs kind exact")
        }
    }

    private func guarding<Value>(_ body: () throws(ArchiveError) -> Value) throws(ArchiveError) -> Value {
        guard !hasFailed else {
            throw ArchiveError(.invalid, "this segment writer has failed before and lost what it had taken: make another one")
        }
        do throws(ArchiveError) {
            return try body()
        } catch {
            hasFailed = true
            current = nil
            throw error
        }
    }
}

private let lineFeed = UInt8(ascii: "\n")
