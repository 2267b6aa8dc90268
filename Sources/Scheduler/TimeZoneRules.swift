import FoundationEssentials

/// The offsets of one time zone, read from the system's zone database (TZif, RFC 9636).
///
/// FoundationEssentials knows no zone but GMT: `TimeZone(identifier:)` answers nil without the 44 MB of Foundation's
/// internationalisation data. All times here are whole seconds since 1970, in UTC or as a wall clock shows them.
package struct TimeZoneRules: Hashable, Sendable {
    /// The name that the zone was asked for by, for example `Europe/Berlin`.
    package let identifier: String
    private let moments: [Int]
    /// Seconds east of UTC from each of `moments` on.
    private let offsets: [Int]
    private let firstOffset: Int
    private let tail: TimeZoneTail

    package static let utc = TimeZoneRules(identifier: "UTC", moments: [], offsets: [], firstOffset: 0, tail: .fixed(0))

    /// Reads the zone from `database`; `UTC` needs no file, so that an image without zone data still runs.
    package init(identifier: String, database: String = "/usr/share/zoneinfo") throws(SchedulerError) {
        if ["UTC", "Etc/UTC", "GMT", "Z"].contains(identifier) {
            self = TimeZoneRules(identifier: identifier, moments: [], offsets: [], firstOffset: 0, tail: .fixed(0))
            return
        }
        // The name comes from a manifest and becomes a path.
        let isName = identifier.utf8.allSatisfy { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                || "_+-/".utf8.contains(byte)
        }
        guard isName, let first = identifier.utf8.first, first != UInt8(ascii: "/") else {
            throw SchedulerError(.invalidTimeZone, "time zone \"\(identifier)\" is no zone name such as Europe/Berlin")
        }
        let bytes: [UInt8]
        do {
            bytes = [UInt8](try Data(contentsOf: URL(filePath: database + "/" + identifier)))
        } catch {
            throw SchedulerError(
                .invalidTimeZone,
                "time zone \"\(identifier)\" is not in \(database): check the spelling (for example Europe/Berlin), "
                    + "or install the package tzdata")
        }
        try self.init(identifier: identifier, bytes: bytes)
    }

    /// Decodes the second, 64-bit block of a TZif file and its footer.
    init(identifier: String, bytes: [UInt8]) throws(SchedulerError) {
        let damaged = SchedulerError(
            .invalidTimeZone, "time zone \"\(identifier)\": its file is no TZif of version 2 or later: reinstall tzdata")
        guard let first = Header(bytes, at: 0), first.version >= UInt8(ascii: "2"),
            let header = Header(bytes, at: Header.length + first.bodyLength(momentWidth: 4))
        else { throw damaged }
        let momentsAt = header.end
        let indicesAt = momentsAt + 8 * header.moments
        let typesAt = indicesAt + header.moments
        let footerAt = momentsAt + header.bodyLength(momentWidth: 8)
        guard bytes.count > footerAt, bytes[footerAt] == UInt8(ascii: "\n"), header.types > 0 else { throw damaged }

        let typeOffsets = (0..<header.types).map { Int(Int32(truncatingIfNeeded: bytes.bigEndian(at: typesAt + 6 * $0, 4))) }
        var found: [Int] = []
        for index in bytes[indicesAt..<typesAt] {
            guard typeOffsets.indices.contains(Int(index)) else { throw damaged }
            found.append(typeOffsets[Int(index)])
        }
        let footer = bytes[(footerAt + 1)...].prefix { $0 != UInt8(ascii: "\n") }
        let text = String(decoding: footer, as: UTF8.self)
        let last = found.last ?? typeOffsets[0]
        guard let tail = text.isEmpty ? .fixed(last) : TimeZoneTail(text) else { throw damaged }
        self.init(
            identifier: identifier, moments: (0..<header.moments).map { bytes.bigEndian(at: momentsAt + 8 * $0, 8) },
            offsets: found, firstOffset: typeOffsets[0], tail: tail)
    }

    private init(identifier: String, moments: [Int], offsets: [Int], firstOffset: Int, tail: TimeZoneTail) {
        self.identifier = identifier
        self.moments = moments
        self.offsets = offsets
        self.firstOffset = firstOffset
        self.tail = tail
    }

    /// Seconds east of UTC at `instant`.
    package func offset(at instant: Int) -> Int { period(at: instant).offset }

    /// The offset at `instant` and the moment of the next change, nil when none is known.
    func period(at instant: Int) -> (offset: Int, end: Int?) {
        guard let last = moments.last else { return tail.period(at: instant) }
        if instant >= last {
            return tail.period(at: instant)
        }
        var low = 0
        var high = moments.count
        while low < high {
            let middle = (low + high) / 2
            if moments[middle] <= instant { low = middle + 1 } else { high = middle }
        }
        return (low == 0 ? firstOffset : offsets[low - 1], moments[low])
    }

    /// The first instant at which a wall clock reads `wallClock` or later.
    ///
    /// So an hour that exists twice means its first pass, and one that is skipped means the moment of the change.
    func firstInstant(reading wallClock: Int) -> Int {
        // No zone is further than a day from UTC, so the wall clock is earlier than asked for at the start.
        var start = wallClock - 26 * 3_600
        while true {
            let (offset, end) = period(at: start)
            let candidate = max(start, wallClock - offset)
            guard let end, candidate >= end else { return candidate }
            start = end
        }
    }

    /// The counts at the head of a TZif block.
    private struct Header {
        static let length = 44
        let version: UInt8
        let end: Int
        let moments: Int
        let types: Int
        private let others: (isUT: Int, isStandard: Int, leaps: Int, characters: Int)

        init?(_ bytes: [UInt8], at start: Int) {
            guard bytes.count >= start + Header.length, bytes[start..<start + 4].elementsEqual("TZif".utf8) else { return nil }
            let count = { (index: Int) in bytes.bigEndian(at: start + 20 + 4 * index, 4) }
            version = bytes[start + 4]
            end = start + Header.length
            others = (count(0), count(1), count(2), count(5))
            moments = count(3)
            types = count(4)
        }

        func bodyLength(momentWidth: Int) -> Int {
            moments * (momentWidth + 1) + types * 6 + others.characters + others.leaps * (momentWidth + 4)
                + others.isStandard + others.isUT
        }
    }
}

extension [UInt8] {
    fileprivate func bigEndian(at start: Int, _ width: Int) -> Int {
        self[start..<start + width].reduce(0) { $0 << 8 | Int($1) }
    }
}
