import Console
import Runtime

/// Where a command says what it has to say, in the format that was asked for.
struct CommandOutput: Sendable {
    let format: OutputFormat

    init(_ arguments: ParsedArguments) throws {
        format = try OutputFormat(arguments)
    }

    /// A result: on standard output, in text only.
    func line(_ text: String) {
        if format == .text { Terminal.write(text + "\n") }
    }

    func lines(_ lines: [String]) {
        if !lines.isEmpty { line(lines.joined(separator: "\n")) }
    }

    /// A result: on standard output, in JSON only.
    func object(_ value: @autoclosure () throws -> JSONValue) rethrows {
        if format == .json { Terminal.write(try value().serialized() + "\n") }
    }

    /// Something to know beside the results: always on standard error.
    func note(_ text: String) { Terminal.writeError("sheaf: \(text)\n") }

    /// Runs a command's work and, in JSON, tells its error as the last line too.
    func reporting(_ body: () async throws -> Void) async throws {
        do {
            try await CommandError.naming(body)
        } catch let failure as CommandError {
            object(["type": "error", "code": .string(failure.code.rawValue), "message": .string(failure.message)])
            throw failure
        }
    }
}
