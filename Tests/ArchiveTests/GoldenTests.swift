import Crypto
import FoundationEssentials
import Glibc
import Messages
import Sessions
import Snapshots
import Synchronization
import Testing

@testable import Archive

/// What `make golden` prints: each test adds its share and prints the sum, so that the last line has all of it.
enum GoldenFigure {
    private static let sums = Mutex((repositories: 0, documents: 0, inputs: 0))

    static func add(repositories: Int = 0, documents: Int = 0, inputs: Int = 0) {
        let line = sums.withLock { sums in
            sums = (sums.repositories + repositories, sums.documents + documents, sums.inputs + inputs)
            return "FIGURE golden: \(sums.repositories) repositories of format 1, \(sums.documents) documents as recorded, "
                + "\(sums.inputs) fuzzed inputs"
        }
        print(line)
    }
}

/// What was stored once is read for ever, by this program and by recover.py.
@Suite(.serialized) struct GoldenTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// A copy, since a store may put folders of its own into its root.
    private func copy(_ golden: GoldenRepository) throws -> String {
        let path = "\(folder.path)/\(golden.rawValue)"
        try FileManager.default.copyItem(atPath: golden.folder, toPath: path)
        return path
    }

    private func expected(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: "\(GoldenRepository.expected)/\(name)")), as: UTF8.self)
    }

    /// Not a test of its own: with `SHEAF_RECORD_GOLDEN=1` it makes the repositories anew, and fails so that the change is looked at.
    @Test(.enabled(if: getenv("SHEAF_RECORD_GOLDEN") != nil, "set SHEAF_RECORD_GOLDEN to record")) func record() throws {
        for golden in GoldenRepository.allCases {
            if FileManager.default.fileExists(atPath: golden.folder) { try FileManager.default.removeItem(atPath: golden.folder) }
            var writer = try GoldenWriter(golden)
            try writer.write()
            // The script is in the tree once.
            for name in [".staging", "recover.py"] { try FileManager.default.removeItem(atPath: "\(golden.folder)/\(name)") }
            try FileManager.default.createDirectory(atPath: GoldenRepository.expected, withIntermediateDirectories: true)
            for (name, text) in writer.expected {
                try Data(text.utf8).write(to: URL(filePath: "\(GoldenRepository.expected)/\(name)"))
            }
        }
        try Data("\(GoldenRepository.password)\n".utf8).write(
            to: URL(filePath: "\(GoldenRepository.root)/format-1-encrypted.password"))
        Issue.record("\(GoldenRepository.root) was recorded")
    }

    @Test(arguments: GoldenRepository.allCases) func sheafReadsWhatWasRecorded(golden: GoldenRepository) throws {
        let store = try LocalStore(copy(golden))
        let repository = try OpenRepository.open(store, protection: golden.protection(), for: .reading)
        let catalog = SnapshotCatalog(store: repository.store)
        var documents = 0
        for id in [GoldenRepository.first, GoldenRepository.second] {
            let commit = try catalog.snapshot(id)
            for (index, manifest) in zip(commit.summary.indices, commit.manifests) {
                let reader = try IndexManifestReader(store: repository.store, id: #require(Digest(hex: manifest)))
                var stored: [UInt8] = []
                var ids: [String] = []
                while let reference = try reader.next() {
                    let segment = try SegmentReader(store: repository.store, id: reference.id)
                    try segment.verify()
                    for frame in segment.frames.indices { stored += try segment.frame(frame) }
                    let named = try Inventory.read(
                        segment: reference.id, frames: segment.frames.map(\.documents), in: repository.store)
                    ids += try #require(named).flatMap { $0 }
                }
                #expect(try String(decoding: stored, as: UTF8.self) == expected("\(id).\(index.name).stored"))
                #expect(try ids.map { "\($0)\n" }.joined() == expected("\(id).\(index.name).ids"))
                #expect(try reader.header.definition + "\n" == expected("\(id).\(index.name).definition"))
                #expect(index.documents == ids.count)
                documents += ids.count
            }
            if let manifest = commit.objects {
                let objects = try ObjectManifestReader(store: repository.store, id: #require(Digest(hex: manifest))).objects
                #expect(objects.map(\.name) == ["s/1", "logs"])
            }
        }
        GoldenFigure.add(repositories: 1, documents: documents)
    }

    @Test(arguments: GoldenRepository.allCases) func journalsReadAsRecorded(golden: GoldenRepository) throws {
        let store = try OpenRepository.open(LocalStore(copy(golden)), protection: golden.protection(), for: .reading).store
        let whole = ArchiveJournal(store: store, session: GoldenRepository.session("a1"))
        let names: [EntryName] = [
            .begin, .plan, .view(slice: 0, epoch: 0), .part(slice: 0, epoch: 0, number: 0), .done(slice: 0, epoch: 0), .outcome,
        ]
        #expect(try whole.read(names + [.final]).count == names.count)
        let aborted = ArchiveJournal(store: store, session: GoldenRepository.session("d4"))
        guard case .outcome(let outcome)? = try aborted.read([.outcome])[.outcome] else {
            Issue.record("the aborted session has no outcome")
            return
        }
        #expect(!outcome.isCommit)
    }

    @Test(arguments: GoldenRepository.allCases) func whatPeopleSaidReadsAsRecorded(golden: GoldenRepository) throws {
        let store = try OpenRepository.open(LocalStore(copy(golden)), protection: golden.protection(), for: .reading).store
        let catalog = SnapshotCatalog(store: store)
        #expect(try catalog.snapshots().map(\.summary.id) == [GoldenRepository.first, GoldenRepository.second])
        let marks = try MarkBook(store: store).marks(of: GoldenRepository.first)
        #expect(marks == SnapshotMarks(tags: ["weekly", "blue"], isKept: true))
        #expect(try Forgetting(store: store).entry(of: GoldenRepository.forgotten)?.reason == "no rule keeps it")
        #expect(try Pins(store).all().map(\.pin?.snapshot) == [GoldenRepository.first])
        let key = try ObjectKey("checks/20261124T000000Z-1")
        let report = try #require(try store.get(key))
        #expect(try MessageCoding.decode(VerificationReport.self, from: report).mode == "full")
    }

    @Test func anotherPasswordIsToldApart() throws {
        let path = try copy(.encrypted)
        let recorded = try Data(contentsOf: URL(filePath: "\(GoldenRepository.root)/format-1-encrypted.password"))
        #expect(String(decoding: recorded, as: UTF8.self) == "\(GoldenRepository.password)\n")
        let outcome = code {
            _ = try OpenRepository.open(
                LocalStore(path), protection: GoldenRepository.encrypted.protection("guess"), for: .reading)
        }
        #expect(outcome == .wrongPassword)
        try #require(RecoveryScript.isReady, "\(RecoveryScript.requirement)")
        let refused = try RecoveryScript(repository: path, password: "guess").run("list")
        #expect(refused.status == 3 && refused.errors.contains("the password opens none of 1 keys"))
        #expect(try RecoveryScript(repository: path).run("check").status == 2)
    }

    @Test(.enabled(if: RecoveryScript.isReady, "\(RecoveryScript.requirement)"), arguments: GoldenRepository.allCases)
    func pythonReadsWhatWasRecorded(golden: GoldenRepository) throws {
        let script = RecoveryScript(repository: golden.folder, password: golden.password)
        let check = try script.run("check", "--full")
        #expect(check.status == 0, "\(check.output)\(check.errors)")
        #expect(check.output.hasSuffix(": whole\n"))
        let list = try script.run("list").output.split(separator: "\n")
        #expect(
            list.map { $0.prefix { $0 != " " } } == [
                Substring(GoldenRepository.first.text), Substring(GoldenRepository.second.text),
            ])
        #expect(list.first?.hasSuffix("weekly, blue, kept") == true)
        for (id, index) in [
            (GoldenRepository.first, "logs"), (GoldenRepository.first, "empty"), (GoldenRepository.second, "logs"),
        ] {
            let name = "\(id).\(index)"
            #expect(try script.run("cat", id.text, "--index", index).output == expected("\(name).bulk"))
            #expect(try script.run("cat", id.text, "--index", index, "--exact").output == expected("\(name).stored"))
            #expect(try script.run("definition", id.text, "--index", index).output == expected("\(name).definition"))
        }
        #expect(try script.run("objects", "a1").output == expected("\(GoldenRepository.first).objects"))
        #expect(try script.run("show", "latest").output.contains(GoldenRepository.second.text))
    }
}
