package import Runtime

/// Cuts a search response into its hits while it streams in, in pieces of any size.
///
/// Nothing is decoded. Memory is the hit under way and the response without its hits (the envelope); the buffer grows to the
/// biggest document and shrinks after it. Unusable after an error. (No class: exclusivity checks took a quarter of the time.)
package struct HitSplitter: ~Copyable {
    /// What the next byte that is no white space means.
    private enum Place {
        case objectStart
        case firstKey
        case key
        case inKey
        case keyEscape
        case colon
        case value
        case afterValue
        case listStart
        case firstElement
        case element
        case afterElement
        case finished
    }

    private enum Level {
        case response
        case hits
        case hit
    }

    private struct Hit {
        var id = 0..<0
        var routing = 0..<0
        var source = 0..<0
        var sort = 0..<0
    }

    private let sink: any HitSink
    private let maximumHitBytes: Int
    private let maximumEnvelopeBytes = 4 << 20
    private var order: HitOrder?
    private var pending = PendingBytes()
    private var place = Place.objectStart
    private var level = Level.response
    private var position = 0
    /// Start of what must stay in `pending`: the hit under way, else the member under way, else the next byte.
    private var anchor: Int?
    private var key = 0..<0
    private var valueStart = 0
    private var scanner = ValueScanner()
    private var hit = Hit()
    private var lastSortRange = 0..<0
    private var envelope: [UInt8] = []
    package private(set) var documents = 0
    package private(set) var bytes = 0
    /// The raw sort values of the last hit; empty before the first.
    package private(set) var lastSort: [UInt8] = []
    /// Called once before the first hit is given away, with the members that came before the hits.
    package var willTakeHits: ((JSONValue) throws -> Void)?

    /// - Parameter maximumHitBytes: what a server can make this process hold.
    package init(sink: any HitSink, maximumHitBytes: Int = 1 << 30, order: HitOrder? = nil) {
        self.sink = sink
        self.order = order
        self.maximumHitBytes = maximumHitBytes
    }

    /// Hits are cut where they lie in the chunk; only what it leaves unfinished is copied.
    ///
    /// - Throws: `SplitError`; whatever the sink and `willTakeHits` throw.
    package mutating func feed(_ chunk: UnsafeRawBufferPointer) throws {
        var rest = chunk
        while !rest.isEmpty {
            guard pending.count > 0 else {
                pending.borrow(rest)
                let dropped = try splitPending()
                bytes += rest.count
                try pending.keep(from: dropped)
                return
            }
            // Just enough to end what is under way; twice as much each time, so that a big hit is copied once.
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(max(1024, pending.count)))
            try pending.append(piece)
            let dropped = try splitPending()
            let left = pending.count - dropped
            if left <= piece.count {
                // All of it lies in the chunk, where it is looked at again.
                let taken = piece.count - left
                bytes += taken
                rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
                pending.clear()
            } else {
                bytes += piece.count
                rest = UnsafeRawBufferPointer(rebasing: rest[piece.count...])
                try pending.drop(first: dropped)
            }
        }
    }

    /// - Returns: bytes at the front of `pending` that are of no more use; all places are counted from their end now.
    private mutating func splitPending() throws -> Int {
        try split()
        if !lastSortRange.isEmpty {
            lastSort = Array(pending.bytes[lastSortRange])
            lastSortRange = 0..<0
        }
        let dropped = anchor ?? position
        let limit = level == .hit ? maximumHitBytes : maximumEnvelopeBytes
        guard pending.count - dropped <= limit, envelope.count <= maximumEnvelopeBytes else {
            throw SplitError(kind: .limit, message: "the response has a part of more than \(limit) bytes \(progress)")
        }
        shift(by: dropped)
        return dropped
    }

    /// Declares the response complete and returns it without its hits.
    package func finish() throws(SplitError) -> JSONValue {
        guard place == .finished else {
            throw SplitError(kind: .malformed, message: "the response ends too early, \(progress)")
        }
        return try parsedEnvelope(closing: "")
    }

    private var progress: String { documents == 0 ? "before the first document" : "after \(documents) documents" }

    private func parsedEnvelope(closing end: String) throws(SplitError) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue(parsing: envelope + Array(end.utf8))
        } catch {
            throw SplitError(kind: .malformed, message: "the response is \(error.description)")
        }
    }

    private mutating func shift(by count: Int) {
        guard count > 0 else { return }
        func shifted(_ range: Range<Int>) -> Range<Int> {
            range.isEmpty ? 0..<0 : range.lowerBound - count..<range.upperBound - count
        }
        position -= count
        valueStart -= count
        anchor = anchor.map { $0 - count }
        // An older member's key is of no more use and may lie before the dropped bytes.
        if key.lowerBound >= count { key = key.lowerBound - count..<key.upperBound - count }
        hit = Hit(id: shifted(hit.id), routing: shifted(hit.routing), source: shifted(hit.source), sort: shifted(hit.sort))
    }

    private mutating func split() throws {
        let base = UnsafePointer(pending.base)
        let end = pending.count
        while position < end {
            switch place {
            case .value:
                guard scanner.advance(base, &position, end: end) else { return }
                finishValue()
            case .inKey:
                skipKey(base, end)
            case .keyEscape:
                place = .inKey
                position += 1
            default:
                let byte = base[position]
                if byte != 0x20, byte != 0x0A, byte != 0x0D, byte != 0x09 { try step(byte) }
                position += 1
            }
        }
    }

    @inline(__always)
    private mutating func skipKey(_ base: UnsafePointer<UInt8>, _ end: Int) {
        var scan = position
        while scan < end, base[scan] != UInt8(ascii: "\""), base[scan] != UInt8(ascii: "\\") { scan += 1 }
        position = scan
        guard scan < end else { return }
        if base[scan] == UInt8(ascii: "\"") {
            key = valueStart + 1..<scan
            place = .colon
        } else {
            place = .keyEscape
        }
        position += 1
    }

    /// One structural byte of the response.
    private mutating func step(_ byte: UInt8) throws {
        switch (place, byte) {
        case (.objectStart, UInt8(ascii: "{")):
            envelope.append(byte)
            place = .firstKey
        case (.firstKey, UInt8(ascii: "\"")), (.key, UInt8(ascii: "\"")):
            // Until its colon is seen, a key's start is kept where its value's start will be.
            valueStart = position
            if level != .hit { anchor = position }
            place = .inKey
        case (.colon, UInt8(ascii: ":")): beginValue()
        case (.afterValue, UInt8(ascii: ",")): place = .key
        case (.firstKey, UInt8(ascii: "}")), (.afterValue, UInt8(ascii: "}")): try closeObject()
        case (.listStart, UInt8(ascii: "[")): place = .firstElement
        case (.firstElement, UInt8(ascii: "{")), (.element, UInt8(ascii: "{")):
            try beginHit()
        case (.firstElement, UInt8(ascii: "]")), (.afterElement, UInt8(ascii: "]")): place = .afterValue
        case (.afterElement, UInt8(ascii: ",")): place = .element
        default:
            throw SplitError(
                kind: .malformed, message: "the response is no search response: byte \(byte) at \(place), \(progress)")
        }
    }

    private mutating func beginValue() {
        let isHits = level != .hit && pending.isSpelled(key, "hits")
        switch level {
        case .response where isHits:
            appendSeparator()
            envelope += Array("\"hits\":".utf8)
            level = .hits
            place = .objectStart
            anchor = nil
        case .hits where isHits:
            place = .listStart
            anchor = nil
        default:
            scanner = ValueScanner()
            valueStart = position + 1
            place = .value
        }
    }

    private mutating func beginHit() throws {
        if documents == 0, let willTakeHits {
            try willTakeHits(try parsedEnvelope(closing: "}}"))
        }
        level = .hit
        anchor = position
        hit = Hit()
        place = .firstKey
    }

    /// The value ends before `position`, which is a comma, brace or bracket.
    private mutating func finishValue() {
        place = .afterValue
        let value = valueStart..<position
        guard level == .hit else {
            appendSeparator()
            envelope += pending.bytes[key.lowerBound - 1..<position]
            anchor = nil
            return
        }
        if pending.isSpelled(key, "_source") {
            hit.source = value
        } else if pending.isSpelled(key, "_id") {
            hit.id = pending.trimmed(value)
        } else if pending.isSpelled(key, "_routing") {
            hit.routing = pending.trimmed(value)
        } else if pending.isSpelled(key, "sort") {
            hit.sort = pending.trimmed(value)
        }
    }

    private mutating func closeObject() throws {
        switch level {
        case .response:
            envelope.append(UInt8(ascii: "}"))
            place = .finished
        case .hits:
            envelope.append(UInt8(ascii: "}"))
            level = .response
            place = .afterValue
        case .hit:
            try giveHit()
            level = .hits
            place = .afterElement
            anchor = nil
        }
    }

    private mutating func giveHit() throws {
        let all = pending.bytes
        func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: all[range]) }
        let id = bytes(hit.id)
        guard id.first == UInt8(ascii: "\"") else {
            throw SplitError(kind: .malformed, message: "the response has a hit without _id, \(progress)")
        }
        // Made for an error only: this is done once a document.
        var name: String { String(decoding: id.prefix(600), as: UTF8.self) }
        guard !hit.source.isEmpty else {
            throw SplitError(kind: .sourceMissing, message: "document \(name) has no _source")
        }
        let sort = bytes(hit.sort)
        guard sort.first == UInt8(ascii: "["), order?.continues(with: sort) != false else {
            throw SplitError(kind: .malformed, message: "document \(name) has no sort values, or comes twice or out of order")
        }
        try sink.take(
            id: id, routing: hit.routing.isEmpty ? nil : bytes(hit.routing), source: bytes(hit.source), sort: sort)
        lastSortRange = hit.sort
        documents += 1
    }

    private mutating func appendSeparator() {
        if let last = envelope.last, last != UInt8(ascii: "{") { envelope.append(UInt8(ascii: ",")) }
    }
}
