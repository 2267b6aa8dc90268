import Archive
import Console
import Messages
import Runtime
import Snapshots

struct RepoVerifyCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "verify", abstract: "Check whether what a repository holds can be read again.",
        discussion: """
            quick looks at every outcome and manifest and at the size of every segment; sampled reads some segments whole as
            well; full reads all. Where the repository can be written, the result is kept for its status. Exit code 1 says
            that something is damaged or missing, and what is listed.
            """,
        arguments: [RepositoryOption.argument],
        options: [
            .value("mode", valueName: "MODE", help: "quick, sampled or full", default: "quick"),
            .value("percent", valueName: "P", help: "sampled: how many of 100 segments are read, above 0", default: "5"),
            .value("seed", valueName: "N", help: "sampled: chooses the segments; default: others each time"),
        ] + ResourceOptions.definitions + [OutputFormat.definition])

    private let repository: RepositoryOption
    private let output: CommandOutput
    private let mode: VerificationMode

    init(_ arguments: ParsedArguments) throws {
        repository = try RepositoryOption(arguments)
        output = try CommandOutput(arguments)
        mode = try Self.mode(arguments)
    }

    private static func mode(_ arguments: ParsedArguments) throws -> VerificationMode {
        func mistake(_ code: UsageError.Code, _ message: String) -> UsageError {
            UsageError(code: code, message: message, command: arguments.command)
        }
        let name = try arguments.value("mode", as: String.self)
        if name == "sampled" {
            let percent = try arguments.value("percent", as: Double.self)
            guard percent > 0, percent <= 100 else {
                throw mistake(.badValue, "--percent: expected a number above 0 and up to 100, found \(percent)")
            }
            return .sampled(percent: percent, seed: try arguments.optionalValue("seed") ?? Int.random(in: 0...Int(Int32.max)))
        }
        guard arguments.origin(of: "percent") == nil, arguments.origin(of: "seed") == nil else {
            throw mistake(.conflict, "--percent and --seed are of --mode sampled alone")
        }
        switch name {
        case "quick": return .quick
        case "full": return .full
        default: throw mistake(.badValue, "--mode: expected quick, sampled or full, found \"\(name)\"")
        }
    }

    func run() async throws {
        try await output.reporting {
            let store = try repository.open().repository.store
            let line = StandingLine()
            let verification = Verification(store: store, mode: mode) { line.show(VerificationText.progress($0)) }
            let report: VerificationReport
            do {
                report = try verification.run()
            } catch {
                line.clear()
                throw error
            }
            line.clear()
            do {
                try Verification.keep(report, in: store)
            } catch let error as ArchiveError where error.code == .accessDenied || error.code == .wrongPassword {
                output.note("the result is not kept, since the repository cannot be written: \(error.message)")
            }
            output.lines(VerificationText.lines(report))
            for finding in report.findings { output.object(VerificationText.json(finding)) }
            output.object(VerificationText.json(report))
            if !report.isWhole { throw ExitCode.failed }
        }
    }
}
