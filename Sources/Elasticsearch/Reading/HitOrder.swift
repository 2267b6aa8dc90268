/// The order of one shard's documents: their sort values begin with a whole number, and it rises.
///
/// A page that has a document twice in place of another would pass by its count alone.
package struct HitOrder: Sendable {
    private var last: UInt64?

    /// - Parameter after: raw sort values of the document before the first; nil: there is none.
    package init(after: String? = nil) { last = after.flatMap { text in Array(text.utf8).withUnsafeBytes(Self.number) } }

    /// - Parameter sort: raw sort values of the next document. Without a whole number they say nothing about its place.
    /// - Returns: false when the document cannot come next.
    @inline(__always)
    mutating func continues(with sort: UnsafeRawBufferPointer) -> Bool {
        guard let number = Self.number(sort) else { return true }
        if let last, number <= last { return false }
        last = number
        return true
    }

    /// The first of `[123]` and, as Elasticsearch adds its own place in the shard, `[123,123]`.
    @inline(__always)
    private static func number(_ sort: UnsafeRawBufferPointer) -> UInt64? {
        guard sort.count > 2, sort[0] == UInt8(ascii: "[") else { return nil }
        var number: UInt64 = 0
        var place = 1
        // Up to 19 digits no number overflows.
        while place < min(sort.count, 21) {
            let digit = sort[place] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            number = number &* 10 &+ UInt64(digit)
            place += 1
        }
        guard place > 1, place < min(sort.count, 21), sort[place] == UInt8(ascii: "]") || sort[place] == UInt8(ascii: ",") else {
            return nil
        }
        return number
    }
}
