import Crypto

/// A set of digests in 32 bytes each: appended first, then asked.
///
/// An array that grows may have twice the room it needs, so a million digests take 32 to 64 MB.
struct CollectorDigests {
    private struct Words: Hashable, Comparable {
        var first: UInt64
        var second: UInt64
        var third: UInt64
        var fourth: UInt64

        init(_ digest: Digest) {
            func word(_ index: Int) -> UInt64 {
                digest.bytes[8 * index..<8 * index + 8].reduce(0) { $0 << 8 | UInt64($1) }
            }
            (first, second, third, fourth) = (word(0), word(1), word(2), word(3))
        }

        static func < (left: Words, right: Words) -> Bool {
            (left.first, left.second, left.third, left.fourth) < (right.first, right.second, right.third, right.fourth)
        }
    }

    private var words: [Words] = []
    private var isSorted = true

    mutating func insert(_ digest: Digest) {
        words.append(Words(digest))
        isSorted = false
    }

    /// Sorts once after insertions.
    mutating func contains(_ digest: Digest) -> Bool {
        if !isSorted {
            words.sort()
            isSorted = true
        }
        let wanted = Words(digest)
        var low = 0
        var high = words.count
        while low < high {
            let middle = (low + high) / 2
            if words[middle] < wanted { low = middle + 1 } else { high = middle }
        }
        return low < words.count && words[low] == wanted
    }
}
