import Glibc
import HTTP
import Messages
import Runtime
import Sessions

/// Runs one hook or one step of a session, and tells what came of it. Blocking.
struct HookRunner {
    let action: SessionAction
    let command: SessionCommand
    /// 1 for the first try of a message; above it, the hook may have run before.
    let attempt: Int
    /// The worker's `--hooks`; nil: it runs no programs.
    let folder: String?
    /// The longest that a hook may take.
    let limit: Duration
    let mask: SecretMask

    /// - Returns: a report of a hook that failed, too: what a hook does wrong is no error of the worker.
    /// - Throws: what the guard throws; `WorkerError(.missingHere)` for what another worker may have.
    func run(_ summary: HookSummary, _ guardian: HookGuard) throws -> HookReport {
        var guardian = guardian
        let result: Result<String, Failure>
        do {
            result = .success(
                try perform(try HookAction(action.hook, summary, target: command.target), &guardian))
        } catch let error as Failure {
            result = .failure(error)
        } catch let error as WorkerError where error.code == .refused {
            result = .failure(Failure(message: error.message))
        } catch let error as RuntimeError {
            result = .failure(Failure(message: error.message))
        }
        switch result {
        case .success(let message): return report(true, message)
        case .failure(let failure): return report(false, failure.message)
        }
    }

    /// What a hook did wrong, in words behind its name.
    private struct Failure: Error {
        let message: String
    }

    private func report(_ succeeded: Bool, _ message: String) -> HookReport {
        HookReport(
            succeeded: succeeded, message: mask.masked("\(action.title)\(succeeded ? "" : " failed"): \(message)"),
            finishedAt: .now())
    }

    private func perform(_ action: HookAction, _ guardian: inout HookGuard) throws -> String {
        switch action {
        case .program(let name, let arguments): return try run(name, arguments, &guardian)
        case .request(let request): return try send(request, &guardian)
        case .connection(let host, let port):
            let place = "port \(port) of \(host)"
            if let failure = try HookConnection(host: host, port: port).failure(check: { try guardian.check() }) {
                throw Failure(message: "no connection to \(place): \(failure)")
            }
            return "connected to \(place)"
        }
    }

    private func run(_ name: String, _ arguments: [String], _ guardian: inout HookGuard) throws -> String {
        guard let folder else {
            throw WorkerError(
                .missingHere,
                "this worker runs no programs: start every worker with --hooks FOLDER (SHEAF_HOOKS), the folder that holds \(name)"
            )
        }
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        let process = HookProcess(
            program: try HookFolder(path: folder).program(name), name: "\(folder)/\(name)", arguments: arguments,
            environment: ["PATH": path, "SHEAF_SESSION": command.id.text, "SHEAF_ATTEMPT": "\(attempt)"]
                .merging(action.variables) { own, _ in own },
            folder: folder)
        let (end, output) = try process.run(limit: limit) { try guardian.check() }
        let said = mask.tail(of: output.bytes, isBeginCut: output.isCut).map { "; it wrote: \($0)" } ?? "; it wrote nothing"
        switch end {
        case .code(0): return "\(name) ended with code 0"
        case .code(let code): throw Failure(message: "\(name) ended with code \(code)\(said)")
        case .signal(let signal): throw Failure(message: "\(name) was ended by signal \(signal)\(said)")
        case .overtime: throw Failure(message: "\(name) was killed after \(limitText)\(said)")
        }
    }

    private func send(_ request: HookRequest, _ guardian: inout HookGuard) throws -> String {
        var headers: HTTPHeaders = [:]
        for header in request.headers { headers.append(name: header.name, value: header.value) }
        headers["Sheaf-Session"] = command.id.text
        headers["Sheaf-Attempt"] = "\(attempt)"
        let sent = HTTPRequest(
            method: request.method, url: request.url, headers: headers, body: request.body.map { .bytes(Array($0.utf8)) } ?? .none
        )
        let client = try HTTPClient(configuration: configuration(of: request, guardian), isCancelled: guardian.isInterrupted)
        while true {
            do {
                let response = try client.send(sent)
                let place = "\(request.method) \(Self.printable(request.url))"
                guard (200..<400).contains(response.status) else {
                    let said =
                        mask.tail(of: response.body, isEndCut: response.body.count >= Self.keptBody).map { ": \($0)" } ?? ""
                    throw Failure(message: "\(place) was answered \(response.status)\(said)")
                }
                return "\(place) was answered \(response.status)"
            } catch let error as HTTPError where error.code == .cancelled {
                // A hint may be wrong; then the request is sent again.
                try guardian.check(looks: true)
            } catch let error as HTTPError {
                try guardian.check()
                throw Failure(message: error.message)
            }
        }
    }

    private func configuration(of request: HookRequest, _ guardian: HookGuard) -> HTTPClientConfiguration {
        // A second more than the session has, so that its end is past when the request's is.
        let limit = min(limit, guardian.secondsLeft().map { .seconds($0 + 1) } ?? limit)
        var configuration = HTTPClientConfiguration(
            stallTimeout: limit, totalTimeout: limit, maximumBodyBytes: Self.keptBody, settings: .hook)
        configuration.cutsBodies = true
        if request.isToTarget {
            let target = command.target.spec.clientConfig
            configuration.tls = .init(
                caBundle: target.caBundle.map { Array($0) }, serverName: target.serverName,
                insecureSkipTLSVerify: target.insecureSkipTLSVerify)
            configuration.settings = .appBinding
        }
        return configuration
    }

    /// Bytes of an answer that are read.
    private static let keptBody = 64 << 10

    /// A query may hold a token.
    private static func printable(_ url: String) -> String { String(url.prefix { $0 != "?" && $0 != "#" }) }

    private var limitText: String { "\(limit), the longest that a hook may take (--hook-limit)" }
}

extension SessionAction {
    /// What tells a program as which of them it runs.
    fileprivate var variables: [String: String] {
        switch self {
        case .hook(_, let slot): ["SHEAF_HOOK": slot.rawValue]
        case .step(let step, let task): ["SHEAF_FUNCTION": step.function, "SHEAF_TASK": task]
        }
    }
}
