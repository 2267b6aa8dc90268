import Crypto
import Testing

@testable import Archive

/// Every stored byte matters, sealed or not: whichever changes, a reader says so and names the segment.
struct DamagedSegmentTests {
    /// A segment of several frames in a store of its own.
    struct Fixture {
        let folder: TemporaryFolder
        let store = MemoryStore()
        let repository: RepositoryStore
        let staged: StagedSegment
        let bytes: [UInt8]

        init(isSealed: Bool) throws {
            folder = try TemporaryFolder()
            var settings = SegmentSettings()
            settings.frameBytes = 300
            let spool = try Spool(in: "\(folder.path)/spool", limit: 1 << 20)
            repository = isSealed ? try sealedRepository(in: store).store : RepositoryStore(store)
            staged = try SegmentWriter(store: repository, spool: spool, kind: .bulk, settings: settings)
                .write(Sample.make(12, seed: 8, largest: 150))
            _ = try repository.upload(contentsOf: staged.file.path, at: .segment(staged.id))
            bytes = try #require(try store.get(.segment(staged.id)))
        }

        /// Reads all frames as a restore does; no look at the segment's whole digest.
        func readAll() throws -> [UInt8] {
            let reader = try SegmentReader(store: repository, id: staged.id)
            return try reader.frames.indices.flatMap { try Array(reader.frame($0)) }
        }
    }

    @Test(arguments: [false, true]) func everyFlippedBitIsDetected(isSealed: Bool) throws {
        let fixture = try Fixture(isSealed: isSealed)
        let key = ObjectKey.segment(fixture.staged.id)
        #expect(fixture.staged.frames > 2)
        for offset in fixture.bytes.indices {
            let bit = UInt8(1) << UInt8(offset % 8)
            fixture.store.tamper(key) { $0[offset] ^= bit }
            let error = #expect(throws: ArchiveError.self, "byte \(offset) of \(fixture.bytes.count)") {
                _ = try fixture.readAll()
            }
            #expect(error?.code == .corrupt)
            #expect(error?.message.contains(fixture.staged.id.hex) == true)
            fixture.store.tamper(key) { $0[offset] ^= bit }
        }
        #expect(try fixture.readAll().count == fixture.staged.plainBytes)
    }

    /// Whoever can write can make every digest hold again; only the seal tells then.
    @Test func everyFlippedBitIsDetectedWhereDigestsAreMadeToHold() throws {
        let fixture = try Fixture(isSealed: true)
        let key = ObjectKey.segment(fixture.staged.id)
        let frames = try SegmentReader(store: fixture.repository, id: fixture.staged.id).frames
        let trailer = try #require(SegmentLayout.trailerLength(in: fixture.bytes))
        let start = fixture.bytes.count - trailer
        // The last 44 bytes say where the rest is, and are compared with the segment's size.
        for offset in fixture.bytes.indices.dropLast(44) {
            var forged = fixture.bytes
            forged[offset] ^= UInt8(1) << UInt8(offset % 8)
            for (index, frame) in frames.enumerated() where (frame.offset..<frame.offset + frame.storedBytes).contains(offset) {
                let digest = try SHA256.digest(of: Array(forged[frame.offset..<frame.offset + frame.storedBytes]))
                forged.replaceSubrange((start + 8 + 64 * index + 32)..<(start + 8 + 64 * index + 64), with: digest.bytes)
            }
            let whole = try SHA256.digest(of: Array(forged[start..<(forged.count - 40)]))
            forged.replaceSubrange((forged.count - 40)..<(forged.count - 8), with: whole.bytes)
            fixture.store.tamper(key) { $0 = forged }
            let outcome = code { _ = try fixture.readAll() }
            // Version and encryption of a trailer whose digest holds may be those of a newer program.
            let isNewer = (forged.count - 47..<forged.count - 44).contains(offset)
            #expect(outcome == .corrupt || (isNewer && outcome == .unsupported), "byte \(offset) of \(forged.count)")
        }
    }

    @Test(arguments: [false, true]) func everyTruncationIsDetected(isSealed: Bool) throws {
        let fixture = try Fixture(isSealed: isSealed)
        for length in 0..<fixture.bytes.count {
            fixture.store.tamper(.segment(fixture.staged.id)) { $0 = Array(fixture.bytes[..<length]) }
            #expect(code { _ = try fixture.readAll() } == .corrupt, "cut to \(length)")
        }
    }

    @Test(arguments: [false, true]) func appendedBytesAreDetected(isSealed: Bool) throws {
        let fixture = try Fixture(isSealed: isSealed)
        fixture.store.tamper(.segment(fixture.staged.id)) { $0.append(0) }
        #expect(code { _ = try fixture.readAll() } == .corrupt)
    }

    @Test(arguments: [false, true]) func damagedFrameIsNamedAndOthersStayReadable(isSealed: Bool) throws {
        let fixture = try Fixture(isSealed: isSealed)
        let reader = try SegmentReader(store: fixture.repository, id: fixture.staged.id, windowBytes: 1)
        let victim = reader.frames[1]
        fixture.store.tamper(.segment(fixture.staged.id)) { $0[victim.offset + victim.storedBytes / 2] ^= 1 }
        let error = #expect(throws: ArchiveError.self) { _ = try reader.frame(1) }
        #expect(error?.message.contains("frame 1 of") == true)
        #expect(try reader.frame(0).count == reader.frames[0].plainBytes)
        #expect(try reader.frame(2).count == reader.frames[2].plainBytes)
    }

    @Test(arguments: [false, true]) func anotherSegmentUnderThisNameFailsVerification(isSealed: Bool) throws {
        let fixture = try Fixture(isSealed: isSealed)
        let spool = try Spool(in: "\(fixture.folder.path)/other", limit: 1 << 20)
        let other = try SegmentWriter(store: fixture.repository, spool: spool, kind: .bulk).write(Sample.make(12, seed: 9))
        let key = ObjectKey.segment(fixture.staged.id)
        fixture.store.delete(key)
        _ = try fixture.repository.upload(contentsOf: other.file.path, at: key)
        #expect(code { try SegmentReader(store: fixture.repository, id: fixture.staged.id).verify() } == .corrupt)
    }

    /// Otherwise whoever can write into the store could put documents of his own there.
    @Test func aSegmentThatIsNotSealedIsNoneOfAnEncryptedRepository() throws {
        let (sealed, plain) = (try Fixture(isSealed: true), try Fixture(isSealed: false))
        for (fixture, bytes) in [(sealed, plain.bytes), (plain, sealed.bytes)] {
            fixture.store.tamper(.segment(fixture.staged.id)) { $0 = bytes }
            #expect(code { _ = try fixture.readAll() } == .corrupt)
        }
    }

    @Test func newerLayoutIsRefusedByName() throws {
        let fixture = try Fixture(isSealed: false)
        var newer = fixture.bytes
        let length = newer.count
        newer[length - 46] = 2
        let trailer = try #require(SegmentLayout.trailerLength(in: newer))
        let digest = try SHA256.digest(of: Array(newer[(length - trailer)..<(length - 40)]))
        newer.replaceSubrange((length - 40)..<(length - 8), with: digest.bytes)
        fixture.store.tamper(.segment(fixture.staged.id)) { $0 = newer }
        let error = #expect(throws: ArchiveError.self) { _ = try fixture.readAll() }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("layout 2") == true)
    }

    /// Two whole segments of one size and with as many documents, each under the other's name.
    @Test(arguments: [false, true]) func anotherSegmentUnderItsNameIsNotReadToItsEnd(isSealed: Bool) throws {
        let fixture = try Fixture(isSealed: isSealed)
        let spool = try Spool(in: "\(fixture.folder.path)/twins", limit: 1 << 20)
        let twins = try ["one", "two"].map { name in
            let writer = try SegmentWriter(store: fixture.repository, spool: spool, kind: .bulk)
            try Array(#"{"index":{"_id":"1"}}"#.utf8).withUnsafeBytes { action in
                try Array(#"{"name":"\#(name)"}"#.utf8).withUnsafeBytes { try writer.append(action, $0) }
            }
            let staged = try #require(try writer.finish())
            _ = try fixture.repository.upload(contentsOf: staged.file.path, at: .segment(staged.id))
            return staged
        }
        let bytes = try twins.map { try #require(try fixture.store.get(.segment($0.id))) }
        try #require(bytes[0].count == bytes[1].count)
        fixture.store.tamper(.segment(twins[0].id)) { $0 = bytes[1] }
        let reader = try SegmentReader(store: fixture.repository, id: twins[0].id, storedBytes: bytes[0].count)
        #expect(code { _ = try reader.frame(0) } == .corrupt)
        #expect(code { _ = try reader.frame(0) } == .corrupt)
    }
}
