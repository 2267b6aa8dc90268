import Glibc
import Runtime

/// Bulk lines cut into items without a copy: each item is an action line and a source line.
struct BulkChunk {
    struct Item {
        let start: Int
        /// Where the source begins.
        let source: Int
        let end: Int
    }

    let bytes: UnsafeRawBufferPointer
    let items: [Item]

    /// - Throws: `.badRequest` when an action has no source line, or the last line feed is missing.
    init(_ bytes: UnsafeRawBufferPointer) throws(ElasticsearchError) {
        self.bytes = bytes
        var items: [Item] = []
        var start = 0
        while start < bytes.count {
            guard let source = BulkChunk.lineEnd(bytes, from: start), let end = BulkChunk.lineEnd(bytes, from: source) else {
                throw ElasticsearchError(
                    code: .badRequest, message: "the bulk lines end within document \(items.count): the part is damaged")
            }
            items.append(Item(start: start, source: source, end: end))
            start = end
        }
        self.items = items
    }

    func size(of ordinals: some Sequence<Int>) -> Int { ordinals.reduce(0) { $0 + items[$1].end - items[$1].start } }

    /// The items' bytes when they follow each other, else nil.
    func contiguous(_ ordinals: [Int]) -> UnsafeRawBufferPointer? {
        guard let first = ordinals.first, let last = ordinals.last, last - first == ordinals.count - 1 else { return nil }
        return UnsafeRawBufferPointer(rebasing: bytes[items[first].start..<items[last].end])
    }

    func copy(_ ordinals: [Int], namingIndex name: String?) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(size(of: ordinals))
        for ordinal in ordinals {
            let item = items[ordinal]
            guard let name, let brace = placeInsideAction(item) else {
                body += bytes[item.start..<item.end]
                continue
            }
            body += bytes[item.start..<brace]
            body += "\"_index\":\(JSONValue.string(name).serialized())".utf8
            if bytes[brace] != UInt8(ascii: "}") { body.append(UInt8(ascii: ",")) }
            body += bytes[brace..<item.end]
        }
        return body
    }

    /// Bodies of at most `limit` bytes; an item that is bigger stands alone.
    func batches(_ ordinals: some Sequence<Int>, limit: Int) -> [[Int]] {
        var batches: [[Int]] = []
        var batch: [Int] = []
        var size = 0
        for ordinal in ordinals {
            let bytes = items[ordinal].end - items[ordinal].start
            if !batch.isEmpty, size + bytes > limit {
                batches.append(batch)
                batch = []
                size = 0
            }
            batch.append(ordinal)
            size += bytes
        }
        if !batch.isEmpty { batches.append(batch) }
        return batches
    }

    /// An item's action line without its line feed, and its source.
    func document(_ ordinal: Int) -> (action: UnsafeRawBufferPointer, source: UnsafeRawBufferPointer) {
        let item = items[ordinal]
        return (
            UnsafeRawBufferPointer(rebasing: bytes[item.start..<item.source - 1]),
            UnsafeRawBufferPointer(rebasing: bytes[item.source..<item.end - 1])
        )
    }

    /// The id in an item's action line; empty when it has none.
    func id(of ordinal: Int) -> String {
        guard let action = try? JSONValue(parsing: Array(document(ordinal).action)) else { return "" }
        return action.members?.first?.value["_id"]?.string ?? ""
    }

    /// Right behind the second brace of `{"index":{`.
    private func placeInsideAction(_ item: Item) -> Int? {
        var braces = 0
        for place in item.start..<item.end {
            if bytes[place] == UInt8(ascii: "{") { braces += 1 }
            if braces == 2 { return place + 1 }
        }
        return nil
    }

    private static func lineEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress,
            let found = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
        else { return nil }
        return base.distance(to: UnsafeRawPointer(found)) + 1
    }
}
