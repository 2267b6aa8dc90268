import Archive
import Console
import Messages
import Runtime
import Snapshots

struct RepoCollectCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "gc", abstract: "Collect garbage: delete what no snapshot needs.",
        discussion: """
            Runs beside backups and restores, without a lock. What is found unneeded is marked, and deleted by a run that comes
            a grace later. With --grace 0s both in one run: for a repository that nothing else uses at the moment. Sessions past
            their deadline are ended. What was stored while a session that is still open ran is left alone.
            """,
        arguments: [RepositoryOption.argument],
        options: [
            .value("grace", valueName: "TIME", help: "between forgetting, marking and deleting", default: "24h"),
            .flag("dry-run", help: "write nothing: say what would be done, with bytes and why"),
        ] + ResourceOptions.definitions + [OutputFormat.definition])

    private let repository: RepositoryOption
    private let grace: Duration
    private let isDryRun: Bool
    private let output: CommandOutput

    init(_ arguments: ParsedArguments) throws {
        repository = try RepositoryOption(arguments)
        grace = try arguments.value("grace")
        isDryRun = try arguments.flag("dry-run")
        output = try CommandOutput(arguments)
    }

    func run() async throws {
        try await output.reporting {
            let store = try repository.open(for: .collecting).repository.store
            let collector = Collector(store, grace: grace, mode: isDryRun ? .dryRun : .apply, tell: tell)
            let report = try collector.run()
            output.lines(lines(report))
            output.object(object(report))
            for problem in report.problems { output.note(problem) }
            guard report.problems.isEmpty else {
                throw CommandError(.failed, "\(report.problems.count) things stood in the way; the rest is done")
            }
        }
    }

    private func tell(_ step: CollectorStep) {
        guard isDryRun else { return }
        let deed =
            switch step.deed {
            case .delete: "would delete"
            case .mark: "would mark"
            case .abort: "would end session"
            }
        output.line("\(deed) \(step.object)\(step.bytes.map { ", \(ByteCount($0))" } ?? ""): \(step.reason)")
        output.object([
            "type": "step", "deed": .string(step.deed.rawValue), "object": .string(step.object),
            "bytes": step.bytes.map { JSONValue($0) } ?? .null, "reason": .string(step.reason),
        ])
    }

    private func lines(_ report: CollectorReport) -> [String] {
        func text(_ tally: CollectorReport.Tally) -> String { "\(tally.objects) objects, \(ByteCount(tally.bytes))" }
        var lines = [
            "snapshots deleted    \(report.swept.count)", "sessions ended       \(report.aborted.count)",
            "deleted              \(text(report.deleted))", "marked               \(text(report.marked))",
            "waiting for a grace  \(text(report.waiting))", "too young            \(text(report.held))",
            "needed               \(report.isBlind ? "not counted" : text(report.named))",
        ]
        if let holder = report.holder, let horizon = report.horizon {
            lines.append("nothing that was stored since \(horizon) is looked at, because of \(holder)")
        }
        if !report.unknown.isEmpty {
            lines.append("left alone, since nothing of Sheaf has such names: \(report.unknown.joined(separator: ", "))")
        }
        return lines
    }

    private func object(_ report: CollectorReport) -> JSONValue {
        func value(_ tally: CollectorReport.Tally) -> JSONValue {
            ["objects": JSONValue(tally.objects), "bytes": JSONValue(tally.bytes)]
        }
        return [
            "type": "gc", "dryRun": .bool(isDryRun), "snapshots": .array(report.swept.map { .string($0.text) }),
            "aborted": .array(report.aborted.map { .string($0.text) }), "deleted": value(report.deleted),
            "marked": value(report.marked), "waiting": value(report.waiting), "young": value(report.held),
            "needed": report.isBlind ? .null : value(report.named), "leftovers": JSONValue(report.leftovers),
            "unknown": .array(report.unknown.map { .string($0) }), "problems": .array(report.problems.map { .string($0) }),
        ]
    }
}
