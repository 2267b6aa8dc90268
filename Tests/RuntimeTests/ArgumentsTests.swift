import Glibc
import Runtime
import Testing

private enum Output: String, CaseIterable, ArgumentValue {
    case text
    case json
    case jsonl
}

private struct Root: CommandFamily {
    static let configuration = CommandConfiguration(
        name: "sheaf", abstract: "Backs up search engines.", version: "1.2.3",
        options: [
            .value(
                "output", short: "o", valueName: "FORMAT", help: "text, json or jsonl", default: "text",
                environment: "SHEAF_OUTPUT"),
            .flag("verbose", short: "v", help: "say more", environment: "SHEAF_VERBOSE"),
        ],
        subcommands: [Backup.self, Sessions.self])
}

private struct Sessions: CommandFamily {
    static let configuration = CommandConfiguration(
        name: "session", abstract: "Looks at sessions.", subcommands: [SessionList.self])
}

private struct SessionList: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "list", abstract: "Lists sessions.", options: [.value("limit", valueName: "N", help: "how many", isRequired: true)])

    init(_ arguments: ParsedArguments) throws {
        throw Unreachable()
    }

    func run() async throws {}
}

private struct Unreachable: ExitCodeProviding, CustomStringConvertible {
    var exitCode: ExitCode { .unreachable }
    var description: String { "the broker does not answer" }
}

private struct Backup: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "backup", abstract: "Publishes a BackupSession.", discussion: "Prints the id.",
        arguments: [
            PositionalDefinition("plan", help: "name of the plan"),
            PositionalDefinition("extra", help: "more", isRequired: false, isRepeatable: true),
        ],
        options: [
            .value(
                "timeout", short: "t", valueName: "DURATION", help: "how long to wait", default: "10m",
                environment: "SHEAF_TIMEOUT"),
            .repeated("index", short: "i", valueName: "PATTERN", help: "only these", environment: "SHEAF_INDEX"),
            .secret("password", help: "of the broker", environment: "SHEAF_PASSWORD"),
            .value("size", valueName: "SIZE", help: "of a part"),
            .flag("wait", short: "w", help: "wait for the end"),
        ])

    init(_ arguments: ParsedArguments) throws {
        if try arguments.value("plan") == "partial" { throw ExitCode.partial }
    }

    func run() async throws {}
}

private func parse(_ words: String..., environment: [String: String] = [:]) throws -> ParsedArguments {
    let parser = CommandParser(Root.self, environment: environment) { path throws(UsageError) in "content of \(path)" }
    guard case .run(_, let arguments) = try parser.parse(words) else { throw CancellationError() }
    return arguments
}

@Suite struct ArgumentsTests {
    @Test func wordsAreReadInEveryForm() throws {
        let arguments = try parse(
            "-v", "backup", "--timeout=90s", "-i", "a*", "orders", "-ib*", "--index", "-c", "--size", "64KiB", "-wo", "json",
            "--", "-x", "--y")
        #expect(arguments.command == "sheaf backup")
        #expect(try arguments.value("timeout") == Duration.seconds(90))
        #expect(try arguments.values("index") == ["a*", "b*", "-c"])
        #expect(try arguments.optionalValue("size", as: ByteCount.self) == .kibibytes(64))
        #expect(try arguments.flag("wait") && arguments.flag("verbose"))
        #expect(try arguments.value("output", as: Output.self) == .json)
        #expect(try arguments.value("plan") == "orders")
        #expect(try arguments.values("extra") == ["-x", "--y"])
        #expect(try arguments.optionalSecret("password") == nil)
    }

    @Test func flagsWinOverTheEnvironmentAndThatOverDefaults() throws {
        let environment = ["SHEAF_TIMEOUT": "5m", "SHEAF_OUTPUT": "json", "SHEAF_VERBOSE": "yes", "SHEAF_INDEX": "a,b"]
        let arguments = try parse("backup", "p", "--output", "jsonl", "--verbose=false", environment: environment)
        #expect(try arguments.value("timeout") == Duration.seconds(300))
        #expect(arguments.origin(of: "timeout") == "SHEAF_TIMEOUT")
        #expect(try arguments.value("output", as: Output.self) == .jsonl)
        #expect(try !arguments.flag("verbose"))
        #expect(try arguments.values("index") == ["a", "b"])
        #expect(try parse("backup", "p").value("timeout") == Duration.seconds(600))
        #expect(try parse("backup", "p").origin(of: "timeout") == nil)
    }

    @Test func secretsComeFromFilesOrTheEnvironment() throws {
        #expect(try parse("backup", "p", "--password-file", "/s").secret("password").reveal() == "content of /s")
        #expect(try parse("backup", "p", environment: ["SHEAF_PASSWORD": "x"]).secret("password").reveal() == "x")
        #expect(
            try parse("backup", "p", environment: ["SHEAF_PASSWORD_FILE": "/f"]).secret("password").reveal() == "content of /f")
        #expect(try !"\(parse("backup", "p", environment: ["SHEAF_PASSWORD": "hunter2"]))".contains("hunter2"))
    }

    @Test(arguments: [
        (
            ["backup", "p", "--timout", "1s"], UsageError.Code.unknownOption,
            "sheaf backup has no option --timout; did you mean --timeout?"
        ),
        (["backup", "p", "--zzzzzz"], .unknownOption, "sheaf backup has no option --zzzzzz; see --help"),
        (["backup", "p", "-z"], .unknownOption, "sheaf backup has no option -z; see --help"),
        (["bakcup"], .unknownCommand, "sheaf has no command \"bakcup\"; did you mean backup?"),
        (["backup"], .missingValue, "PLAN is missing: name of the plan"),
        (["backup", "p", "--timeout"], .missingValue, "--timeout needs a value: --timeout DURATION"),
        (["backup", "p", "--timeout", "--wait"], .missingValue, "--timeout needs a value: --timeout DURATION"),
        (["backup", "p", "-t", "1s", "-t", "2s"], .repeatedOption, "--timeout is given twice; it takes one value"),
        (
            ["backup", "p", "--password", "x"], .unknownOption,
            "--password would be visible to every user of this machine: use --password-file or SHEAF_PASSWORD"
        ),
        (
            ["session", "list", "--limit", "1", "x"], .unexpectedArgument,
            "sheaf session list does not know what to do with \"x\"; see --help"
        ),
        (["session", "list"], .missingOption, "--limit is missing: give it"),
    ])
    func mistakesAreNamed(_ words: [String], _ code: UsageError.Code, _ message: String) {
        let error = #expect(throws: UsageError.self) { try CommandParser(Root.self, environment: [:]).parse(words) }
        #expect(error?.code == code)
        #expect(error?.message == message)
    }

    @Test func badValuesNameTheirOriginAndWhatWasExpected() throws {
        let arguments = try parse("backup", "p", "--wait=maybe", "-o", "xml", environment: ["SHEAF_TIMEOUT": "soon"])
        let timeout = #expect(throws: UsageError.self) { try arguments.value("timeout", as: Duration.self) }
        #expect(timeout?.message == "SHEAF_TIMEOUT: expected a duration such as 90s, 2m or 1h30m, found \"soon\"")
        let output = #expect(throws: UsageError.self) { try arguments.value("output", as: Output.self) }
        #expect(output?.message == "--output: expected text, json or jsonl, found \"xml\"")
        let wait = #expect(throws: UsageError.self) { try arguments.flag("wait") }
        #expect(wait?.message == "--wait: expected true or false, found \"maybe\"")
        #expect(throws: UsageError.self) { try arguments.flag("undeclared") }
        #expect(throws: UsageError.self) { try arguments.value("size", as: ByteCount.self) }
    }

    @Test func bothVariablesOfASecretAreAConflict() {
        let error = #expect(throws: UsageError.self) {
            try parse("backup", "p", environment: ["SHEAF_PASSWORD": "x", "SHEAF_PASSWORD_FILE": "/f"])
        }
        #expect(error?.code == .conflict)
    }

    @Test func helpIsMadeFromTheTable() throws {
        guard case .help(let text) = try CommandParser(Root.self, environment: [:]).parse(["backup", "p", "--help"]) else {
            Issue.record("no help")
            return
        }
        #expect(
            text == """
                Publishes a BackupSession.

                Prints the id.

                Usage: sheaf backup [options] PLAN [EXTRA...]

                Arguments:
                  PLAN   name of the plan
                  EXTRA  more

                Options:
                  -t, --timeout DURATION    how long to wait (default: 10m; env: SHEAF_TIMEOUT)
                  -i, --index PATTERN       only these (may be repeated; env: SHEAF_INDEX)
                      --password-file PATH  of the broker (env: SHEAF_PASSWORD or SHEAF_PASSWORD_FILE)
                      --size SIZE           of a part
                  -w, --wait                wait for the end

                Options of every command:
                  -o, --output FORMAT       text, json or jsonl (default: text; env: SHEAF_OUTPUT)
                  -v, --verbose             say more (env: SHEAF_VERBOSE)
                  -h, --help                show this help
                      --version             show the version

                """)
    }

    @Test(arguments: [
        (["backup", "p"], ExitCode.done, "", ""),
        (["backup", "partial"], .partial, "", ""),
        (["--version"], .done, "sheaf 1.2.3\n", ""),
        (["backup"], .usage, "", "sheaf backup: PLAN is missing: name of the plan\nTry \"sheaf backup --help\".\n"),
        (["session", "list", "--limit", "1"], .unreachable, "", "sheaf: the broker does not answer\n"),
    ])
    func programEndsWithItsCode(_ words: [String], _ code: ExitCode, _ output: String, _ complaint: String) async {
        var (shown, complained) = ("", "")
        let ended = await Program.exitCode(
            of: Root.self, words: words, environment: [:], output: { shown += $0 }, complaint: { complained += $0 })
        #expect(ended == code)
        #expect(shown == output)
        #expect(complained == complaint)
    }

    @Test(arguments: [[], ["session"]])
    func familyWithoutACommandShowsItsHelpAsAMistake(_ words: [String]) async {
        var complained = ""
        let ended = await Program.exitCode(
            of: Root.self, words: words, environment: [:], output: { _ in }, complaint: { complained += $0 })
        #expect(ended == .usage)
        #expect(complained.contains("Commands:"))
    }

    @Test func secretFileLosesOneLineBreak() throws {
        var template = Array("/tmp/sheaf-secret-XXXXXX".utf8CString)
        let file = mkstemp(&template)
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer {
            close(file)
            unlink(path)
        }
        #expect(throws: UsageError.self) { try SecretFile.read(path) }
        try #require(write(file, "two words\n\n", 11) == 11)
        #expect(try SecretFile.read(path) == "two words\n")
        let error = #expect(throws: UsageError.self) { try SecretFile.read(path + ".missing") }
        #expect(error?.message.hasSuffix("No such file or directory") == true)
    }

    @Test func environmentOfTheProcessIsRead() {
        setenv("SHEAF_TEST_VALUE", "a=b", 1)
        #expect(Program.environment["SHEAF_TEST_VALUE"] == "a=b")
    }
}
