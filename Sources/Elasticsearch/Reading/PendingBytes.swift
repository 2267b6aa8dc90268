import Glibc

/// A growing byte buffer of which the front is dropped; memory goes back to the system after a big document.
struct PendingBytes: ~Copyable {
    private(set) var base: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    private var capacity: Int
    /// Small enough to stay in the processor's cache, and to be kept for ever.
    private static let usualCapacity = 64 << 10

    init() {
        capacity = PendingBytes.usualCapacity
        base = .allocate(capacity: capacity)
    }

    deinit { base.deallocate() }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    mutating func append(_ chunk: UnsafeRawBufferPointer) throws(SplitError) {
        if count + chunk.count > capacity { try resize(to: max(count + chunk.count, capacity * 2)) }
        UnsafeMutableRawPointer(base + count).copyMemory(
            from: chunk.baseAddress ?? UnsafeRawPointer(base), byteCount: chunk.count)
        count += chunk.count
    }

    mutating func drop(first dropped: Int) throws(SplitError) {
        count -= dropped
        if dropped > 0, count > 0 { memmove(base, base + dropped, count) }
        if capacity > 16 * PendingBytes.usualCapacity, count < PendingBytes.usualCapacity {
            try resize(to: PendingBytes.usualCapacity)
        }
    }

    /// The C library moves big blocks by their pages: no second copy exists meanwhile.
    private mutating func resize(to newCapacity: Int) throws(SplitError) {
        guard let moved = realloc(base, newCapacity) else {
            throw SplitError(kind: .limit, message: "there is no memory for a document of \(count) bytes")
        }
        base = moved.assumingMemoryBound(to: UInt8.self)
        capacity = newCapacity
    }
}
