import Archive
import Elasticsearch
import Glibc

/// A block of memory of its own mapping: what is not touched costs nothing, and what is freed goes back to the kernel at once.
final class LoadBlock: @unchecked Sendable {
    // Unchecked is right: one batch owns a block at a time, and a batch is with one thread at a time.
    let bytes: UnsafeMutableRawBufferPointer

    /// - Throws: `.exhausted`, which is retryable.
    init(bytes count: Int) throws(ArchiveError) {
        let count = max(count, 1)
        guard let start = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), start != MAP_FAILED else {
            throw ArchiveError(
                .exhausted, "no memory for \(count) bytes of documents: give this process more, or run fewer units at once")
        }
        bytes = UnsafeMutableRawBufferPointer(start: start, count: count)
    }

    deinit { munmap(bytes.baseAddress, bytes.count) }
}

/// Whole frames that one client loads: several small ones joined, or one.
final class LoadBatch: @unchecked Sendable {
    // Unchecked is right: the reader fills it, the queue hands it to one client, and nobody changes it after.
    let block: LoadBlock
    let kind: SegmentKind
    /// Gives the documents of an exact frame their ids; nil keeps them.
    private(set) var rewriter: BulkRewriter?
    /// As they are sent.
    private(set) var bytes = 0
    private(set) var documents = 0
    /// As the frames' table counts them.
    private(set) var plainBytes = 0
    private(set) var storedBytes = 0
    /// Behind its last frame.
    private(set) var end: SegmentCursor

    init(block: LoadBlock, kind: SegmentKind, begin: SegmentCursor) {
        self.block = block
        self.kind = kind
        end = begin
    }

    var lines: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: block.bytes[..<bytes]) }

    /// Where the next frame goes.
    var room: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(rebasing: block.bytes[bytes...]) }

    /// Counts a frame that was written to the begin of `room`.
    func take(_ frame: SegmentFrame, bytes count: Int, end: SegmentCursor, rewriter: BulkRewriter?) {
        bytes += count
        documents += frame.documents
        plainBytes += frame.plainBytes
        storedBytes += frame.storedBytes
        self.end = end
        self.rewriter = rewriter
    }
}
