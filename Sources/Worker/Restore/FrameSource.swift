import Archive
import Elasticsearch
import Sessions

/// Reads the frames of a run of segments from a cursor on, checked and decompressed, into batches.
struct FrameSource {
    private(set) var cursor: SegmentCursor
    private let segments: [SegmentReference]
    private let end: Int
    private let store: RepositoryStore
    private let manner: LoadManner
    private var open: SegmentReader?

    /// - Parameters:
    ///   - segments: all of the index's manifest.
    ///   - run: those of the slice.
    init(
        at cursor: SegmentCursor, run: Range<Int>, of segments: [SegmentReference], in store: RepositoryStore, manner: LoadManner
    ) {
        self.cursor = cursor
        self.segments = segments
        end = run.upperBound
        self.store = store
        self.manner = manner
    }

    /// - Returns: bytes and kind of the next frame as it is sent; nil at the end.
    mutating func next() throws -> (bytes: Int, kind: SegmentKind)? {
        while cursor.segment < end {
            let reader = try reader()
            if cursor.frame < reader.frames.count {
                let frame = reader.frames[cursor.frame]
                // A document of an exact frame is sent by itself: nothing is rewritten in the frame.
                let rewriter = reader.kind == .bulk ? try manner.rewriter(of: cursor) : nil
                return (rewriter?.capacity(bytes: frame.plainBytes, documents: frame.documents) ?? frame.plainBytes, reader.kind)
            }
            moveOn()
        }
        return nil
    }

    /// Adds the next frame to a batch of its kind that has the room.
    mutating func read(into batch: LoadBatch) throws {
        let reader = try reader()
        let frame = reader.frames[cursor.frame]
        let rewriter = try manner.rewriter(of: cursor)
        var bytes = frame.plainBytes
        if let rewriter, reader.kind == .bulk {
            let written = try rewriter.rewrite(try reader.frame(cursor.frame), into: batch.room)
            guard written.documents == frame.documents else {
                throw ArchiveError(
                    .corrupt,
                    "frame \(cursor.frame) of segment \(reader.id) has \(written.documents) documents, its table says \(frame.documents): "
                        + "restore it from another copy")
            }
            bytes = written.bytes
        } else {
            try reader.read(cursor.frame, into: batch.room)
        }
        cursor.frame += 1
        if cursor.frame == reader.frames.count { moveOn() }
        batch.take(frame, bytes: bytes, end: cursor, rewriter: rewriter)
    }

    private mutating func reader() throws -> SegmentReader {
        if let open { return open }
        let segment = segments[cursor.segment]
        let reader = try SegmentReader(store: store, id: segment.id, storedBytes: segment.storedBytes)
        open = reader
        return reader
    }

    private mutating func moveOn() {
        cursor = SegmentCursor(segment: cursor.segment + 1, frame: 0)
        open = nil
    }
}
