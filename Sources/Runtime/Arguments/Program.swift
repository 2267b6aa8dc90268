import Glibc

/// The process around a command: its words in, its texts and exit code out.
package enum Program {
    /// Runs what the process was called with and ends it. `main` needs nothing else.
    package static func run(_ root: any AsyncCommand.Type) async -> Never {
        let code = await exitCode(
            of: root, words: Array(CommandLine.arguments.dropFirst()), environment: environment,
            output: { write($0, to: STDOUT_FILENO) }, complaint: { write($0, to: STDERR_FILENO) })
        exit(code.rawValue)
    }

    /// The same without the process: texts go to the closures.
    package static func exitCode(
        of root: any AsyncCommand.Type, words: [String], environment: [String: String], output: (String) -> Void,
        complaint: (String) -> Void
    ) async -> ExitCode {
        let name = root.configuration.name
        do {
            try TerminationSignal.ignoreBrokenPipes()
            switch try CommandParser(root, environment: environment).parse(words) {
            case .run(let command, let arguments): try await command.init(arguments).run()
            case .help(let text): output(text)
            case .version(let version): output("\(name) \(version)\n")
            case .missingCommand(let text):
                complaint(text)
                return .usage
            }
            return .done
        } catch let code as ExitCode {
            return code
        } catch let error as UsageError {
            let command = error.command ?? name
            complaint("\(command): \(error.message)\nTry \"\(command) --help\".\n")
            return .usage
        } catch {
            complaint("\(name): \(error)\n")
            return (error as? any ExitCodeProviding)?.exitCode ?? .failed
        }
    }

    /// The variables of this process.
    package static var environment: [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }

    private static func write(_ text: String, to file: CInt) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            // A reader that is gone (`| head`) wants no more.
            guard count > 0 || errno == EINTR else { return }
            rest = rest.dropFirst(max(0, count))
        }
    }
}
