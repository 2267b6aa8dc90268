import Glibc

/// memcmp for buffers of one length.
func areEqual(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
    guard first.count == second.count else { return false }
    guard let left = first.baseAddress, let right = second.baseAddress, !first.isEmpty else { return true }
    return memcmp(left, right, first.count) == 0
}

/// memchr: where the byte is first at or after an index.
func firstIndex(of byte: UInt8, in bytes: UnsafeRawBufferPointer, from start: Int = 0) -> Int? {
    guard let base = bytes.baseAddress, start < bytes.count else { return nil }
    guard let found = memchr(base + start, Int32(byte), bytes.count - start) else { return nil }
    return UnsafeRawPointer(found) - base
}

func count(of byte: UInt8, in bytes: UnsafeRawBufferPointer) -> Int {
    var total = 0
    var start = 0
    while let found = firstIndex(of: byte, in: bytes, from: start) {
        total += 1
        start = found + 1
    }
    return total
}
