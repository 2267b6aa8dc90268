import Crypto
import FoundationEssentials
import Glibc
import Runtime
import Testing

@testable import Archive

/// recover.py, which knows only docs/repository-format.md, must read what this module writes, and tell what was changed.
@Suite(.enabled(if: RecoveryScript.isReady, "\(RecoveryScript.requirement)")) struct IndependentReaderTests {
    private let folder: TemporaryFolder
    private let spool: Spool

    init() throws {
        folder = try TemporaryFolder()
        spool = try Spool(in: "\(folder.path)/spool", limit: 1 << 30)
    }

    /// A repository of one snapshot whose index has segments of every shape, in three slices.
    private func make(_ protection: Protection, _ name: String) throws -> (OpenRepository, [SegmentReference], expected: [UInt8])
    {
        let repository = try OpenRepository.create(
            LocalStore(folder.makeFolder(name)), protection: protection, now: Date(timeIntervalSince1970: 1_750_000_000),
            cost: ScryptCost(logN: 10, r: 8, p: 1))
        var references: [SegmentReference] = []
        var expected: [UInt8] = []
        let shapes: [(kind: SegmentKind, documents: Int, frameBytes: Int, largest: Int)] = [
            (.bulk, 500, 20_000, 4_000), (.exact, 500, 20_000, 4_000), (.bulk, 1, 1 << 20, 10), (.bulk, 40, 300, 20_000),
            (.exact, 3, 100, 3 << 20), (.bulk, 20_000, 1 << 20, 300),
        ]
        for (slice, shape) in shapes.enumerated() {
            var settings = SegmentSettings()
            settings.frameBytes = shape.frameBytes
            let samples = Sample.make(shape.documents, seed: UInt64(slice), largest: shape.largest, kind: shape.kind)
            let writer = try SegmentWriter(store: repository.store, spool: spool, kind: shape.kind, settings: settings)
            let staged = try writer.write(samples)
            let inventory = try InventoryWriter(spool: spool)
            for sample in samples {
                try sample.action.withBytes { (action) throws(ArchiveError) in try inventory.append(action: action) }
            }
            try inventory.store(for: staged.id, in: repository.store)
            try repository.put(staged)
            references.append(SegmentReference(staged, slice: slice / 2, shard: slice / 2))
            expected += shape.kind == .bulk ? Sample.lines(samples) : samples.flatMap(\.stored)
        }
        let (documents, bytes) = references.reduce((0, 0)) { ($0.0 + $1.documents, $0.1 + $1.plainBytes) }
        let manifest = try IndexManifestWriter(
            spool: spool,
            header: IndexManifest(
                name: "logs", uuid: "u", shards: 3, definition: "{\"settings\":{}}", documents: documents, plainBytes: bytes,
                views: [.init(shard: nil, epoch: 0, documents: documents, opened: "2025-01-01T00:00:00Z")]))
        for reference in references { try manifest.append(reference) }
        let index = try manifest.finish()
        try repository.put(manifest: index)
        // More than a chunk of a sealed object.
        let body = "{\"script\":{\"source\":\"\(String(repeating: "é\\u2028\\n", count: 200_000))\"}}"
        let objects = try ObjectManifestWriter.write(
            [StoredObject(kind: "scripts", name: "s", body: body)],
            header: ObjectManifest(distribution: "elasticsearch", serverVersion: "8.19.21"), spool: spool)
        try repository.put(manifest: objects)
        let stored = references.reduce(0) { $0 + $1.storedBytes }
        let outcome = """
            {"nonce":"n","decidedAt":"2025-06-15T15:06:40Z","verdict":{"commit":{"result":{"manifests":["\(index.digest)"],\
            "objects":"\(objects.digest)","partsByWorker":{},"summary":{"id":"\(Self.snapshot)","namespace":"demo","target":"es",\
            "time":"2025-06-15T15:06:40Z","objects":1,"indices":[{"name":"logs","shards":3,"documents":\(documents),"bytes":\(bytes),\
            "storedBytes":\(stored),"segments":\(references.count)}]}}}}}
            """
        _ = try repository.store.put(Array(outcome.utf8), at: ObjectKey("outcomes/\(Self.snapshot)"))
        return (repository, references, expected)
    }

    private static let snapshot = "20250615T150640Z-a1"

    @Test(arguments: [nil, "secret é"]) func pythonReadsEveryDocument(password: String?) throws {
        let cache = KeyringCache()
        let protection = password.map { Protection.password(Sensitive($0), cache) } ?? .none
        let (repository, references, expected) = try make(protection, "store")
        let script = RecoveryScript(repository: repository.store.location, password: password)
        let check = try script.run("check", "--full")
        #expect(check.status == 0, "\(check.output)\(check.errors)")
        #expect(check.output.hasPrefix("1 snapshots, \(references.reduce(0) { $0 + $1.documents }) documents, "))
        #expect(try Array(script.run("cat", "latest", "--index", "logs", "--exact").output.utf8) == expected)
        #expect(try script.run("segment", references[2].id.hex).output.hasPrefix(#"{"index":{"_id":"0"}}"#))
        #expect(try script.run("objects", "latest").output.contains("\\n"))

        for victim in [ObjectKey.segment(references[1].id), .inventory(references[5].id)] {
            let path = "\(repository.store.location)/\(victim)"
            let whole = try Data(contentsOf: URL(filePath: path))
            var spoiled = whole
            spoiled[spoiled.count / 2] ^= 1
            try spoiled.write(to: URL(filePath: path))
            let found = try script.run("check", "--full")
            #expect(found.status == 1 && found.output.contains(victim.text), "\(found.output)")
            try whole.write(to: URL(filePath: path))
        }
    }

    /// In the folder where they lie, as after a bucket was fetched.
    @Test func theCommandsOfRecoveryTextWorkAsTheyArePrinted() throws {
        let (repository, _, _) = try make(.none, "store")
        let text = String(decoding: try #require(try repository.store.get(.recovery)), as: UTF8.self)
        let lines = text.split(separator: "\n").map { $0.drop { $0 == " " } }
        let commands = lines.filter { $0.hasPrefix("python3 recover.py") && !$0.contains("|") }
        #expect(commands.count == 5 && lines.contains("cd backup"))
        for command in commands {
            let words = command.prefix { $0 != "#" }.replacing("SNAPSHOT", with: "latest").replacing("NAME", with: "logs")
            #expect(system("cd '\(repository.store.location)' && \(words) >/dev/null 2>&1") == 0, "\(words)")
        }
    }

    @Test func aPasswordsLineEndsAreNoPartOfItForPython() throws {
        let (repository, _, _) = try make(.password(Sensitive("secret\r\n"), KeyringCache()), "store")
        for variable in ["SHEAF_PASSWORD", "RESTIC_PASSWORD"] {
            let status = system(
                """
                unset SHEAF_PASSWORD RESTIC_PASSWORD; value=$(printf 'secret\\r\\n.'); export \(variable)="${value%.}"
                python3 '\(RecoveryScript.path)' '\(repository.store.location)' list >/dev/null
                """)
            #expect(status == 0)
        }
        let script = RecoveryScript(repository: repository.store.location, password: "secret")
        #expect(try script.run("list").status == 0)
    }

    /// Line ends at its end are no part of it, those before are.
    @Test func aPasswordOfSeveralLinesIsOne() throws {
        let (repository, _, _) = try make(.password(Sensitive("two\nlines"), KeyringCache()), "store")
        #expect(try RecoveryScript(repository: repository.store.location, password: "two\nlines").run("list").status == 0)
        #expect(try RecoveryScript(repository: repository.store.location, password: "two").run("list").status == 3)
    }

    /// Each try may cost a second, and whoever can write can add objects.
    @Test func pythonTriesItsPasswordOnlyWhereItIsNeeded() throws {
        let (repository, _, _) = try make(.password(Sensitive("secret"), KeyringCache()), "store")
        let base = repository.store.base
        for _ in 0..<3 {
            let forged = try KeyObject.make(
                Keyring().rotated(), repository: repository.id, password: Sensitive("forged"), label: "x", now: Date(),
                cost: cheap)
            _ = try base.put(forged.encoded(), at: forged.key)
        }
        let program = """
            import sys; sys.path.insert(0, sys.argv[1]); sys.dont_write_bytecode = True; import recover
            tries, scrypt = [], recover.scrypt
            recover.scrypt = lambda *arguments: tries.append(1) or scrypt(*arguments)
            repository = recover.Repository(sys.argv[2], b"secret"); repository.unlock()
            list(recover.snapshots(repository)); sys.exit(len(tries))
            """
        let path = "\(folder.path)/tries.py"
        try Data(program.utf8).write(to: URL(filePath: path))
        let status = system(
            "python3 '\(path)' '\(RecoveryScript.root)/Sources/Archive/Recovery' '\(repository.store.location)'")
        #expect((status >> 8) & 0xFF == 1)
    }

    /// Another one may open; `check` names it.
    @Test func pythonReadsOnBesideAKeyThatItCannotRead() throws {
        let (repository, _, _) = try make(.password(Sensitive("secret"), KeyringCache()), "store")
        let base = repository.store.base
        let first = try ObjectKey("keys/\(try #require(repository.format.key))")
        let whole = try #require(try base.get(first))
        for (digit, changed) in [("0", ("\"p\":1", "\"p\":2")), ("1", ("\"version\":1", "\"version\":2"))] {
            let name = try ObjectKey("keys/\(String(repeating: digit, count: 32))")
            _ = try base.put(forgedKey(whole, changed.0, changed.1), at: name)
        }
        let script = RecoveryScript(repository: repository.store.location, password: "secret")
        #expect(try script.run("list").status == 0)
        let check = try script.run("check")
        #expect(
            check.status == 1 && check.output.contains("keys/00000") && check.output.contains("keys/11111"), "\(check.output)")
    }

    @Test func pythonSuspectsAFormatOfAnotherRepository() throws {
        let (repository, _, _) = try make(.password(Sensitive("secret"), KeyringCache()), "store")
        let path = "\(repository.store.location)/FORMAT"
        let text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
        let other = String(repeating: "f", count: 32)
        try Data(text.replacing(repository.id, with: other).utf8).write(to: URL(filePath: path))
        let found = try RecoveryScript(repository: repository.store.location, password: "secret").run("list")
        #expect(found.status == 1 && found.errors.contains("restore FORMAT from a copy"), "\(found.errors)")
    }

    @Test(arguments: [false, true]) func aRecoveryTextHasAnEmptyLineBetweenItsParts(isEncrypted: Bool) throws {
        let store = MemoryStore()
        let protection = isEncrypted ? Protection.password(Sensitive("secret"), KeyringCache()) : .none
        _ = try OpenRepository.create(store, protection: protection, now: Date(timeIntervalSince1970: 1_750_000_000), cost: cheap)
        let text = String(decoding: try #require(try store.get(.recovery)), as: UTF8.self)
        #expect(text.contains(isEncrypted ? "\n\nDocuments here are encrypted" : "\n\n## By hand"))
        #expect(!text.contains("\n\n\n"))
    }

    @Test func pythonFindsWhatIsMissingOrForeign() throws {
        let (repository, references, _) = try make(.none, "store")
        let script = RecoveryScript(repository: repository.store.location)
        try repository.store.delete(.segment(references[3].id))
        _ = try repository.store.put([1], at: ObjectKey("segments/zz/other"))
        let found = try script.run("check")
        #expect(found.status == 1)
        #expect(found.output.contains("\(ObjectKey.segment(references[3].id)): it is missing"))
        #expect(found.output.contains("segments/zz/other: no object of a repository has such a name"))
        #expect(found.output.hasSuffix(": 2 findings\n"), "\(found.output)")
        #expect(try script.run("cat", "latest", "--index", "logs").status == 1)
        #expect(try script.run("cat", "latest", "--index", "absent").status == 2)
    }

    @Test func plainRepositoryUnderAPasswordIsRefused() throws {
        let (repository, _, _) = try make(.none, "store")
        #expect(try RecoveryScript(repository: repository.store.location, password: "secret").run("list").status == 2)
    }

    @Test func everyRepositoryCarriesTheReader() throws {
        let store = MemoryStore()
        _ = try OpenRepository.create(store, protection: .none, now: Date(timeIntervalSince1970: 1_750_000_000))
        #expect(try store.get(.recoveryScript) == Array(Data(contentsOf: URL(filePath: RecoveryScript.path))))
    }

    @Test func anOlderReaderStays() throws {
        let store = MemoryStore()
        _ = store.put([1], at: .recoveryScript)
        _ = try OpenRepository.create(store, protection: .none, now: Date(timeIntervalSince1970: 1_750_000_000))
        #expect(try store.get(.recoveryScript) == [1])
    }
}
