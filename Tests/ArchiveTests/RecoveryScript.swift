import FoundationEssentials
import Glibc

/// Runs recover.py, the reader in Python that knows only docs/repository-format.md.
struct RecoveryScript {
    static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    static let path = "\(root)/Sources/Archive/Recovery/recover.py"
    static let isReady =
        getenv("CI").map { String(cString: $0) } == "true"
        || system("python3 -c 'import zstandard, cryptography' 2>/dev/null") == 0
    static let requirement = "run with python3 -m pip install zstandard cryptography"

    /// The folder that holds `FORMAT`.
    let repository: String
    var password: String?

    struct Result {
        /// 0 whole, 1 damage, 2 refused, 3 wrong password.
        let status: Int32
        let output: String
        let errors: String
    }

    func run(_ arguments: String...) throws -> Result {
        let files = ["output", "errors", "password"].map {
            "\(FileManager.default.temporaryDirectory.path)/recover-\(UUID().uuidString)-\($0)"
        }
        defer { for file in files { unlink(file) } }
        var words = ["python3", Self.path, repository] + arguments
        if let password {
            try Data("\(password)\r\n\n".utf8).write(to: URL(filePath: files[2]))
            words += ["--password-file", files[2]]
        }
        let command = words.map { "'\($0)'" }.joined(separator: " ")
        let status = system("env -u SHEAF_PASSWORD -u RESTIC_PASSWORD \(command) >'\(files[0])' 2>'\(files[1])'")
        return Result(
            status: (status >> 8) & 0xFF, output: String(decoding: try Data(contentsOf: URL(filePath: files[0])), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: URL(filePath: files[1])), as: UTF8.self))
    }
}
