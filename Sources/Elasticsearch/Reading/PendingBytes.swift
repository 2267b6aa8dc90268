import Glibc

/// Bytes that are being looked at: somebody else's for a while, or a growing buffer of which the front is dropped. Memory goes back to
/// the system after a big document.
struct PendingBytes: ~Copyable {
    /// Of what is looked at; only read where it is borrowed.
    private(set) var base: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    private var owned: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    /// Small enough to stay in the processor's cache, and to be kept for ever.
    private static let usualCapacity = 64 << 10

    init() {
        capacity = PendingBytes.usualCapacity
        owned = .allocate(capacity: capacity)
        base = owned
    }

    deinit { owned.deallocate() }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    func isSpelled(_ range: Range<Int>, _ name: StaticString) -> Bool {
        range.count == name.utf8CodeUnitCount && memcmp(base + range.lowerBound, name.utf8Start, range.count) == 0
    }

    /// A range without the white space at its ends.
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, isSpace(base[start]) { start += 1 }
        while start < end, isSpace(base[end - 1]) { end -= 1 }
        return start..<end
    }

    /// Looks at bytes where they are, until `keep`.
    ///
    /// - Precondition: there are none yet.
    mutating func borrow(_ chunk: UnsafeRawBufferPointer) {
        guard let start = chunk.baseAddress else { return }
        base = UnsafeMutablePointer(mutating: start.assumingMemoryBound(to: UInt8.self))
        count = chunk.count
    }

    /// Copies what is left of borrowed bytes, and gives them back.
    mutating func keep(from start: Int) throws(SplitError) {
        let left = UnsafeRawBufferPointer(start: base + start, count: count - start)
        clear()
        if !left.isEmpty { try append(left) }
    }

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

    /// Forgets all; a buffer that a big document made goes with it.
    mutating func clear() {
        count = 0
        base = owned
        guard capacity > 16 * PendingBytes.usualCapacity else { return }
        owned.deallocate()
        capacity = PendingBytes.usualCapacity
        owned = .allocate(capacity: capacity)
        base = owned
    }

    /// The C library moves big blocks by their pages: no second copy exists meanwhile.
    private mutating func resize(to newCapacity: Int) throws(SplitError) {
        guard let moved = realloc(owned, newCapacity) else {
            throw SplitError(kind: .limit, message: "there is no memory for a document of \(count) bytes")
        }
        owned = moved.assumingMemoryBound(to: UInt8.self)
        base = owned
        capacity = newCapacity
    }
}
