import Runtime
import Testing

/// A command of `sheaf` at work.
struct RunningCommand: Sendable {
    let arguments: [String]
    let process: ChildProcess
    let start: ContinuousClock.Instant

    func result(within limit: Duration) async throws -> CommandResult {
        let exit = try await process.exit(within: limit)
        return CommandResult(
            arguments: arguments, exit: exit, output: process.output.elements, errors: process.log.elements,
            seconds: (ContinuousClock.now - start).inSeconds)
    }
}

/// How a command ended and what it said.
struct CommandResult: Sendable, CustomStringConvertible {
    let arguments: [String]
    let exit: ChildProcess.Exit
    let output: [String]
    let errors: [String]
    let seconds: Double

    /// The last JSON line: the session, or why there is none.
    var last: JSONValue {
        get throws { try JSONValue(parsing: try #require(output.last, "\(self)")) }
    }

    /// The session of a command that was waited for, as docs/command-line.md describes it.
    var session: SessionLine {
        get throws {
            let line = try last
            try #require(line["type"]?.string == "session", "\(self)")
            return SessionLine(json: line)
        }
    }

    var description: String {
        (["sheaf \(arguments.joined(separator: " ")) ended with \(exit) after \(seconds) s"] + output.suffix(3)
            + errors.suffix(10))
            .joined(separator: "\n")
    }
}

/// The last line of `--wait --output json`.
struct SessionLine: Sendable {
    let json: JSONValue

    var id: String { json["id"]?.string ?? "" }
    var phase: String { json["phase"]?.string ?? "" }
    var error: String { json["error"]?.string ?? "" }
    var snapshot: String? { json["snapshot"]?.string }
    var documents: Int { json["documents"]?.int ?? -1 }
    /// Types of the conditions, without the plan's notes.
    var conditions: [String] {
        (json["conditions"]?.array ?? []).compactMap { $0["type"]?.string }.filter { $0 != "Note" }
    }
    var seconds: Double { json["seconds"]?.double ?? 0 }
    var partsByWorker: [String: Int] {
        Dictionary(uniqueKeysWithValues: (json["partsByWorker"]?.members ?? []).map { ($0.name, $0.value.int ?? 0) })
    }
    /// Documents of each index.
    var indices: [String: Int] {
        Dictionary(
            uniqueKeysWithValues: (json["indices"]?.array ?? []).map { ($0["name"]?.string ?? "", $0["documents"]?.int ?? -1) })
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
