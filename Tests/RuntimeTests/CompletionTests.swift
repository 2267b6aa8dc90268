import Foundation
import Testing

@testable import Runtime

/// The scripts are asked in their own shells what they would complete.
@Suite struct CompletionTests {
    private struct Leaf: AsyncCommand {
        static let configuration = CommandConfiguration(
            name: "list", abstract: "List what's there: all of it.", arguments: [PositionalDefinition("name", help: "a name")],
            options: [
                .value("folder", short: "d", valueName: "DIR", help: "a folder"),
                .value("limit", valueName: "N", help: "how many"),
                .flag("all", help: "it's all"),
            ])
        init(_ arguments: ParsedArguments) {}
        func run() async throws {}
    }

    private struct Family: CommandFamily {
        static let configuration = CommandConfiguration(name: "repo", abstract: "Repositories.", subcommands: [Leaf.self])
    }

    private struct Root: CommandFamily {
        static let configuration = CommandConfiguration(
            name: "tool", abstract: "A tool.", options: [.secret("url", help: "a \\ url", environment: "URL")],
            subcommands: [Family.self, Leaf.self])
    }

    private static func has(_ shell: String) -> Bool { FileManager.default.isExecutableFile(atPath: "/usr/bin/\(shell)") }

    private func run(_ shell: CompletionShell, _ program: String) throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "completion-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(shell.script(for: Root.self).utf8).write(to: folder.appending(path: "script"))
        try Data().write(to: folder.appending(path: "some-file"))
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/\(shell)")
        process.arguments = ["-c", program]
        process.currentDirectoryURL = folder
        process.environment = ["HOME": folder.path, "PATH": "/usr/bin:/bin"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return text.split(separator: "\n").map(String.init).sorted()
    }

    /// What is on the line, the last word at the cursor; and the words that are offered.
    private static let cases: [(line: [String], expected: [String])] = [
        (["tool", ""], ["list", "repo"]), (["tool", "re"], ["repo"]), (["tool", "repo", ""], ["list"]),
        (["tool", "x", "re"], ["repo"]),
        (["tool", "--"], ["--help", "--url-file"]), (["tool", "repo", "list", "--a"], ["--all"]),
        (["tool", "--url-file", "repo", ""], ["list", "repo"]), (["tool", "list", "--limit", ""], []),
        (["tool", "list", "--limit", "repo", "--l"], ["--limit"]), (["tool", "list", "--folder", "some"], ["some-file"]),
        (["tool", "list", "-d", "some"], ["some-file"]), (["tool", "list", "some"], ["some-file"]),
    ]

    @Test(arguments: cases) func bash(line: [String], expected: [String]) throws {
        let words = line.map { "'\($0)'" }.joined(separator: " ")
        let program = """
            source ./script; COMP_WORDS=(\(words)); COMP_CWORD=\(line.count - 1); _tool
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        #expect(try run(.bash, program) == expected)
    }

    @Test(.enabled(if: has("zsh"), "install zsh to run"), arguments: cases) func zsh(line: [String], expected: [String]) throws {
        let words = line.map { "'\($0)'" }.joined(separator: " ")
        // The completion system's own functions: what is offered is written down, and held to the word at the cursor as it would be.
        let program = """
            compdef() { : }
            _describe() { [[ $1 == -o ]] && shift; for item in "${(@P)2}"; do print -r -- "${item%%:*}"; done }
            _files() { print -rl -- *(N) }
            source ./script; words=(\(words)); CURRENT=\(line.count)
            _tool | while read -r found; do [[ $found == "${words[CURRENT]}"* && $found != script ]] && print -r -- $found; done
            """
        #expect(try run(.zsh, program) == expected)
    }

    @Test(.enabled(if: has("fish"), "install fish to run"), arguments: cases) func fish(line: [String], expected: [String]) throws
    {
        let program = "source ./script; complete -C '\(line.joined(separator: " "))' | string split -f 1 \\t"
        let found = try run(.fish, program)
        // Short spellings are offered beside the long ones.
        #expect(found.filter { !$0.hasPrefix("-") || $0.hasPrefix("--") }.filter { $0 != "script" } == expected)
    }

    @Test(.enabled(if: has("fish"), "install fish to run")) func helpIsShownBesideWhatIsOffered() throws {
        #expect(try run(.fish, "source ./script; complete -C 'tool li'") == ["list\tList what's there: all of it."])
    }
}
