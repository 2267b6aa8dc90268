import Archive
import Messages
import Runtime
import Testing

@testable import Worker

/// The room that a plan asks for bounds its sessions, and no others.
@Suite struct SpoolBoundTests {
    private func command(_ storage: JSONValue?, id: String = "abc") -> SessionCommand {
        var command = Samples.command()
        if let id = SessionID(id) { command.id = id }
        command.configuration?.spec.interimVolumeTemplate = storage.map {
            ["metadata": ["name": "data"], "spec": ["resources": ["requests": ["storage": $0]]]]
        }
        return command
    }

    @Test func roomForLessThanASegmentIsRefused() throws {
        let error = #expect(throws: WorkerError.self) { try SpoolBound.check(command("63Mi"), segments: SegmentSettings()) }
        #expect(error?.code == .refused)
        #expect(error?.message.contains("asks for 66060288 bytes, and one segment may take 67108864") == true)
        #expect(error?.message.contains("interimVolumeTemplate of BackupConfiguration") == true)
        try SpoolBound.check(command("64Mi"), segments: SegmentSettings())
        try SpoolBound.check(command(.number("2e9")), segments: SegmentSettings())
        try SpoolBound.check(command(nil), segments: SegmentSettings())
    }

    @Test func aSessionHasItsShareAndOthersHaveTheirs() throws {
        let folder = try TemporaryFolder()
        let spool = try Spool(in: "\(folder.path)/spool", limit: 1 << 30)
        let first = spool.share(of: command("1Gi"))
        #expect(first !== spool && first.limit == 1 << 30 && first.folder == spool.folder)
        #expect(spool.share(of: command("1Gi")) === first)
        #expect(spool.share(of: command("1Gi", id: "def")) !== first)
        #expect(spool.share(of: command(nil, id: "ghi")) === spool)
    }

    @Test func aShareThatIsFullNamesTheTemplateAndTheBound() throws {
        let folder = try TemporaryFolder()
        let spool = try Spool(in: "\(folder.path)/spool", limit: 1 << 30)
        let store = RepositoryStore(try LocalStore(folder.makeFolder("store")))
        var settings = SegmentSettings()
        settings.frameBytes = 1_000
        let sink = DumpSink(store: store, spool: spool.share(of: command("3k")), settings: settings)
        let failure = #expect(throws: ArchiveError.self) {
            for number in 0..<2_000 {
                try Array("\"\(number)\"".utf8).withUnsafeBytes { id in
                    try Array("{\"n\":\(number &* 2_654_435_761)}".utf8).withUnsafeBytes {
                        try sink.take(id: id, routing: nil, source: $0, sort: $0)
                    }
                }
            }
            try sink.finish()
        }
        #expect(failure?.code == .noSpace)
        #expect(
            failure?.message.contains(
                "would pass spec.resources.requests.storage of the interimVolumeTemplate of BackupConfiguration") == true)
        #expect(failure?.message.contains(" of 3000") == true)
    }
}
