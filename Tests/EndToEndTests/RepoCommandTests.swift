import Foundation
import Glibc
import Runtime
import Testing

@testable import sheaf

/// Commands that work straight on a repository, without a broker: exit codes, JSON and files.
@Suite struct RepoCommandTests {
    private let folder: String

    /// A copy of the golden repository that is not encrypted, and one that is declared and was never made.
    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/sheaf-repo-\(UUID().uuidString)"
        for name in ["resources", "temporary", "missing", "out"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        try FileManager.default.copyItem(
            atPath: Surroundings.packageFolder + "/Tests/Golden/format-1-plain", toPath: "\(folder)/golden")
        for name in ["golden", "missing"] {
            let manifest: JSONValue = [
                "apiVersion": "stash.appscode.com/v1alpha1", "kind": "Repository",
                "metadata": ["name": .string(name), "annotations": ["sheaf.dev/encryption": "none"]],
                "spec": ["backend": ["local": ["mountPath": .string("\(folder)/\(name)")]]],
            ]
            try manifest.serialized().write(toFile: "\(folder)/resources/\(name).json", atomically: true, encoding: .utf8)
        }
    }

    private func run(_ words: String...) async throws -> CommandResult {
        let arguments = ["repo"] + words + ["--resources", "\(folder)/resources", "--output", "json"]
        let process = try await ChildProcess.start(
            "repo", Surroundings.binary, arguments, environment: ["PATH": "/usr/bin:/bin", "TMPDIR": "\(folder)/temporary"])
        return try await RunningCommand(arguments: arguments, process: process, start: .now).result(within: .seconds(60))
    }

    private func use(_ body: () async throws -> Void) async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body()
    }

    @Test func eachCauseHasItsExitCode() async throws {
        try await use {
            let exits = [
                try await run("keys", "list", "missing"), try await run("repair", "golden", "--spool", "/proc/nope"),
                try await run("repair", "golden", "--lost", ""), try await run("repair", "golden"),
            ].map(\.exit)
            #expect(exits == [.code(4), .code(1), .code(2), .code(0)])
        }
    }

    @Test func aTemporarySpoolOfOthersIsRefused() async throws {
        try await use {
            let spool = "\(folder)/temporary/sheaf-spool-\(getuid())"
            try #require(mkdir(spool, 0o700) == 0 && chmod(spool, 0o2777) == 0)
            let refused = try await run("repair", "golden")
            #expect(refused.exit == .code(1), "\(refused)")
            let message = try refused.last["message"]?.string
            #expect(message?.contains("the spool folder \(spool) can be written to") == true)
        }
    }

    @Test func anOutcomeThatCannotBeReadIsALine() async throws {
        try await use {
            let name = try #require(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/golden/outcomes").min())
            try Data([1]).write(to: URL(filePath: "\(folder)/golden/outcomes/\(name)"))
            let result = try await run("repair", "golden")
            #expect(result.exit == .code(1) && result.output.count == 1, "\(result)")
            let line = try result.last
            #expect(line["type"]?.string == "repair" && line["snapshot"]?.string == name && line["isDone"]?.bool == false)
            #expect(line["failure"]?.string?.contains("sheaf forget \(name)") == true)
        }
    }

    @Test func lostDocumentsAreInOneFileThatIsNeverOverwritten() async throws {
        try await use {
            let segments = FileManager.default.enumerator(atPath: "\(folder)/golden/segments")?.compactMap { $0 as? String } ?? []
            for segment in segments {
                let path = "\(folder)/golden/segments/\(segment)"
                var bytes = Data()
                guard FileManager.default.contents(atPath: path).map({ bytes = $0 }) != nil else { continue }
                bytes[bytes.count / 3] ^= 1
                try FileManager.default.removeItem(atPath: path)
                try bytes.write(to: URL(filePath: path))
            }
            let lost = "\(folder)/out/lost.ndjson"
            _ = try await run("repair", "golden", "--apply", "--lost", lost)
            let files = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/out")
            #expect(files == ["lost.ndjson"])
            let named = try String(contentsOfFile: lost, encoding: .utf8)
            #expect(named.contains("\"_id\":"))
            let again = try await run("repair", "golden", "--lost", lost)
            let left = try String(contentsOfFile: lost, encoding: .utf8)
            #expect(again.exit == .code(5) && left == named)
        }
    }

    @Test func aFileThatWasMadeMeanwhileStays() async throws {
        try await use {
            let path = "\(folder)/out/file"
            let (first, second) = (try DocumentOutput(path: path), try DocumentOutput(path: path))
            try [UInt8]("first".utf8).withUnsafeBytes { try first.write($0) }
            try [UInt8]("second".utf8).withUnsafeBytes { try second.write($0) }
            try second.finish()
            let error = #expect(throws: CommandError.self) { try first.finish() }
            #expect(error?.code == .refused)
            first.abandon()
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let files = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/out")
            #expect(text == "second" && files == ["file"])
        }
    }
}
