import Glibc
import Runtime

/// The one folder whose files a worker runs as hooks (`--hooks`).
struct HookFolder {
    let path: String

    /// The file behind the name, with every link followed.
    ///
    /// - Parameter name: a plain name, as `Hook.Exec.problem(ofProgram:)` lets through.
    /// - Throws: `WorkerError` that says what to change: `.missingHere` for what other workers may have.
    func program(_ name: String) throws(WorkerError) -> String {
        guard let folder = Self.resolved(path) else {
            throw WorkerError(.missingHere, "the worker's folder of hooks \(path) cannot be opened: \(errorText(errno))")
        }
        guard let program = Self.resolved("\(folder)/\(name)") else {
            throw WorkerError(
                .missingHere,
                "the worker's folder of hooks \(path) has no \(name): \(errorText(errno)); put it there on every worker"
            )
        }
        guard program.hasPrefix(folder == "/" ? folder : folder + "/") else {
            throw WorkerError(
                .refused, "\(name) is a link that leads out of the worker's folder of hooks \(path); copy the file there")
        }
        var status = stat()
        guard stat(program, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw WorkerError(.missingHere, "\(name) in the worker's folder of hooks \(path) is no file that could be run")
        }
        guard access(program, X_OK) == 0 else {
            throw WorkerError(
                .missingHere, "\(name) in the worker's folder of hooks \(path) may not be executed by the worker; chmod +x")
        }
        return program
    }

    private static func resolved(_ path: String) -> String? {
        guard let text = realpath(path, nil) else { return nil }
        defer { free(text) }
        return String(cString: text)
    }
}
