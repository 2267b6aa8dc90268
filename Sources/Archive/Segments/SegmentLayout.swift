package import Crypto

/// Where one frame is in its segment, and what it must turn out to be.
package struct SegmentFrame: Hashable, Sendable {
    /// Bytes from the start of the segment.
    package let offset: Int
    package let storedBytes: Int
    package let plainBytes: Int
    package let documents: Int
    /// SHA-256 of the stored bytes.
    package let digest: Digest
}

/// The bytes before and after a segment's frames, as docs/repository-format.md lays them out. Little-endian throughout.
struct SegmentLayout: Hashable {
    static let version: UInt16 = 1
    static let saltLength = 32
    static let headerLength = 52
    static let entryLength = 64
    /// What the trailing frame has besides its entries; and besides that where the segment is sealed.
    static let trailerBase = 120
    static let sealLength = EpochID.count + AESGCM.tagLength
    /// The part at the very end that keeps its place in every version.
    static let tailLength = 48

    let kind: SegmentKind
    let salt: [UInt8]
    /// What a sealed segment is sealed under.
    let epoch: EpochID?
    var frames: [SegmentFrame] = []

    var documents: Int { frames.reduce(0) { $0 + $1.documents } }
    var plainBytes: Int { frames.reduce(0) { $0 + $1.plainBytes } }
    var trailerLength: Int { SegmentLayout.trailerBase(epoch != nil) + frames.count * SegmentLayout.entryLength }
    private var encryption: UInt8 { epoch == nil ? 0 : 1 }
    /// Where the trailing frame starts.
    var framesEnd: Int { frames.last.map { $0.offset + $0.storedBytes } ?? SegmentLayout.headerLength }

    var header: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: SegmentLayout.headerMagic)
        bytes.append(littleEndian: UInt32(SegmentLayout.headerLength - 8))
        bytes += SegmentLayout.startMark
        bytes.append(littleEndian: SegmentLayout.version)
        bytes += [kind.code, encryption]
        return bytes + salt
    }

    /// - Parameter cipher: of a sealed segment.
    func trailer(sealedBy cipher: SegmentCipher?) throws(ArchiveError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: SegmentLayout.trailerMagic)
        bytes.append(littleEndian: UInt32(trailerLength - 8))
        for frame in frames {
            bytes.append(littleEndian: UInt64(frame.offset))
            bytes.append(littleEndian: UInt64(frame.storedBytes))
            bytes.append(littleEndian: UInt64(frame.plainBytes))
            bytes.append(littleEndian: UInt64(frame.documents))
            bytes += frame.digest.bytes
        }
        if let epoch { bytes += epoch.bytes + SegmentLayout.noTag }
        bytes.append(littleEndian: UInt64(frames.count))
        bytes.append(littleEndian: UInt64(documents))
        bytes.append(littleEndian: UInt64(plainBytes))
        bytes.append(littleEndian: UInt64(framesEnd + trailerLength))
        bytes += salt
        bytes += [kind.code, encryption]
        bytes.append(littleEndian: SegmentLayout.version)
        bytes.append(littleEndian: UInt32(trailerLength))
        if let cipher {
            let tag = try cipher.tag(ofTrailer: bytes, frames: frames.count)
            bytes.replaceSubrange(SegmentLayout.tagRange(trailerLength), with: tag)
        }
        bytes += try SegmentLayout.digest(bytes).bytes
        return bytes + SegmentLayout.endMark
    }

    /// How long the trailing frame is, by the segment's last bytes; `nil` when these end no segment.
    static func trailerLength(in tail: [UInt8]) -> Int? {
        guard tail.count >= tailLength, tail.suffix(8).elementsEqual(endMark) else { return nil }
        let length = Int(tail.littleEndian(at: tail.count - 44, as: UInt32.self))
        return length >= trailerBase ? length : nil
    }

    /// Whether the table of a sealed segment, which was read from these bytes, is the one that was written.
    func isAuthentic(_ trailer: [UInt8], by cipher: SegmentCipher) throws(ArchiveError) -> Bool {
        let place = SegmentLayout.tagRange(trailer.count)
        var sealed = Array(trailer.dropLast(40))
        sealed.replaceSubrange(place, with: SegmentLayout.noTag)
        return try cipher.isAuthentic(Array(trailer[place]), ofTrailer: sealed, frames: frames.count)
    }

    /// Reads a trailing frame and checks it against itself and the segment's size.
    /// - Returns: `nil` when anything is off. Throws `.unsupported` for a newer version, once its digest holds.
    init?(trailer bytes: [UInt8], segmentBytes: Int) throws(ArchiveError) {
        let length = bytes.count
        guard SegmentLayout.trailerLength(in: bytes) == length,
            try SegmentLayout.digest(Array(bytes[..<(length - 40)])).bytes.elementsEqual(bytes[(length - 40)..<(length - 8)])
        else { return nil }
        let version = bytes.littleEndian(at: length - 46, as: UInt16.self)
        let encryption = bytes[length - 47]
        guard version == SegmentLayout.version, encryption <= 1 else {
            throw ArchiveError(
                .unsupported,
                "it has layout \(version) and encryption \(encryption), this program knows layout \(SegmentLayout.version) and "
                    + "encryption 1: use a newer one")
        }
        let base = SegmentLayout.trailerBase(encryption == 1)
        guard length >= base, (length - base).isMultiple(of: SegmentLayout.entryLength),
            bytes.littleEndian(at: 0, as: UInt32.self) == SegmentLayout.trailerMagic,
            bytes.littleEndian(at: 4, as: UInt32.self) == UInt32(length - 8), let kind = SegmentKind(code: bytes[length - 48])
        else { return nil }
        self.kind = kind
        salt = Array(bytes[(length - 80)..<(length - 48)])
        epoch = encryption == 1 ? EpochID(bytes[(length - 144)..<(length - 128)]) : nil
        let entriesEnd = 8 + length - base
        let totals = stride(from: length - 112, to: length - 80, by: 8).map { bytes.littleEndian(at: $0, as: UInt64.self) }
        var next = SegmentLayout.headerLength
        for start in stride(from: 8, to: entriesEnd, by: SegmentLayout.entryLength) {
            let numbers = (0..<4).map { Int(clamping: bytes.littleEndian(at: start + 8 * $0, as: UInt64.self)) }
            guard let digest = Digest(bytes[(start + 32)..<(start + 64)]), numbers[0] == next,
                numbers[1] <= segmentBytes - next, numbers[2] <= SegmentLayout.largestFrame, numbers[3] <= numbers[2]
            else { return nil }
            next += numbers[1]
            frames.append(
                SegmentFrame(
                    offset: numbers[0], storedBytes: numbers[1], plainBytes: numbers[2], documents: numbers[3], digest: digest))
        }
        let counted = [frames.count, documents, plainBytes, segmentBytes].map(UInt64.init)
        guard totals == counted, framesEnd + length == segmentBytes else { return nil }
    }

    /// No engine takes a document near this; a table that asks for more memory is wrong.
    static let largestFrame = 4 << 30

    private static let headerMagic: UInt32 = 0x184D_2A53
    private static let trailerMagic: UInt32 = 0x184D_2A5E
    private static let startMark = Array("SHEAFSEG".utf8)
    private static let endMark = Array("SHEAFEND".utf8)

    private static func digest(_ bytes: [UInt8]) throws(ArchiveError) -> Digest {
        return try digesting { () throws(CryptoError) in try SHA256.digest(of: bytes) }
    }

    init(kind: SegmentKind, salt: [UInt8], epoch: EpochID?) {
        self.kind = kind
        self.salt = salt
        self.epoch = epoch
    }

    private static let noTag = [UInt8](repeating: 0, count: AESGCM.tagLength)

    private static func trailerBase(_ isSealed: Bool) -> Int { trailerBase + (isSealed ? sealLength : 0) }

    /// Where in a trailer of a length the tag is.
    private static func tagRange(_ length: Int) -> Range<Int> { (length - 128)..<(length - 112) }
}

extension Array where Element == UInt8 {
    mutating func append(littleEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    fileprivate func littleEndian<Value: FixedWidthInteger & UnsignedInteger>(at offset: Int, as: Value.Type) -> Value {
        self[offset..<offset + Value.bitWidth / 8].reversed().reduce(0) { $0 << 8 | Value($1) }
    }
}
