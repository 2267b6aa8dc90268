/// A frame under way: documents as a segment has them, one after the other, in memory that is used again for the next frame.
///
/// Unchecked is right: whoever took it from `SegmentPipeline`, or was given it, is the only one to touch it until it goes back.
final class FrameBuffer: @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0
    var documents = 0

    /// - Parameter capacity: bytes that it takes.
    init(capacity: Int) { memory = .allocate(byteCount: max(1, capacity), alignment: 16) }

    deinit { memory.deallocate() }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

    /// - Precondition: there is room.
    @inline(__always)
    func append(_ bytes: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: bytes)
        count += bytes.count
    }

    /// - Precondition: there is room.
    @inline(__always)
    func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    func reset() {
        count = 0
        documents = 0
    }
}
