import Crypto
import Testing

@testable import Archive

/// Every stored byte matters: whichever changes, a reader says so and names the segment.
struct DamagedSegmentTests {
    private let folder: TemporaryFolder
    private let store = MemoryStore()
    private let staged: StagedSegment
    private let bytes: [UInt8]

    init() throws {
        folder = try TemporaryFolder()
        var settings = SegmentSettings()
        settings.frameBytes = 300
        let spool = try Spool(in: "\(folder.path)/spool", limit: 1 << 20)
        staged = try SegmentWriter(spool: spool, kind: .bulk, settings: settings).write(Sample.make(12, seed: 8, largest: 150))
        _ = try store.upload(contentsOf: staged.file.path, at: .segment(staged.id))
        bytes = try #require(store.get(.segment(staged.id)))
    }

    /// Reads all frames as a restore does; no look at the segment's whole digest.
    private func readAll() throws -> [UInt8] {
        let reader = try SegmentReader(store: store, id: staged.id)
        return try reader.frames.indices.flatMap { try Array(reader.frame($0)) }
    }

    @Test func everyFlippedBitIsDetected() throws {
        let key = ObjectKey.segment(staged.id)
        #expect(staged.frames > 2)
        for offset in bytes.indices {
            let bit = UInt8(1) << UInt8(offset % 8)
            store.tamper(key) { $0[offset] ^= bit }
            let error = #expect(throws: ArchiveError.self, "byte \(offset) of \(bytes.count)") { _ = try readAll() }
            #expect(error?.code == .corrupt)
            #expect(error?.message.contains(staged.id.hex) == true)
            store.tamper(key) { $0[offset] ^= bit }
        }
        #expect(try readAll().count == staged.plainBytes)
    }

    @Test func everyTruncationIsDetected() throws {
        for length in 0..<bytes.count {
            store.tamper(.segment(staged.id)) { $0 = Array(bytes[..<length]) }
            #expect(code { _ = try readAll() } == .corrupt, "cut to \(length)")
        }
    }

    @Test func appendedBytesAreDetected() throws {
        store.tamper(.segment(staged.id)) { $0.append(0) }
        #expect(code { _ = try readAll() } == .corrupt)
    }

    @Test func damagedFrameIsNamedAndOthersStayReadable() throws {
        let reader = try SegmentReader(store: store, id: staged.id, windowBytes: 1)
        let victim = reader.frames[1]
        store.tamper(.segment(staged.id)) { $0[victim.offset + victim.storedBytes / 2] ^= 1 }
        let error = #expect(throws: ArchiveError.self) { _ = try reader.frame(1) }
        #expect(error?.message.contains("frame 1 of") == true)
        #expect(try reader.frame(0).count == reader.frames[0].plainBytes)
        #expect(try reader.frame(2).count == reader.frames[2].plainBytes)
    }

    @Test func anotherSegmentUnderThisNameFailsVerification() throws {
        let spool = try Spool(in: "\(folder.path)/other", limit: 1 << 20)
        let other = try SegmentWriter(spool: spool, kind: .bulk).write(Sample.make(12, seed: 9))
        let whole = MemoryStore()
        _ = try whole.upload(contentsOf: other.file.path, at: .segment(staged.id))
        #expect(code { try SegmentReader(store: whole, id: staged.id).verify() } == .corrupt)
    }

    @Test func newerLayoutIsRefusedByName() throws {
        var newer = bytes
        let length = newer.count
        newer[length - 46] = 2
        let trailer = try #require(SegmentLayout.trailerLength(in: newer))
        let digest = try SHA256.digest(of: Array(newer[(length - trailer)..<(length - 40)]))
        newer.replaceSubrange((length - 40)..<(length - 8), with: digest.bytes)
        store.tamper(.segment(staged.id)) { $0 = newer }
        let error = #expect(throws: ArchiveError.self) { _ = try readAll() }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("layout 2") == true)
    }
}
