import Archive
import Crypto
import Messages
import Sessions
import Testing

@testable import Snapshots

/// Whatever is damaged or missing is found, named, and charged to the snapshots that need it.
@Suite struct VerificationTests {
    let fixture: RepositoryFixture
    let first: SegmentReference
    let second: SegmentReference
    let shared: SegmentReference

    init() throws {
        fixture = try RepositoryFixture()
        first = try fixture.segment(RepositoryFixture.ids("a", 23))
        second = try fixture.segment(RepositoryFixture.ids("b", 17), kind: .exact)
        shared = try fixture.segment(RepositoryFixture.ids("s", 11))
        try fixture.snapshot("one", [("logs", [first, shared]), ("empty", [])], objects: 3)
        try fixture.snapshot("two", after: 60, [("logs", [shared]), ("texts", [second])])
    }

    private func verify(
        _ mode: VerificationMode = .full, _ progress: @escaping (Verification.Progress) -> Void = { _ in }
    ) throws -> VerificationReport {
        try Verification(store: fixture.store, mode: mode, progress: progress).run()
    }

    @Test(arguments: [VerificationMode.quick, .sampled(percent: 40, seed: 1), .full])
    func aWholeRepositoryIsWhole(_ mode: VerificationMode) throws {
        let report = try verify(mode)
        #expect(report.isWhole && report.snapshots == 2 && report.wholeSnapshots == 2 && report.manifests == 5)
        #expect(report.segments == 3)
        #expect(report.storedBytes == first.storedBytes + second.storedBytes + shared.storedBytes)
        #expect(report.segmentsRead == (mode == .quick ? 0 : mode == .full ? 3 : 2))
    }

    @Test func aSharedSegmentIsReadOnce() throws {
        var last: Verification.Progress?
        let report = try verify { last = $0 }
        #expect(report.segmentsRead == 3 && report.bytesRead == report.storedBytes)
        #expect(last?.segmentsRead == 3 && last?.bytesRead == report.storedBytes && last?.bytes == report.storedBytes)
    }

    @Test func aDamagedFrameIsNamedInEachSnapshotThatHasIt() throws {
        let documents = try fixture.damage(frame: 1, of: shared)
        #expect(try verify(.quick).isWhole, "its size is right")
        let report = try verify()
        #expect(report.wholeSnapshots == 0)
        #expect(report.findings.map(\.snapshot) == ["20251124T160000Z-one", "20251124T160100Z-two"])
        #expect(report.findings.allSatisfy { $0.index == "logs" && $0.segment == shared.id.hex && $0.frame == 1 })
        #expect(report.findings.allSatisfy { $0.documents == documents && $0.kind == .damaged })
        #expect(report.lostDocuments == 2 * documents)
    }

    @Test func aMissingSegmentIsFoundByALookAlone() throws {
        try fixture.tamper(.segment(first.id), nil)
        for mode in [VerificationMode.quick, .full] {
            let report = try verify(mode)
            #expect(report.findings.count == 1 && report.wholeSnapshots == 1)
            let finding = try #require(report.findings.first)
            #expect(
                finding.kind == .missing && finding.segment == first.id.hex && finding.documents == 23 && finding.frame == nil)
        }
    }

    @Test func aSegmentThatWasCutIsFoundByALookAlone() throws {
        try fixture.tamper(.segment(second.id)) { Array($0.dropLast(9)) }
        let finding = try #require(try verify(.quick).findings.first)
        #expect(finding.kind == .damaged && finding.documents == 17 && finding.index == "texts")
        #expect(finding.cause.contains("\(second.storedBytes - 9) bytes where \(second.storedBytes) should be"))
    }

    @Test func aTableThatIsDamagedLosesAllFrames() throws {
        try fixture.tamper(.segment(first.id)) { bytes in
            var bytes = bytes
            bytes[bytes.count - 60] ^= 1
            return bytes
        }
        let finding = try #require(try verify().findings.first)
        #expect(finding.frame == nil && finding.documents == 23)
    }

    @Test func aHeaderThatIsDamagedLosesNothing() throws {
        try fixture.tamper(.segment(first.id)) { bytes in
            var bytes = bytes
            bytes[30] ^= 1
            return bytes
        }
        let finding = try #require(try verify().findings.first)
        #expect(finding.kind == .damaged && finding.documents == 0 && finding.cause.contains("its header is damaged"))
    }

    @Test func anotherSegmentUnderTheNameIsFound() throws {
        let twin = try fixture.segment(RepositoryFixture.ids("c", 23))
        let bytes = try #require(try fixture.store.get(.segment(twin.id)))
        try fixture.tamper(.segment(first.id)) { _ in bytes }
        let finding = try #require(try verify().findings.first)
        #expect(finding.documents == 23 && finding.frame == nil && finding.segment == first.id.hex)
    }

    @Test func aDamagedManifestLosesItsIndexOnce() throws {
        let commit = try fixture.commit(fixture.listed()[0])
        let id = try #require(Digest(hex: commit.manifests[0]))
        try fixture.tamper(.manifest(id)) { bytes in
            var bytes = bytes
            bytes[bytes.count - 3] ^= 1
            return bytes
        }
        try fixture.damage(frame: 0, of: first)
        let report = try verify()
        #expect(report.findings.count == 1 && report.lostDocuments == 34 && report.wholeSnapshots == 1)
        #expect(report.findings.first?.index == "logs" && report.findings.first?.segment == nil)
    }

    @Test func objectsThatAreGoneAreFound() throws {
        let commit = try fixture.commit(fixture.listed()[0])
        try fixture.tamper(.manifest(try #require(commit.objects.flatMap { Digest(hex: $0) })), nil)
        let finding = try #require(try verify(.quick).findings.first)
        #expect(finding.index == nil && finding.kind == .missing && finding.documents == 0)
    }

    @Test func anOutcomeThatIsDamagedIsFoundAndTheOthersAreRead() throws {
        try fixture.tamper(try ObjectKey("outcomes/20251124T160000Z-one")) { Array($0.dropLast(5)) }
        try fixture.damage(frame: 0, of: second)
        let report = try verify()
        #expect(report.snapshots == 2 && report.wholeSnapshots == 0)
        #expect(report.findings.map(\.snapshot) == ["20251124T160000Z-one", "20251124T160100Z-two"])
    }

    @Test func anOutcomeThatIsGoneThoughItsSessionCommittedItIsMissing() throws {
        let id = try fixture.listed()[0]
        let session = try #require(id.session)
        var status = StatusEvent(of: Samples.command(), phase: .succeeded, source: .final)
        (status.session, status.snapshot) = (session, id)
        let final = FinalEntry(nonce: "f", status: status)
        _ = try ArchiveJournal(store: fixture.store, session: session).put(.final(final), at: .final)
        #expect(try verify().isWhole)
        try fixture.store.delete(try ObjectKey("outcomes/\(id)"))
        let report = try verify(.quick)
        #expect(report.snapshots == 2 && report.wholeSnapshots == 1)
        let finding = try #require(report.findings.first)
        #expect(finding.snapshot == id.text && finding.kind == .missing && finding.cause.contains("sheaf forget \(id)"))
        let survey = try RepositorySurvey(of: SnapshotCatalog(store: fixture.store))
        #expect(survey.status.integrity == false && survey.damages == [finding.cause])
        _ = try Forgetting(store: fixture.store).forget(id, reason: "a test")
        #expect(try verify().isWhole)
    }

    @Test func aNameThatIsNoSnapshotsIsNotCounted() throws {
        _ = try fixture.store.put([1], at: try ObjectKey("outcomes/foo"))
        let report = try verify()
        #expect(report.isWhole && report.snapshots == 2)
    }

    @Test func forgottenSnapshotsAreLeftOutUnlessTheyAreKept() throws {
        try fixture.damage(frame: 0, of: first)
        let id = try fixture.listed()[0]
        _ = try Forgetting(store: fixture.store).forget(id, reason: "test")
        #expect(try verify().isWhole)
        _ = try MarkBook(store: fixture.store).change(id) { $0.isKept = true }
        #expect(try verify().findings.count == 1)
    }

    @Test func aReportIsKept() throws {
        try fixture.damage(frame: 0, of: first)
        let report = try verify(.sampled(percent: 100, seed: 7))
        try Verification.keep(report, in: fixture.store)
        let key = try #require(try fixture.keys().first { $0.hasPrefix("checks/") })
        let bytes = try #require(try fixture.store.get(try ObjectKey(key)))
        #expect(try MessageCoding.decode(VerificationReport.self, from: bytes) == report)
        #expect(report.seed == 7 && report.percent == 100 && report.mode == "sampled" && !report.isWhole)
    }

    @Test func aSampleIsOfTheSeedAndOfItsSize() throws {
        let ids = try (0..<200).map { try SHA256.digest(of: [UInt8($0 & 255), 7]) }
        let sample = VerificationPlan.segments(of: ids, mode: .sampled(percent: 10, seed: 3))
        #expect(sample.count == 20 && Set(sample).count == 20)
        #expect(VerificationPlan.segments(of: ids.reversed(), mode: .sampled(percent: 10, seed: 3)) == sample)
        #expect(VerificationPlan.segments(of: ids, mode: .sampled(percent: 10, seed: 4)) != sample)
        #expect(VerificationPlan.segments(of: ids.prefix(3), mode: .sampled(percent: 1, seed: 3)).count == 1)
        #expect(VerificationPlan.segments(of: ids, mode: .quick).isEmpty)
        #expect(Set(VerificationPlan.segments(of: ids, mode: .full)) == Set(ids))
    }
}
